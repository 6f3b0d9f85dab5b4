"""Payam's asynchronous client for Python. Begin with `Payam`."""

from payam_client.account import Account
from payam_client.account_events import (
    AccountEvent,
    AccountReset,
    CaughtUp,
    ConversationCreated,
    ConversationRemoved,
    DeskTicketUpdated,
    PresenceChanged,
    SendingChanged,
    TicketCreated,
)
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
    MessagePinned,
    MessageRead,
    MessageSent,
    MessageUnpinned,
    ParticipantJoined,
    ParticipantLeft,
    ReactionAdded,
    ReactionRemoved,
    Reset,
    Resumed,
    TicketUpdated,
    UserTyping,
)
from payam_client.live_conversation import LiveConversation
from payam_client.message_store import StoredMessage
from payam_client.payam import Payam
from payam_client.records import (
    Attachment,
    ConversationRecord,
    Found,
    Invitation,
    Invite,
    Me,
    Member,
    Message,
    Parent,
    Participant,
    Presence,
    Reactions,
    SupportTicket,
    User,
)
from payam_client.sends import Sending
from payam_client.storage import FileStorage, MemoryStorage, Storage
from payam_client.tokens import Tokens

__version__ = "0.1.0"

__all__ = [
    "Account",
    "AccountEvent",
    "AccountReset",
    "Ack",
    "AnyEvent",
    "Attachment",
    "AttachmentAdded",
    "Backoff",
    "CaughtUp",
    "Conversation",
    "ConversationClosed",
    "ConversationCreated",
    "ConversationRecord",
    "ConversationRemoved",
    "ConversationUpdated",
    "DeskTicketUpdated",
    "FileStorage",
    "Found",
    "Invitation",
    "Invite",
    "LiveConversation",
    "Me",
    "Member",
    "MemoryStorage",
    "Message",
    "MessageDeleted",
    "MessageEdited",
    "MessagePinned",
    "MessageRead",
    "MessageSent",
    "MessageUnpinned",
    "Parent",
    "Participant",
    "ParticipantJoined",
    "ParticipantLeft",
    "Payam",
    "PayamError",
    "Presence",
    "PresenceChanged",
    "ReactionAdded",
    "ReactionRemoved",
    "Reactions",
    "Reset",
    "Resumed",
    "Sending",
    "SendingChanged",
    "Storage",
    "StoredMessage",
    "SupportTicket",
    "TicketCreated",
    "TicketUpdated",
    "Tokens",
    "User",
    "UserTyping",
]
