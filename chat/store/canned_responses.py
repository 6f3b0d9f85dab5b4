"""The stored answers of staff."""

from msgspec import UNSET, UnsetType

from chat import records
from chat.store.database import Reads, Row, Transaction
from chat.times import now, to_text

SELECT = """
    SELECT r.id, r.title, r.content, r.created_by, u.username, r.created_at, r.updated_at
    FROM canned_responses AS r JOIN users AS u ON u.id = r.created_by
"""


def from_row(row: Row) -> records.CannedResponse:
    id_, title, content, by, name, created, updated = row
    return records.CannedResponse(
        id=id_,
        title=title,
        content=content,
        created_by=records.User(by, name),
        created_at=to_text(created),
        updated_at=to_text(updated),
    )


async def page(reads: Reads, after: int, limit: int) -> list[records.CannedResponse]:
    """At most `limit` of them from behind this one, in the order of their ids."""
    rows = await reads.fetch(f"{SELECT} WHERE r.id > ? ORDER BY r.id LIMIT ?", (after, limit))
    return [from_row(row) for row in rows]


async def one(reads: Reads, id_: int) -> records.CannedResponse | None:
    rows = await reads.fetch(f"{SELECT} WHERE r.id = ?", (id_,))
    return from_row(rows[0]) if rows else None


async def create(transaction: Transaction, user_id: int, title: str, content: str) -> int:
    moment = now()
    ((id_,),) = await transaction.fetch(
        """
        INSERT INTO canned_responses (title, content, created_by, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?) RETURNING id
        """,
        (title, content, user_id, moment, moment),
    )
    return int(id_)


async def change(
    transaction: Transaction, id_: int, title: str | UnsetType, content: str | UnsetType
) -> None:
    for column, value in (("title", title), ("content", content)):
        if value is not UNSET:
            await transaction.execute(
                f"UPDATE canned_responses SET {column} = ?, updated_at = ? WHERE id = ?",  # noqa: S608 - of ours
                (value, now(), id_),
            )


async def delete(transaction: Transaction, id_: int) -> bool:
    return bool(await transaction.execute("DELETE FROM canned_responses WHERE id = ?", (id_,)))
