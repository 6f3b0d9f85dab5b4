"""Users as staff see them, and what staff change of them."""

from collections.abc import Sequence
from typing import Any

from chat import records
from chat.store.database import Reads, Row, Transaction
from chat.text.names import key_of
from chat.times import now, to_text

COLUMNS = "id, username, display_name, is_staff, created_at, last_seen_at, suspended_at, erased_at"
FIGURES = """
    SELECT
        (SELECT count(*) FROM participants WHERE user_id = ? AND is_active),
        (SELECT count(*) FROM token_families WHERE user_id = ? AND revoked_at IS NULL),
        (SELECT count(*) FROM devices WHERE user_id = ?),
        (SELECT count(*) FROM reports WHERE sender_id = ?)
"""
DEVICES = (
    "DELETE FROM notices WHERE device_id IN (SELECT id FROM devices WHERE user_id = ?)",
    "DELETE FROM devices WHERE user_id = ?",
)


def from_row(row: Row) -> records.Account:
    id_, username, display_name, is_staff, created, seen, suspended, erased = row
    return records.Account(
        id=id_,
        username=username,
        display_name=display_name,
        is_staff=bool(is_staff),
        created_at=to_text(created),
        last_seen=to_text(seen) if seen else None,
        suspended_at=None if suspended is None else to_text(suspended),
        erased_at=None if erased is None else to_text(erased),
    )


async def one(reads: Reads, user_id: int) -> records.Account | None:
    rows = await reads.fetch(f"SELECT {COLUMNS} FROM users WHERE id = ?", (user_id,))  # noqa: S608
    return from_row(rows[0]) if rows else None


async def figures(reads: Reads, user_id: int) -> records.AccountFigures:
    ((conversations, sign_ins, devices, reports),) = await reads.fetch(FIGURES, (user_id,) * 4)
    return records.AccountFigures(
        conversations=conversations, sign_ins=sign_ins, devices=devices, reports=reports
    )


async def page(
    reads: Reads,
    *,
    prefix: str,
    is_staff: bool | None,
    is_suspended: bool | None,
    after: int,
    limit: int,
) -> list[records.Account]:
    """Users behind the id `after`, by id, whose name begins with `prefix`."""
    conditions, parameters = ["id > ?"], list[Any]([after])
    if key := key_of(prefix):
        conditions.append(f"username_key >= ?{reads.binary} AND username_key < ?{reads.binary}")
        parameters += [key, key + "\U0010ffff"]
    if is_staff is not None:
        conditions.append("is_staff" if is_staff else "NOT is_staff")
    if is_suspended is not None:
        conditions.append(f"suspended_at IS {'NOT ' if is_suspended else ''}NULL")
    rows = await reads.fetch(
        f"SELECT {COLUMNS} FROM users WHERE {' AND '.join(conditions)} ORDER BY id LIMIT ?",  # noqa: S608 - of ours
        [*parameters, limit],
    )
    return [from_row(row) for row in rows]


async def suspend(transaction: Transaction, user_id: int) -> list[str] | None:
    """Returns the sign-ins that ended; None for a user who is suspended already, or erased."""
    changed = await transaction.execute(
        """
        UPDATE users SET suspended_at = ?
        WHERE id = ? AND suspended_at IS NULL AND erased_at IS NULL
        """,
        (now(), user_id),
    )
    return await end_sign_ins(transaction, user_id) if changed else None


async def unsuspend(transaction: Transaction, user_id: int) -> bool:
    return bool(
        await transaction.execute(
            "UPDATE users SET suspended_at = NULL WHERE id = ? AND suspended_at IS NOT NULL",
            (user_id,),
        )
    )


async def set_staff(transaction: Transaction, user_id: int, *, is_staff: bool) -> bool:
    """Returns whether it was otherwise before."""
    state = "NOT is_staff" if is_staff else "is_staff"
    return bool(
        await transaction.execute(
            f"UPDATE users SET is_staff = ? WHERE id = ? AND {state} AND erased_at IS NULL",  # noqa: S608
            (is_staff, user_id),
        )
    )


async def set_password(transaction: Transaction, user_id: int, made: str) -> Sequence[str] | None:
    """Returns the sign-ins that ended; None for an erased user."""
    changed = await transaction.execute(
        """
        UPDATE users SET password_hash = ?, password_rounds = NULL
        WHERE id = ? AND erased_at IS NULL
        """,
        (made, user_id),
    )
    return await end_sign_ins(transaction, user_id) if changed else None


async def end_sign_ins(transaction: Transaction, user_id: int) -> list[str]:
    """Revoke all sign-ins of the user, and forget all devices. Returns the sign-ins."""
    for statement in DEVICES:
        await transaction.execute(statement, (user_id,))
    rows = await transaction.fetch(
        """
        UPDATE token_families SET revoked_at = ?
        WHERE user_id = ? AND revoked_at IS NULL RETURNING id
        """,
        (now(), user_id),
    )
    return [family for (family,) in rows]
