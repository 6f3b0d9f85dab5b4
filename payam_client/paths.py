"""The paths of the server, and the decoding of answers into records."""

from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from payam_client.errors import PayamError

Record = TypeVar("Record")


def once(key: str | None) -> dict[str, str]:
    """The header by which the server makes a thing once."""
    return {} if key is None else {"Idempotency-Key": key}


def parse(answer: bytes, kind: type[Record]) -> Record:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise PayamError(f"The server's answer is not Payam's: {error}") from error


def query(path: str, **parameters: str | int | None) -> str:
    return f"{path}?{urlencode({k: v for k, v in parameters.items() if v is not None})}"


def of(id_: int) -> str:
    """The path of a conversation."""
    return f"/api/conversations/{id_}/"


def ticket_at(ticket_id: int) -> str:
    """The path of a ticket."""
    return f"/api/support_tickets/{ticket_id}/"


def invite_at(code: str) -> str:
    """The path of an invite link."""
    return f"/api/invites/{quote(code, safe='')}/"


def reaction_at(id_: int, message_id: int, emoji: str) -> str:
    """The path of one's own reaction to a message."""
    return f"{of(id_)}messages/{message_id}/reactions/{quote(emoji, safe='')}/"


def files_of(id_: int, message_id: int) -> str:
    return f"{of(id_)}messages/{message_id}/attachments/"
