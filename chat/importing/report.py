"""What an import has done, in words."""

from collections.abc import AsyncIterator, Sequence

from msgspec import Struct

from chat.store import imports
from chat.store.database import Database

SHOWN = 50
"""Most notes that are printed; a file takes all."""
PAGE = 1_000
MEANINGS = {
    "names": "users have another name, or share how it reads",
    "passwords": "users have a password hash that Payam cannot check; they have no password now",
    "inactive": "users are not active; they have no password now",
    "senders": "messages have no sender any more; they stand in the name of one user for all",
    "files": "files are missing",
    "deleted": "files belong to deleted messages and were left out",
    "lost": "rows belong to nothing and were left out",
    "times": "times are missing, or could not be read",
    "tickets": "tickets have another status or priority",
    "cut": "titles or subjects were too long and were cut",
}


class Report(Struct, frozen=True):
    """`name` is that of the import. `summary` has a line for each thing."""

    name: str
    summary: Sequence[str]


async def report_of(database: Database, name: str) -> Report:
    lines = []
    for noun, step in (await imports.steps(database, name)).items():
        if noun in NOUNS:
            ids = f"ids moved by {step.shift}" if step.shift else "ids kept"
            lines.append((NOUNS.index(noun), f"{noun}: {step.done}, {ids}"))
    counts = await imports.kinds(database, name)
    found = [f"{count} {MEANINGS[kind]}" for kind, count in sorted(counts.items())]
    return Report(name, [*[line for _, line in sorted(lines)], *found])


NOUNS = ("users", "conversations", "messages", "attachments", "tickets")


async def notes(database: Database, name: str) -> AsyncIterator[str]:
    """All notes, in the order in which they came."""
    after = 0
    while page := await imports.notes(database, name, after, PAGE):
        for _, _, text in page:
            yield text
        after = page[-1][0]
