"""The declaration of a family of kinds."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import Struct

from chat.events import ChangeFrame
from chat.store.changes import Entry
from chat.store.database import Reads

Read = Callable[[Reads, Sequence[Entry]], Awaitable[dict[Entry, ChangeFrame]]]


class Family(Struct, frozen=True):
    """Kinds of changes of one subject, such as a message that is edited or deleted.

    A subject has at most one entry of the family in the log, the last one. Only of a ticket every
    step is kept, each as an entry.

    - `examples` has a frame of each kind, for the documents.
    - `read` returns the frames of entries of many conversations at once, without those whose
      subject is gone. A frame shows the present state of its subject.
    - `entries` is the SELECT of the entries that the log must have of the family: conversation,
      seq, kind and subject.
    - `message_of` returns the message whose JSON a change of the family changes, or None.
    - `kinds` are kinds of the log beside those of the examples, with frames of others.
    - `is_for_staff` says that nobody but staff learns of it.
    """

    examples: tuple[ChangeFrame, ...]
    read: Read
    entries: str
    message_of: Callable[[Any], int] | None = None
    kinds: tuple[str, ...] = ()
    is_for_staff: bool = False


def name_of(frame: ChangeFrame | type[ChangeFrame]) -> str:
    """The name of a kind: its `type` on the wire."""
    return str(frame.__struct_config__.tag)
