"""payam webhook add | list | test | pause | resume | remove | replay"""

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from chat.commands import Said, group, leaf, whole
from chat.errors import InvalidInput, PayamError
from chat.payam import Payam
from chat.records import Webhook
from chat.services.checks import text as checked

STDIN = "-"
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def install(commands: Any) -> None:
    """Add `webhook` and what it can do to the commands of the program."""
    verbs = group(commands, "webhook", "Send the changes of all conversations to other systems.")
    new = leaf(verbs, "add", add, "Add a webhook, and print its id and its secret.")
    new.add_argument("url", metavar="URL")
    new.add_argument("--events", default="", metavar="A,B", help="types of changes; without it all")
    new.add_argument(
        "--secret",
        help="whsec_… or whsk_…, or - to read it from standard input; without it a new one",
    )
    new.add_argument("--ed25519", action="store_true", help="sign with a key pair")
    new.add_argument("--no-batches", action="store_true", help="one change in each request, always")
    leaf(verbs, "list", list_all, "List the webhooks, and how they do.")
    for name, command, help_ in (
        ("test", test, "Send a test, and say how it went."),
        ("pause", pause, "Send nothing for now; what happens is sent afterwards."),
        ("resume", resume, "Go on where it was paused."),
        ("remove", remove, "Remove a webhook."),
        ("replay", replay, "Send once more what happened since a moment."),
    ):
        sub = leaf(verbs, name, command, help_)
        sub.add_argument("id", type=whole(0))
        if command is replay:
            sub.add_argument(
                "--since",
                required=True,
                metavar="MOMENT",
                help="like 2026-01-31T08:00:00Z, or 90m, 12h, 3d: so long ago",
            )


async def add(payam: Payam, options: argparse.Namespace) -> Said:
    webhook, _ = await payam.services.webhooks.add(
        None,
        options.url,
        events=[word.strip() for word in options.events.split(",")]
        if options.events.strip()
        else [],
        secret=sys.stdin.readline().strip() if options.secret == STDIN else options.secret,
        is_asymmetric=options.ed25519,
        batches=not options.no_batches,
    )
    lines = [f"webhook {webhook.id}"]
    if webhook.public_key is not None:
        lines.append(f"public key: {webhook.public_key}")
    return Said("\n".join([*lines, f"secret: {webhook.secret}"]), webhook)


async def list_all(payam: Payam, _: argparse.Namespace) -> Said:
    found = await payam.services.webhooks.list(None)
    return Said("\n".join(map(line_of, found)) or "no webhooks", found)


def line_of(webhook: Webhook) -> str:
    parts = [f"{webhook.id} {webhook.url}", ",".join(webhook.events) or "all events"]
    if webhook.status == "paused":
        parts.append(f"paused since {webhook.paused_at} ({webhook.paused_because})")
    elif webhook.status == "failing":
        parts.append(f"failing since {webhook.failing_since}")
    else:
        parts.append("working")
    if webhook.last_error is not None:
        parts.append(f"last error at {webhook.last_error_at}: {webhook.last_error}")
    if webhook.behind_conversations:
        behind = f"{webhook.behind_seconds:.0f} s behind"
        parts.append(f"{behind} in {webhook.behind_conversations} conversations")
    return "; ".join(parts)


async def test(payam: Payam, options: argparse.Namespace) -> Said:
    result = await payam.services.webhooks.test(None, options.id)
    if result.error is not None:
        raise PayamError(f"the test was not delivered: {result.error}")
    return Said(f"delivered: {result.status} in {result.seconds:.3f} s", result)


async def pause(payam: Payam, options: argparse.Namespace) -> Said:
    webhook = await payam.services.webhooks.change(None, options.id, is_paused=True)
    return Said(f"webhook {options.id} is paused", webhook)


async def resume(payam: Payam, options: argparse.Namespace) -> Said:
    webhook = await payam.services.webhooks.change(None, options.id, is_paused=False)
    return Said(f"webhook {options.id} goes on", webhook)


async def remove(payam: Payam, options: argparse.Namespace) -> Said:
    await payam.services.webhooks.remove(None, options.id)
    return Said(f"webhook {options.id} is removed", {"id": options.id})


async def replay(payam: Payam, options: argparse.Namespace) -> Said:
    count = await payam.services.webhooks.replay(None, options.id, moment_of(options.since))
    return Said(f"changes of {count} conversations are sent once more", {"conversations": count})


def moment_of(since: str) -> str:
    """The moment that `3d` means, or the text as it is."""
    match = re.fullmatch(r"([0-9]{1,5})([mhd])", since, re.ASCII)
    if match is None:
        if re.match(r"[0-9-]+T", since, re.ASCII | re.IGNORECASE) is None:
            raise InvalidInput(
                {"since": ["A moment like 2026-01-31T08:00:00Z, or 90m, 12h, 3d: so long ago."]}
            )
        return checked("since", since, most=100)
    ago = timedelta(**{UNITS[match[2]]: int(match[1])})
    try:
        return (datetime.now(UTC) - ago).isoformat()
    except OverflowError:
        raise InvalidInput({"since": ["Is before the first year."]}) from None
