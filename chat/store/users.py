"""Users: their names, passwords and external ids."""

from collections.abc import Collection, Iterable
from unicodedata import normalize

from msgspec import Struct

from chat import records
from chat.store.database import Database, Reads, Row, Transaction, listed
from chat.store.models.accounts import User
from chat.text import searching
from chat.text.names import key_of
from chat.times import now


class Account(Struct, frozen=True):
    """A user as the server knows them. Without a password hash nobody can sign in as this user."""

    id: int
    username: str
    is_staff: bool
    password_hash: str | None
    external_id: str | None
    is_suspended: bool = False
    is_guest: bool = False


COLUMNS = (
    User.id,
    User.username,
    User.is_staff,
    User.password_hash,
    User.external_id,
    User.suspended_at,
    User.is_guest,
)


APART = "#"
"""Separates a folded name from its user's id, in the key of a name that an older user has already.

Names that were different before they were folded as today may have the same folding now. Each keeps
its account: the oldest has the folding as its key, and the others have `folding#id`. No name may
contain this sign.
"""


def keys_of(user_id: int, username: str) -> tuple[str, str]:
    """The key of the name, and its other key in case an older user has that one."""
    key = key_of(username)
    return key, f"{key}{APART}{user_id}"


async def create(
    transaction: Transaction,
    database: Database,
    username: str,
    *,
    password_hash: str | None = None,
    external_id: str | None = None,
    is_staff: bool = False,
) -> int | None:
    """Insert a user. Returns the id, or None if the name or the external id is taken."""
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
    return await _one(database, (User.id == user_id) & User.erased_at.is_null())


SERVES = "(u.is_staff AND u.suspended_at IS NULL AND u.erased_at IS NULL)"
"""A condition: whether a user `u` is staff now, and may sign in. Nobody else works at the desk."""


async def staff_member(reads: Reads, user_id: int) -> records.User | None:
    """The user with this id, if they are staff now and may sign in."""
    rows = await reads.fetch(
        f"SELECT u.id, u.username FROM users AS u WHERE u.id = ? AND {SERVES}",  # noqa: S608 - of ours
        (user_id,),
    )
    return records.User(*rows[0]) if rows else None


async def staff(reads: Reads) -> set[int]:
    """All who are staff now and may sign in."""
    rows = await reads.fetch(f"SELECT u.id FROM users AS u WHERE {SERVES}")  # noqa: S608 - of ours
    return {user_id for (user_id,) in rows}


async def staff_among(reads: Reads, user_ids: Collection[int]) -> set[int]:
    """Those of the users who are staff now and may sign in."""
    rows = await reads.fetch(
        f"SELECT u.id FROM users AS u WHERE {SERVES} AND u.id IN ({reads.ids})",  # noqa: S608 - of ours
        (listed(user_ids),),
    )
    return {user_id for (user_id,) in rows}


async def by_username(database: Database, username: str) -> Account | None:
    """The user with this name. If several names have this folding, the one that is written so.

    Example: علي signed up after علی, when these were two names. Today both fold to علی.
    1. علي gets the account of علي, and علی gets that of علی.
    2. عَلی, which is nobody's name, gets the older account.
    """
    key = key_of(username)
    after = chr(ord(APART) + 1)
    rows = await database.fetch(
        f"""
        SELECT id, username, is_staff, password_hash, external_id, suspended_at, is_guest
        FROM users
        WHERE username_key = ?
           OR (username_key > ?{database.binary} AND username_key < ?{database.binary})
        ORDER BY id
        """,  # noqa: S608 - a constant of the dialect
        (key, key + APART, key + after),
    )
    accounts = [_account(row) for row in rows]
    written = normalize("NFC", username)
    return next((one for one in accounts if one.username == written), None) or (
        accounts[0] if accounts else None
    )


async def by_external_id(database: Database, external_id: str) -> Account | None:
    return await _one(database, User.external_id == external_id)


async def of_subject(database: Database, external_id: str, user_id: int) -> list[Account]:
    """The users with this external id or this id, two at most. Every handshake asks this."""
    rows = await database.fetch(
        """
        SELECT id, username, is_staff, password_hash, external_id, suspended_at, is_guest
        FROM users
        WHERE external_id = ? OR (id = ? AND erased_at IS NULL)
        """,
        (external_id, user_id),
    )
    return [_account(row) for row in rows]


async def _one(database: Database, condition: object) -> Account | None:
    rows = await database.select(User.select(*COLUMNS).where(condition))
    return _account(rows[0]) if rows else None


def _account(row: Row) -> Account:
    id_, username, is_staff, password_hash, external_id, suspended_at, is_guest = row
    return Account(
        id=id_,
        username=username,
        is_staff=bool(is_staff),
        password_hash=password_hash,
        external_id=external_id,
        is_suspended=suspended_at is not None,
        is_guest=bool(is_guest),
    )


