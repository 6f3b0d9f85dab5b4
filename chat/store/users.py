"""Users: their names, passwords and whose token subject they are."""

from unicodedata import normalize

from msgspec import Struct

from chat import records
from chat.store.database import Database, Row, Transaction
from chat.store.models import User
from chat.times import now


class Account(Struct, frozen=True):
    """A user as the server knows one. Without a password hash nobody can sign in as it."""

    id: int
    username: str
    is_staff: bool
    password_hash: str | None
    external_id: str | None


COLUMNS = (User.id, User.username, User.is_staff, User.password_hash, User.external_id)


def key_of(username: str) -> str:
    """What makes two names the same: forms, letter case and the non-joiner do not count."""
    return normalize("NFKC", username).casefold().replace("\u200c", "")


async def create(
    transaction: Transaction,
    database: Database,
    username: str,
    *,
    password_hash: str | None = None,
    external_id: str | None = None,
    is_staff: bool = False,
) -> int | None:
    """The new user's id, or None where the name or the external id is taken."""
    query = (
        User.insert(
            username=username,
            username_key=key_of(username),
            password_hash=password_hash,
            external_id=external_id,
            is_staff=is_staff,
            created_at=now(),
        )
        .on_conflict_ignore()
        .returning(User.id)
    )
    rows = await transaction.fetch(*database.compile(query))
    return rows[0][0] if rows else None


async def by_id(database: Database, user_id: int) -> Account | None:
    return await _one(database, User.id == user_id)


async def by_username(database: Database, username: str) -> Account | None:
    return await _one(database, User.username_key == key_of(username))


async def by_external_id(database: Database, external_id: str) -> Account | None:
    return await _one(database, User.external_id == external_id)


async def of_subject(database: Database, external_id: str, user_id: int) -> list[Account]:
    """Those with this external id or this id: two at most. Every handshake asks this."""
    rows = await database.fetch(
        """
        SELECT id, username, is_staff, password_hash, external_id FROM users
        WHERE external_id = ? OR id = ?
        """,
        (external_id, user_id),
    )
    return [_account(row) for row in rows]


async def _one(database: Database, condition: object) -> Account | None:
    rows = await database.select(User.select(*COLUMNS).where(condition))
    return _account(rows[0]) if rows else None


def _account(row: Row) -> Account:
    id_, username, is_staff, password_hash, external_id = row
    return Account(id_, username, bool(is_staff), password_hash, external_id)


async def search(database: Database, prefix: str, limit: int) -> list[records.User]:
    """Users whose name starts so, in the order of their names."""
    key = key_of(prefix)
    rows = await database.fetch(
        f"""
        SELECT id, username FROM users
        WHERE username_key >= ?{database.binary} AND username_key < ?{database.binary}
        ORDER BY username_key LIMIT ?
        """,  # noqa: S608 - a constant of the dialect
        (key, key + "\U0010ffff", limit),
    )
    return [records.User(*row) for row in rows]


async def existing(database: Database, user_ids: list[int]) -> set[int]:
    """Those of the ids that are users'."""
    rows = await database.select(User.select(User.id).where(User.id.in_(user_ids)))
    return {id_ for (id_,) in rows}


async def any_exist(transaction: Transaction) -> bool:
    return bool(await transaction.fetch("SELECT 1 FROM users LIMIT 1"))


async def seed(transaction: Transaction, count: int, password_hash: str | None) -> None:
    """Insert user1, user2, … with these ids, for an empty database."""
    moment = now()
    names = [(id_, f"user{id_}") for id_ in range(1, count + 1)]
    await transaction.execute_many(
        """
        INSERT INTO users (id, username, username_key, password_hash, created_at)
        VALUES (?, ?, ?, ?, ?)
        """,
        [(id_, name, key_of(name), password_hash, moment) for id_, name in names],
    )
