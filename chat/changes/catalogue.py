"""Every family of changes there is: what takes a change number is here, or does not exist."""

from chat.changes import attachments, conversations, messages, participants, support_tickets
from chat.changes.family import Family, name_of
from chat.events import ChangeFrame

FAMILIES: tuple[Family, ...] = (
    messages.FAMILY,
    attachments.FAMILY,
    participants.FAMILY,
    conversations.FAMILY,
    support_tickets.FAMILY,
)
EXAMPLES: tuple[ChangeFrame, ...] = tuple(
    example for family in FAMILIES for example in family.examples
)
FRAMES: tuple[type[ChangeFrame], ...] = tuple(type(example) for example in EXAMPLES)
NAMES: tuple[str, ...] = tuple(name_of(frame) for frame in FRAMES)
"""Each kind's name, which is the `type` of its frame."""