async def me(reads: Reads, user_id: int) -> records.Me | None:
    rows = await reads.fetch(
        "SELECT username, is_staff, display_name, metadata, avatar FROM users WHERE id = ?",
        (user_id,),
    )
    for username, is_staff, display_name, metadata, avatar in rows:
        kept = records.metadata_of(metadata)
        url = records.user_avatar(user_id, avatar)
        return records.Me(user_id, username, bool(is_staff), display_name, kept, url)
    return None


async def show_as(transaction: Transaction, user_id: int, display_name: str) -> None:
    """Keep the name that people see, and how it is looked for."""
    await transaction.execute(
        "UPDATE users SET display_name = ?, display_name_key = ? WHERE id = ?",
        (display_name, searching.key_of(display_name), user_id),
    )


async def keep(transaction: Transaction, user_id: int, metadata: str | None) -> None:
    await transaction.execute("UPDATE users SET metadata = ? WHERE id = ?", (metadata, user_id))


async def profiles(reads: Reads, user_ids: Iterable[int]) -> list[records.Profile]:
    """The users with these ids, with the names that are shown, in the order of the ids."""
    rows = await reads.fetch(
        f"""
        SELECT id, username, display_name, avatar FROM users WHERE id IN ({reads.ids}) ORDER BY id
        """,  # noqa: S608 - of ours
        (listed(user_ids),),
    )
    return [records.profile_of(*row) for row in rows]


async def search(
    database: Database, viewer_id: int, prefix: str, limit: int
) -> list[records.Profile]:
    """Users whose name begins with `prefix`, in the order of their names. A guest finds only staff,
    and only staff find guests.
    """
    key = key_of(prefix)
    rows = await database.fetch(
        f"""
        SELECT id, username, display_name, avatar FROM users
        WHERE username_key >= ?{database.binary} AND username_key < ?{database.binary}
          AND erased_at IS NULL
          AND (is_staff OR NOT EXISTS (SELECT 1 FROM users AS v WHERE v.id = ? AND v.is_guest))
          AND (NOT is_guest OR EXISTS (SELECT 1 FROM users AS v WHERE v.id = ? AND v.is_staff))
        ORDER BY username_key LIMIT ?
        """,  # noqa: S608 - a constant of the dialect
        (key, key + "\U0010ffff", viewer_id, viewer_id, limit),
    )
    return [records.profile_of(*row) for row in rows]


async def lock(transaction: Transaction, user_id: int) -> None:
    """Let others who lock this user wait until this transaction ends."""
    await transaction.execute(
        "UPDATE users SET last_seen_at = last_seen_at WHERE id = ?", (user_id,)
    )


async def by_ids(reads: Reads, user_ids: Iterable[int]) -> list[records.User]:
    """The users with these ids, in the order of the ids."""
    rows = await reads.fetch(
        f"SELECT id, username FROM users WHERE id IN ({reads.ids}) ORDER BY id",  # noqa: S608 - of ours
        (listed(user_ids),),
    )
    return [records.User(*row) for row in rows]


async def present(reads: Reads, user_ids: Iterable[int]) -> list[records.User]:
    """The same, without those who have erased themselves."""
    rows = await reads.fetch(
        f"""
        SELECT id, username FROM users WHERE id IN ({reads.ids}) AND erased_at IS NULL ORDER BY id
        """,  # noqa: S608 - of ours
        (listed(user_ids),),
    )
    return [records.User(*row) for row in rows]


async def foldings(
    database: Database, after: int, limit: int = 1000
) -> list[tuple[int, str, str, tuple[str, str]]]:
    """The next users by id: id, name, the stored key, and the keys that it may have."""
    rows = await database.fetch(
        "SELECT id, username, username_key FROM users WHERE id > ? ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [(id_, name, kept, keys_of(id_, name)) for id_, name, kept in rows]


async def most_rounds(reads: Reads) -> int:
    """The work of the slowest imported password hash; 0 where all are Payam's own."""
    ((rounds,),) = await reads.fetch(
        "SELECT max(password_rounds) FROM users WHERE password_rounds IS NOT NULL"
    )
    return rounds or 0


async def replace_hash(transaction: Transaction, user_id: int, earlier: str, made: str) -> bool:
    """Replace a password's hash, if it was not replaced meanwhile. Returns whether it was."""
    replaced = await transaction.execute(
        """
        UPDATE users SET password_hash = ?, password_rounds = NULL
        WHERE id = ? AND password_hash = ?
        """,
        (made, user_id, earlier),
    )
    return replaced == 1


async def any_exist(reads: Reads) -> bool:
    return bool(await reads.fetch("SELECT 1 FROM users LIMIT 1"))


async def seed(transaction: Transaction, count: int, password_hash: str | None) -> None:
    """Insert user1, user2, … with the ids 1, 2, … into an empty database."""
    moment = now()
    names = [(id_, f"user{id_}") for id_ in range(1, count + 1)]
    await transaction.execute_many(
        """
        INSERT INTO users (id, username, username_key, password_hash, created_at)
        VALUES (?, ?, ?, ?, ?)
        """,
        [(id_, name, key_of(name), password_hash, moment) for id_, name in names],
    )
