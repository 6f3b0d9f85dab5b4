"""The bodies of requests, each field with its type; what else a client sends is ignored.

Lengths and other rules are the services' business, the same over HTTP and websocket.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class Credentials(Struct):
    username: str
    password: str


class RefreshToken(Struct):
    refresh: str


class NewConversation(Struct):
    participants: list[Id]
    title: str = ""


class Title(Struct):
    title: str


class NewParticipant(Struct):
    user_id: Id


class ReadUpTo(Struct):
    message_id: Id


class NewMessage(Struct):
    content: str
    client_id: str | None = None


class EditedMessage(Struct):
    content: str


class NewTicket(Struct):
    subject: str
    priority: str = "normal"


class TicketChanges(Struct):
    """What is not there stays as it is; `assigned_to` null takes the ticket from its assignee."""

    subject: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    priority: str | UnsetType = UNSET
    assigned_to: Id | UnsetType | None = UNSET
