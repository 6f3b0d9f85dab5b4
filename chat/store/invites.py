"""Links by which people come into a conversation."""

import secrets
from typing import Any

from msgspec import Struct

from chat import records
from chat.records import User
from chat.store.database import Reads, Row, Transaction
from chat.times import now, to_text

CODE_BYTES = 16
"""Random bytes of a code: nobody guesses one."""

COLUMNS = """
    i.conversation_id, i.id, i.code, i.created_at, i.expires_at, i.max_uses, i.uses,
    u.id, u.username
"""
SELECT = f"SELECT {COLUMNS} FROM invites AS i JOIN users AS u ON u.id = i.created_by"  # noqa: S608 - of ours


class Stored(Struct, frozen=True):
    """A link, and the conversation that it leads to."""

    conversation_id: int
    invite: records.Invite
    has_ended: bool
    is_used_up: bool


def stored(row: Row) -> Stored:
    conversation_id, id_, code, created_at, expires_at, max_uses, uses, *creator = row
    return Stored(
        conversation_id,
        records.Invite(
            id_,
            code,
            User(*creator),
            to_text(created_at),
            None if expires_at is None else to_text(expires_at),
            max_uses,
            uses,
        ),
        expires_at is not None and expires_at <= now(),
        max_uses is not None and uses >= max_uses,
    )


async def add(
    transaction: Transaction,
    conversation_id: int,
    user_id: int,
    expires_at: int | None,
    max_uses: int | None,
) -> int:
    values: tuple[Any, ...] = (conversation_id, secrets.token_urlsafe(CODE_BYTES), user_id, now())
    rows = await transaction.fetch(
        """
        INSERT INTO invites (conversation_id, code, created_by, created_at, expires_at, max_uses)
        VALUES (?, ?, ?, ?, ?, ?) RETURNING id
        """,
        (*values, expires_at, max_uses),
    )
    return int(rows[0][0])


async def one(reads: Reads, conversation_id: int, invite_id: int) -> Stored | None:
    rows = await reads.fetch(
        f"{SELECT} WHERE i.conversation_id = ? AND i.id = ?", (conversation_id, invite_id)
    )
    return stored(rows[0]) if rows else None


async def by_code(reads: Reads, code: str) -> Stored | None:
    rows = await reads.fetch(f"{SELECT} WHERE i.code = ?", (code,))
    return stored(rows[0]) if rows else None


async def of_conversation(reads: Reads, conversation_id: int) -> list[records.Invite]:
    """The newest first."""
    rows = await reads.fetch(
        f"{SELECT} WHERE i.conversation_id = ? ORDER BY i.id DESC", (conversation_id,)
    )
    return [stored(row).invite for row in rows]


async def count_one(transaction: Transaction, invite_id: int) -> None:
    """One more has come by it. The conversation's lock is held, and the link was looked at."""
    await transaction.execute("UPDATE invites SET uses = uses + 1 WHERE id = ?", (invite_id,))


async def remove(transaction: Transaction, conversation_id: int, invite_id: int) -> bool:
    """Returns whether it was there."""
    return bool(
        await transaction.execute(
            "DELETE FROM invites WHERE conversation_id = ? AND id = ?",
            (conversation_id, invite_id),
        )
    )


async def lead_to(reads: Reads, conversation_id: int) -> tuple[str, int]:
    """What somebody sees of the conversation before they join: title and number of participants."""
    ((title, count),) = await reads.fetch(
        "SELECT title, participant_count FROM conversations WHERE id = ?", (conversation_id,)
    )
    return title, count
