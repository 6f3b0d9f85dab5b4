"""Webhooks: which there are, and whether their receivers take what is sent.

Of the moments here the database's clock decides, so clocks of nodes may differ.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chat.store.database import Database, Reads, Row, Transaction

MICROSECONDS = 1_000_000
ASKED, GONE, FAILING = "asked", "gone", "failing"
"""Why a webhook is paused: staff did it, the receiver answered 410, it failed for too long."""
KEPT_OLD = 86_400 * MICROSECONDS
"""For how long requests are signed with the secret before this one too."""

COLUMNS = """id, url, events, batches, secret, CASE WHEN old_until > {moment} THEN old_secret END,
    created_at, paused_at, paused_because, failures, failing_since, try_at - {moment}, last_error,
    last_error_at, delivered_at"""
INSERT = """
    INSERT INTO webhooks (url, events, batches, secret, created_at)
    VALUES (?, ?, ?, ?, {moment}) RETURNING id
"""
ROTATE = """
    UPDATE webhooks SET old_secret = secret, secret = ?, old_until = {moment} + ?
    WHERE id = ? AND secret <> ?
"""
PAUSE = """
    UPDATE webhooks SET paused_at = {moment}, paused_because = ?
    WHERE id = ? AND paused_at IS NULL
"""
RESUME = """
    UPDATE webhooks SET paused_at = NULL, paused_because = NULL, failures = 0,
        failing_since = NULL, try_at = 0
    WHERE id = ? AND paused_at IS NOT NULL
"""
FORGIVE = """
    UPDATE webhooks SET failures = 0, failing_since = NULL, try_at = 0 WHERE id = ?
"""
DELIVERED = """
    UPDATE webhooks SET failures = 0, failing_since = NULL, try_at = 0, delivered_at = {moment}
    WHERE id = ?
"""
# Of attempts that were made at the same time the first one counts.
FAILED = """
    UPDATE webhooks SET failures = failures + 1, try_at = {moment} + ?,
        failing_since = coalesce(failing_since, {moment}),
        last_error = ?, last_error_at = {moment}
    WHERE id = ? AND failures = ?
"""
CLAIM = """
    UPDATE webhooks SET try_at = {moment} + ?
    WHERE id = ? AND paused_at IS NULL AND try_at <= {moment}
"""


class Webhook(Struct, frozen=True):
    """`events` are the kinds that are sent; without one, all are.

    `waits` is for how many seconds nothing is sent yet; it may be negative. Other times are in
    microseconds.
    """

    id: int
    url: str
    events: tuple[str, ...]
    batches: bool
    secret: str
    old_secret: str | None
    created_at: int
    paused_at: int | None
    paused_because: str | None
    failures: int
    failing_since: int | None
    waits: float
    last_error: str | None
    last_error_at: int | None
    delivered_at: int | None

    @property
    def follower(self) -> str:
        return follower_of(self.id)


def follower_of(webhook_id: int) -> str:
    return f"webhook:{webhook_id}"


def from_row(row: Row) -> Webhook:
    webhook = Webhook(*row)
    return replace(
        webhook,
        events=tuple(event for event in str(row[2]).split(",") if event),
        batches=bool(webhook.batches),
        waits=webhook.waits / MICROSECONDS,
    )


async def every(reads: Reads) -> list[Webhook]:
    """All of them, the oldest first."""
    columns = COLUMNS.format(moment=reads.moment)
    rows = await reads.fetch(f"SELECT {columns} FROM webhooks ORDER BY id")  # noqa: S608 - of ours
    return [from_row(row) for row in rows]


async def by_id(reads: Reads, webhook_id: int) -> Webhook | None:
    columns = COLUMNS.format(moment=reads.moment)
    sql = f"SELECT {columns} FROM webhooks WHERE id = ?"  # noqa: S608 - of ours
    rows = await reads.fetch(sql, (webhook_id,))
    return from_row(rows[0]) if rows else None


async def count(reads: Reads) -> int:
    ((found,),) = await reads.fetch("SELECT count(*) FROM webhooks")
    return int(found)


async def create(
    transaction: Transaction, url: str, events: Sequence[str], secret: str, *, batches: bool
) -> int:
    sql = INSERT.format(moment=transaction.moment)
    ((id_,),) = await transaction.fetch(sql, (url, ",".join(events), batches, secret))
    return int(id_)


async def change(transaction: Transaction, webhook_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a webhook; `events` is a list, and `secret` keeps the one before it."""
    given = dict(values)
    if "events" in given:
        given["events"] = ",".join(given["events"])
    secret = given.pop("secret", None)
    for name, value in given.items():
        await transaction.execute(
            f"UPDATE webhooks SET {name} = ? WHERE id = ?",  # noqa: S608 - a column of ours
            (value, webhook_id),
        )
    if secret is not None:
        sql = ROTATE.format(moment=transaction.moment)
        await transaction.execute(sql, (secret, KEPT_OLD, webhook_id, secret))


async def remove(transaction: Transaction, webhook_id: int) -> None:
    await transaction.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))


async def pause(transaction: Transaction, webhook_id: int, because: str) -> bool:
    """Whether it was at work until now."""
    sql = PAUSE.format(moment=transaction.moment)
    return bool(await transaction.execute(sql, (because, webhook_id)))


async def resume(transaction: Transaction, webhook_id: int) -> bool:
    """Whether it was paused until now. It begins as if it had never failed."""
    return bool(await transaction.execute(RESUME, (webhook_id,)))


async def forgive(transaction: Transaction, webhook_id: int) -> None:
    """Try it at once, as if it had never failed."""
    await transaction.execute(FORGIVE, (webhook_id,))


async def delivered(database: Database, webhook_id: int) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(DELIVERED.format(moment=database.moment), (webhook_id,))


async def failed(database: Database, webhook: Webhook, why: str, pause: float) -> float:
    """Note a failed attempt: nothing is sent for `pause` seconds.

    Returns for how many seconds no attempt has been delivered.
    """
    moment = database.moment
    async with database.transaction() as transaction:
        await transaction.execute(
            FAILED.format(moment=moment), (length(pause), why, webhook.id, webhook.failures)
        )
        rows = await transaction.fetch(
            f"SELECT {moment} - coalesce(failing_since, {moment}) FROM webhooks WHERE id = ?",  # noqa: S608 - of ours
            (webhook.id,),
        )
    return rows[0][0] / MICROSECONDS if rows else 0.0


async def claim(database: Database, webhook_id: int, seconds: float) -> bool:
    """Whether the caller is the one, of all processes, who tries the receiver now."""
    sql = CLAIM.format(moment=database.moment)
    async with database.transaction() as transaction:
        return bool(await transaction.execute(sql, (length(seconds), webhook_id)))


def length(seconds: float) -> int:
    return int(seconds * MICROSECONDS)
