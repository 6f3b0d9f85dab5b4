"""Sign-ins: which refresh token of each still works, and which are revoked."""

from collections.abc import Collection

from chat.store.database import Database, in_parts, listed
from chat.store.models import TokenFamily
from chat.times import now


async def create(database: Database, family: str, user_id: int, refresh_id: str) -> None:
    query = TokenFamily.insert(id=family, user=user_id, refresh_id=refresh_id, created_at=now())
    async with database.transaction() as transaction:
        await transaction.execute(*database.compile(query))


async def rotate(database: Database, family: str, old: str, new: str) -> bool:
    """Whether `old` was the refresh token that works; from now on `new` is."""
    query = TokenFamily.update(refresh_id=new).where(
        (TokenFamily.id == family)
        & (TokenFamily.refresh_id == old)
        & TokenFamily.revoked_at.is_null()
    )
    async with database.transaction() as transaction:
        return await transaction.execute(*database.compile(query)) == 1


async def revoke(database: Database, family: str) -> bool:
    """Whether it is this call that revoked it."""
    query = TokenFamily.update(revoked_at=now()).where(
        (TokenFamily.id == family) & TokenFamily.revoked_at.is_null()
    )
    async with database.transaction() as transaction:
        return await transaction.execute(*database.compile(query)) == 1


async def working(database: Database, families: Collection[str]) -> set[str]:
    """Those that exist and are not revoked."""
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
