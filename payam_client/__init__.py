"""Payam's client for Python, asynchronous. `Payam` is where to begin."""

from payam_client.backoff import Backoff
from payam_client.conversation import Conversation
from payam_client.errors import ConversationClosed, PayamError
from payam_client.events import (
    Ack,
    AnyEvent,
    AttachmentAdded,
    ConversationUpdated,
    MessageDeleted,
    MessageEdited,
    MessageRead,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    Reset,
    Resumed,
    TicketUpdated,
    UserTyping,
)
from payam_client.payam import Payam
from payam_client.records import (
    Attachment,
    ConversationRecord,
    Me,
    Message,
    SupportTicket,
    User,
)
from payam_client.tokens import Tokens

__all__ = [
    "Ack",
    "AnyEvent",
    "Attachment",
    "AttachmentAdded",
    "Backoff",
    "Conversation",
    "ConversationClosed",
    "ConversationRecord",
    "ConversationUpdated",
    "Me",
    "Message",
    "MessageDeleted",
    "MessageEdited",
    "MessageRead",
    "MessageSent",
    "ParticipantJoined",
    "ParticipantLeft",
    "Payam",
    "PayamError",
    "Reset",
    "Resumed",
    "SupportTicket",
    "TicketUpdated",
    "Tokens",
    "User",
    "UserTyping",
]
