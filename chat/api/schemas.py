"""The bodies of requests, each field with its type; what else a client sends is ignored.

Lengths and other rules are the services' business, the same over HTTP and websocket.
"""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from chat import records
from chat.records import Priority, Status
from chat.services.fields import (
    AnyUsername,
    Content,
    Id,
    Ids,
    Key,
    Password,
    Subject,
    Title,
    Username,
    said,
)


class NewUser(Struct):
    username: Username
    password: Password


class Credentials(Struct):
    username: AnyUsername
    password: Annotated[str, said(format="password")]


class RefreshToken(Struct):
    refresh: str


class NewConversation(Struct):
    """`participants` are ids of users; the caller's is not needed."""

    participants: Ids
    title: Title = ""


class NewTitle(Struct):
    title: Title


class NewParticipant(Struct):
    """Either of the two."""

    user_id: Id | UnsetType = UNSET
    user_ids: Ids | UnsetType = UNSET


class ReadUpTo(Struct):
    message_id: Id


class NewMessage(Struct):
    content: Content
    client_id: Key | None = None


class NewContent(Struct):
    content: Content


class NewTicket(Struct):
    subject: Subject
    priority: Priority = "normal"


class TicketChanges(Struct):
    """What is not there stays as it is; `assigned_to` null takes the ticket from its assignee."""

    subject: Subject | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assigned_to: Id | UnsetType | None = UNSET


class NewAssignee(Struct):
    """`user_id` is a member of staff, or null for nobody."""

    user_id: Id | None


class FileForm(Struct):
    """The first part named `file` is stored; it needs a file name."""

    file: Annotated[str, said("At most `ATTACHMENT_MAX_SIZE` bytes.", format="binary")]


class Me(records.User, frozen=True):
    is_staff: bool


class Health(Struct):
    """`missing` names what cannot serve: `database`, `relay`, `writer`, or the whole `worker`."""

    status: Annotated[str, said(enum=("live", "ready", "not ready"))]
    missing: list[str] | UnsetType = UNSET
