"""The tables, as Peewee models. Migrations make them, and a test compares the two.

Statements on the hot path are SQL text beside their functions; the models build the others. Times
are microseconds since 1970.
"""

from chat.store.models.accounts import (
    Act,
    Block,
    Erasure,
    Guest,
    Report,
    TokenFamily,
    User,
)
from chat.store.models.changes import (
    Change,
    Clock,
    History,
    Incarnation,
    Touched,
)
from chat.store.models.conversations import (
    Conversation,
    Deletion,
    DirectConversation,
    Invite,
    Participant,
)
from chat.store.models.desk import (
    CannedResponse,
    Desk,
    DeskAgent,
    Note,
    SupportTicket,
    TicketStep,
)
from chat.store.models.followers import (
    Device,
    Duty,
    Follower,
    Notice,
    Position,
    SearchText,
    Webhook,
)
from chat.store.models.imports import (
    Import,
    ImportNote,
    ImportUnread,
)
from chat.store.models.messages import (
    Attachment,
    IdempotencyKey,
    Mention,
    Message,
    Pin,
    Reaction,
    ReactionCount,
    ResumableUpload,
)

TABLES = (
    User,
    TokenFamily,
    Conversation,
    Participant,
    Message,
    Attachment,
    ResumableUpload,
    SupportTicket,
    Invite,
    Change,
    History,
    DirectConversation,
    IdempotencyKey,
    Pin,
    Mention,
    Reaction,
    ReactionCount,
    SearchText,
    Touched,
    Clock,
    Incarnation,
    Follower,
    Position,
    Duty,
    Device,
    Notice,
    Webhook,
    Import,
    ImportNote,
    ImportUnread,
    Erasure,
    Block,
    Report,
    Note,
    CannedResponse,
    TicketStep,
    Act,
    Deletion,
    Guest,
    Desk,
    DeskAgent,
)
