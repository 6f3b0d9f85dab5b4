"""What happened: all that services hand to realtime.

A `Change` is durable before it becomes an event, and carries the conversation's change
number. A `Passing` is stored nowhere, and whoever is not there misses it.
"""

from msgspec import Struct

from chat.records import Attachment, SupportTicket, User


class Event(Struct, frozen=True):
    conversation_id: int


class Change(Event, frozen=True):
    seq: int


class MessageSent(Change, frozen=True):
    """The flags are for who learns of it late, with the content it has by then."""

    id: int
    sender: str
    content: str
    timestamp: str
    is_edited: bool = False
    is_deleted: bool = False
    by_agent: bool = False


class MessageEdited(Change, frozen=True):
    id: int
    content: str


class MessageDeleted(Change, frozen=True):
    id: int


class AttachmentAdded(Change, frozen=True):
    attachment: Attachment


class ParticipantJoined(Change, frozen=True):
    participant: User


class ParticipantLeft(Change, frozen=True):
    participant: User


class ConversationUpdated(Change, frozen=True):
    """It has a new title."""

    title: str


class TicketUpdated(Change, frozen=True):
    ticket: SupportTicket


class Reached(Event, frozen=True):
    """The conversation has come at least as far as `seq`; who is behind should look."""

    seq: int


class Passing(Event, frozen=True):
    """`username` and `user_id` are of who did it."""

    username: str
    user_id: int


class Typing(Passing, frozen=True):
    is_typing: bool


class MessageRead(Passing, frozen=True):
    """`origin` is the socket that it came from, or None; nobody but realtime knows what it is."""

    message_id: int
    origin: object = None


class FamilyRevoked(Struct, frozen=True):
    """Every token that came from one sign-in has stopped working."""

    family: str
