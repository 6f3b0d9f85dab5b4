"""payam migrate | seed | doctor | restored | search rebuild | attachments move"""

import argparse
import sys
from time import time
from typing import Any

from chat.changes import catalogue
from chat.commands import Progress, Said, group, leaf
from chat.commands.working import announcing
from chat.errors import PayamError
from chat.payam import Payam
from chat.services import history, seeding
from chat.store import doctor, duties, moving, schema, search_doctor, search_rebuild
from chat.store.drift import Drift
from chat.store.followers import REBUILD
from config.errors import SettingsError


def install(commands: Any) -> None:
    bring_up = leaf(commands, "migrate", migrate, "Bring the database to the present schema.")
    bring_up.add_argument(
        "--partitions",
        type=int,
        metavar="N",
        help="keep messages in N partitions (PostgreSQL, before there are messages)",
    )
    bring_up.add_argument(
        "--citus",
        action="store_true",
        help="experimental: divide conversations among the servers of a Citus cluster"
        " (before there are conversations); docs/scaling.md says what was not tried",
    )
    fill = leaf(commands, "seed", seed, "Fill an empty database, for load tests.")
    fill.add_argument("--users", type=int, required=True, metavar="N")
    fill.add_argument("--conversations", type=int, required=True, metavar="M")
    fill.add_argument("--members", type=int, required=True, metavar="K")
    fill.add_argument("--password", help="of every user; without it nobody can sign in")
    heal = leaf(commands, "doctor", examine, "Compare what is derived with what it derives from.")
    heal.add_argument("--repair", action="store_true", help="mend what differs")
    index = leaf(
        commands,
        "search",
        rebuild_search,
        "Make what search looks in anew; serving may go on.",
    )
    index.add_argument("action", choices=["rebuild"], help="go on with it where it was interrupted")
    moves = leaf(
        group(commands, "attachments", "Look after the files of attachments."),
        "move",
        move_attachments,
        "Move all files to the bucket of ATTACHMENT_STORAGE, or to the disk.",
    )
    moves.add_argument("place", choices=("s3", "disk"))
    leaf(commands, "restored", restored, "Say that the database was put back to an older state.")


EXPERIMENTAL = "payam: Citus is experimental: docs/scaling.md says what was not tried there"


async def migrate(payam: Payam, options: argparse.Namespace) -> Said:
    applied = await schema.migrate(payam.database, options.partitions, divide=options.citus)
    text = f"applied {', '.join(applied)}" if applied else "nothing to apply"
    if options.citus:
        print(EXPERIMENTAL, file=sys.stderr)
    return Said(text, {"applied": applied})


async def seed(payam: Payam, options: argparse.Namespace) -> Said:
    await seeding.seed(
        payam.database,
        payam.passwords,
        users=options.users,
        conversations=options.conversations,
        members=options.members,
        password=options.password,
    )
    made = {"users": options.users, "conversations": options.conversations + 1}
    return Said(f"{made['users']} users, {made['conversations']} conversations", made)


async def examine(payam: Payam, options: argparse.Namespace) -> Said:
    drifts = await doctor.examine(
        payam.database, payam.files, catalogue.LOGGED, catalogue.ENTRIES, payam.index
    )
    of_search = await examine_search(payam)
    lines = [drift.what for drift in [*drifts, *of_search]]
    found = "\n".join(lines)
    if not lines:
        return Said("nothing has drifted", {"drifted": [], "mended": 0})
    if not options.repair:
        raise PayamError(f"{len(lines)} things have drifted; --repair mends them\n{found}")
    await doctor.mend(payam.database, drifts, payam.files)
    await doctor.mend(payam.index, of_search)
    return Said(f"{found}\nmended {len(lines)}", {"drifted": lines, "mended": len(lines)})


REBUILDING = "payam: search is not compared, because its index is being made anew"


async def examine_search(payam: Payam) -> list[Drift]:
    """Nothing while a rebuild runs: what it has not reached yet may differ, and it mends that."""
    is_rebuilt = await duties.is_taken(payam.database, REBUILD)
    drifts = [] if is_rebuilt else await search_doctor.examine(payam.index)
    if is_rebuilt or (drifts and await duties.is_taken(payam.database, REBUILD)):
        print(REBUILDING, file=sys.stderr)
        return []
    return drifts


REBUILD_SECONDS = 10.0
"""For so long nobody else begins after one was killed."""


async def rebuild_search(payam: Payam, _: argparse.Namespace) -> Said:
    progress = Progress("messages done")
    async with duties.alone(payam.database, REBUILD, REBUILD_SECONDS):
        async for count in search_rebuild.rebuild(payam.index):
            progress.step(count)
    progress.end()
    return Said(f"search looks in {progress.done:,} messages anew", {"messages": progress.done})


async def move_attachments(payam: Payam, options: argparse.Namespace) -> Said:
    bucket = payam.files.bucket
    if bucket is None:
        raise SettingsError("ATTACHMENT_STORAGE: names the bucket, as s3://bucket/prefix")
    payam.files.prepare(time())

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    to_bucket = options.place == "s3"
    done = await moving.move(payam.database, payam.files, bucket, say, to_bucket=to_bucket)
    lost = f"; {done.missing} are in neither place, see `doctor`" if done.missing else ""
    return Said(
        f"moved {done.moved} of {done.seen} files{lost}",
        {"moved": done.moved, "seen": done.seen, "missing": done.missing},
    )


async def restored(payam: Payam, _: argparse.Namespace) -> Said:
    await payam.history.open()
    async with announcing(payam):  # a node that does not hear it finds the new epoch by itself
        begun = await payam.services.deployment.restored(None)
    within = f"servers that run notice within {history.LOOK_SECONDS:.0f} seconds"
    return Said(f"the epoch is now {begun.epoch}; {within}", begun)
