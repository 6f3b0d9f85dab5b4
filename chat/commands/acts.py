"""payam acts: what staff did"""

import argparse
from typing import Any

from chat.commands import Said, leaf, whole
from chat.payam import Payam
from chat.records import Act

NEWEST = 100


def install(commands: Any) -> None:
    sub = leaf(commands, "acts", list_all, "List what staff did, the newest first.")
    sub.add_argument("--user", metavar="USER", help="only what was done to this user")
    sub.add_argument(
        "--limit", type=whole(1), default=NEWEST, metavar="N", help=f"{NEWEST} without it"
    )


async def list_all(payam: Payam, options: argparse.Namespace) -> Said:
    user_id = None
    if options.user is not None:
        user_id = await payam.services.accounts.named(options.user)
    found = await payam.services.acts.list(None, None, options.limit, user_id)
    return Said("\n".join(map(line_of, found)) or "nothing", found)


def line_of(act: Act) -> str:
    parts = [f"{act.at} {act.kind}"]
    parts += [f"user {act.user.id} ({act.user.username})"] if act.user else []
    parts += [f"conversation {act.conversation}"] if act.conversation else []
    parts += [f"message {act.message}"] if act.message else []
    parts += [act.detail] if act.detail else []
    parts.append(f"by {act.by.username}" if act.by else "by the operator")
    return "; ".join(parts)
