"""Every family of changes. Nothing else takes a `seq`."""

from chat.changes import (
    attachments,
    conversations,
    messages,
    notes,
    participants,
    pins,
    reactions,
    support_tickets,
)
from chat.changes.family import Family, name_of
from chat.events import ChangeFrame, MessageSent

FAMILIES: tuple[Family, ...] = (
    messages.FAMILY,
    notes.FAMILY,
    attachments.FAMILY,
    participants.FAMILY,
    conversations.FAMILY,
    support_tickets.FAMILY,
    pins.FAMILY,
    reactions.FAMILY,
)
EXAMPLES: tuple[ChangeFrame, ...] = tuple(
    example for family in FAMILIES for example in family.examples
)
FRAMES: tuple[type[ChangeFrame], ...] = tuple(type(example) for example in EXAMPLES)
NAMES: tuple[str, ...] = tuple(name_of(frame) for frame in FRAMES)
"""The name of each kind, which is the `type` of its frame."""
LOGGED: tuple[str, ...] = (
    *(name for name in NAMES if name != name_of(MessageSent)),
    *(kind for family in FAMILIES for kind in family.kinds),
)
"""The kinds that are in the log. A new message is not: its own row is its entry."""
FAMILY_OF: dict[str, Family] = {
    kind: family
    for family in FAMILIES
    for kind in (*(name_of(example) for example in family.examples), *family.kinds)
}
ENTRIES = " UNION ALL ".join(family.entries for family in FAMILIES)
"""The SELECT of all entries that the log must have."""


def message_of(frame: ChangeFrame) -> int | None:
    """The id of the message whose JSON this change changes; None if it changes none."""
    of_family = FAMILY_OF[name_of(frame)].message_of
    return None if of_family is None else of_family(frame)
