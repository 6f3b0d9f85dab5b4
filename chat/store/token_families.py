"""Sign-ins: the refresh token of each that works, and which sign-ins are revoked."""

from collections.abc import Collection

from msgspec import Struct

from chat.store import devices
from chat.store.database import Database, Transaction, in_parts, listed
from chat.store.models.accounts import TokenFamily
from chat.times import now

PAGE = 1_000
# It changes nothing, and keeps others from changing the user until the sign-in is there. So whoever
# changes the password, or suspends the user, sees this sign-in and ends it, or has come before it.
HOLD = """
    UPDATE users SET suspended_at = NULL
    WHERE id = ? AND suspended_at IS NULL AND erased_at IS NULL
"""
HOLD_PASSWORD = HOLD + " AND password_hash = ?"


async def create(
    database: Database, family: str, user_id: int, refresh_id: str, verified: str | None = None
) -> bool:
    """Begin a sign-in. Returns False, and begins none, if the user is suspended or erased by now,
    or has another password than the one whose hash was `verified`.
    """
    query = TokenFamily.insert(id=family, user=user_id, refresh_id=refresh_id, created_at=now())
    hold = (HOLD, (user_id,)) if verified is None else (HOLD_PASSWORD, (user_id, verified))
    async with database.transaction() as transaction:
        is_held = await transaction.execute(*hold) == 1
        if is_held:
            await transaction.execute(*database.compile(query))
    return is_held


class Rotation(Struct, frozen=True):
    """The refresh token that works, and since when, in microseconds since 1970."""

    refresh_id: str
    since: int


async def rotate(
    database: Database, family: str, old: str, new: str, grace: float
) -> Rotation | None:
    """Replace the refresh token `old` by `new`. Returns None if `old` is not the one that works.

    If `old` was replaced within the last `grace` seconds, the token that replaced it stays.
    """
    moment = now()
    of_family = (TokenFamily.id == family) & TokenFamily.revoked_at.is_null()
    replace = TokenFamily.update(refresh_id=new, previous_id=old, rotated_at=moment).where(
        of_family & (TokenFamily.refresh_id == old)
    )
    replaced = TokenFamily.select(TokenFamily.refresh_id, TokenFamily.rotated_at).where(
        of_family & (TokenFamily.previous_id == old)
    )
    async with database.transaction() as transaction:
        if await transaction.execute(*database.compile(replace)) == 1:
            return Rotation(new, moment)
        # It is a separate statement, so that it sees what was committed while the first one waited.
        rows = await transaction.fetch(*database.compile(replaced))
    # The clock of another node may be ahead.
    if rows and abs(moment - rows[0][1]) < grace * 1_000_000:
        return Rotation(*rows[0])
    return None


async def revoke(database: Database, family: str) -> bool:
    """Revoke a sign-in, and forget its devices. Returns whether it was not revoked before."""
    query = TokenFamily.update(revoked_at=now()).where(
        (TokenFamily.id == family) & TokenFamily.revoked_at.is_null()
    )
    async with database.transaction() as transaction:
        is_revoked = await transaction.execute(*database.compile(query)) == 1
        if is_revoked:
            await devices.remove_of_families(transaction, [family])
        return is_revoked


async def revoke_others(transaction: Transaction, user_id: int, kept: str | None) -> list[str]:
    """Revoke all sign-ins of the user but one, and forget their devices. Returns the revoked."""
    rows = await transaction.fetch(
        """
        UPDATE token_families SET revoked_at = ?
        WHERE user_id = ? AND revoked_at IS NULL AND id <> ? RETURNING id
        """,
        (now(), user_id, kept or ""),
    )
    await devices.remove_of_ended(transaction, user_id)
    return [family for (family,) in rows]


async def prune(
    database: Database, after: str, revoked_before: int, unused_since: int
) -> str | None:
    """Look through the next sign-ins by id, and delete those that were revoked, or not used, for so
    long, with their devices. Moments in microseconds. Returns the last id; None where there are no
    more.
    """
    rows = await database.fetch(
        """
        SELECT id, coalesce(revoked_at, 0), coalesce(rotated_at, created_at) FROM token_families
        WHERE id > ? ORDER BY id LIMIT ?
        """,
        (after, PAGE),
    )
    ended = [
        id_ for id_, revoked, used in rows if 0 < revoked < revoked_before or used < unused_since
    ]
    if ended:
        async with database.transaction() as transaction:
            await devices.remove_of_families(transaction, ended)
            await transaction.execute(
                f"""
                DELETE FROM token_families WHERE id IN ({database.texts})
                    AND (revoked_at < ? OR coalesce(rotated_at, created_at) < ?)
                """,  # noqa: S608 - of ours
                (listed(ended), revoked_before, unused_since),
            )
    return rows[-1][0] if len(rows) == PAGE else None


async def working(database: Database, families: Collection[str]) -> set[str]:
    """Those of the sign-ins that exist and are not revoked."""
    found: set[str] = set()
    for some in in_parts(families):
        rows = await database.fetch(
            f"""
            SELECT id FROM token_families
            WHERE id IN ({database.texts}) AND revoked_at IS NULL
            """,  # noqa: S608 - of ours
            (listed(some),),
        )
        found.update(id_ for (id_,) in rows)
    return found
