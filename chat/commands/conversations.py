"""payam conversations show | delete | export, payam retention, payam stats"""

import argparse
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from chat.commands import Progress, Said, group, is_agreed, leaf, whole
from chat.commands.users import written
from chat.commands.working import at_work
from chat.errors import PayamError
from chat.payam import Payam
from chat.store.chores import DELETIONS


def install(commands: Any) -> None:
    verbs = group(commands, "conversations", "Look after conversations.")
    for name, command, what in (
        ("show", show, "Show what there is in a conversation."),
        ("delete", delete, "Delete a conversation, and all that is in it, for ever."),
        ("export", export, "Write everything of a conversation into a zip file."),
    ):
        sub = leaf(verbs, name, command, what)
        sub.add_argument("id", type=whole(0))
        if command is delete:
            sub.add_argument("--yes", action="store_true", help="do not ask")
        elif command is export:
            sub.add_argument("--output", metavar="FILE", help="a new file; conversation-<id>.zip")
    old = leaf(commands, "retention", retain, "Delete messages that are older than some days.")
    old.add_argument("--days", type=int, required=True, metavar="N")
    old.add_argument("--yes", action="store_true", help="do not ask")
    leaf(commands, "stats", stats, "Count users, conversations, messages and the rest.")


async def show(payam: Payam, options: argparse.Namespace) -> Said:
    found = await payam.services.oversight.show(None, options.id)
    title = f" {found.title!r}" if found.title else ""
    return Said(
        f"conversation {found.id}{title}, begun at {found.created_at} by"
        f" {found.created_by.username}\n{found.participants} participants;"
        f" {found.messages:,} messages; {found.files} files of {found.bytes:,} bytes;"
        f" {found.tickets} tickets; seq {found.seq}",
        found,
    )


async def delete(payam: Payam, options: argparse.Namespace) -> Said:
    """Delete to the end, or leave it to the server that does it."""
    oversight = payam.services.oversight
    found = await oversight.show(None, options.id)
    if not is_agreed(f"Delete conversation {found.id} of {found.messages} messages?", options):
        raise PayamError("Nothing was deleted.")
    progress = Progress("messages", found.messages)
    async with at_work(payam):
        await oversight.delete(None, found.id)
        await oversight.complete(found.id, progress.step)
    progress.end()
    is_done = not await DELETIONS.is_left(payam.database, found.id)
    text = "is deleted" if is_done else "is being deleted by a server"
    return Said(f"conversation {found.id} {text}", {"id": found.id, "is_done": is_done})


async def export(payam: Payam, options: argparse.Namespace) -> Said:
    path = Path(options.output or f"conversation-{options.id}.zip")
    await payam.services.oversight.show(None, options.id)
    size = await written(path, lambda: payam.services.oversight.export(None, options.id))
    return Said(
        f"wrote {size:,} bytes to {path}", {"id": options.id, "file": str(path), "size": size}
    )


async def retain(payam: Payam, options: argparse.Namespace) -> Said:
    if not is_agreed(f"Delete all messages older than {options.days} days?", options):
        raise PayamError("Nothing was deleted.")
    progress = Progress("messages deleted")
    async with at_work(payam):
        async for count in payam.services.oversight.retain(None, options.days):
            progress.step(count)
    progress.end()
    return Said(
        f"deleted {progress.done:,} messages that were older than {options.days} days",
        {"deleted": progress.done, "is_done": True},
    )


async def stats(payam: Payam, _: argparse.Namespace) -> Said:
    found = await payam.services.statistics.read(None)
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in asdict(found).items()]
    return Said("\n".join(lines), found)
