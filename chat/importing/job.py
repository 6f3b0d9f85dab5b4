"""One import: what is read, where it goes, and by which numbers ids move."""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

from chat.importing.layout import Layout
from chat.importing.source import Source
from chat.store.database import Database
from chat.store.files import Files


class Note(NamedTuple):
    """A note about something that could not be taken as it was. `user_id` is the new id of the user
    it concerns.
    """

    kind: str
    user_id: int | None
    text: str


class Job(NamedTuple):
    """`name` is the source's own, the same in every run. `shifts` has what each noun's ids move by.

    `media` is the folder of the source's files; None to leave files out. Times without a zone are
    of `zone`.
    """

    name: str
    source: Source
    layout: Layout
    database: Database
    files: Files
    media: Path | None
    zone: tzinfo
    shifts: dict[str, int]
    progress: Callable[[str], None]

    def new(self, noun: str, old: object) -> int | None:
        """The new id; None where the source has none."""
        return old + self.shifts[noun] if isinstance(old, int) else None


Notes = Sequence[Note]
