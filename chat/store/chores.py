"""Long work that is kept in the database: who began it may die, and another process goes on."""

from collections.abc import Sequence

from msgspec import Struct

from chat.store.database import Database, Transaction

TURN_SECONDS = 60
"""After so long another process goes on with what one has begun."""


class Chores(Struct, frozen=True):
    """`table` has what is to be done: `key`, and `due`, from which on somebody may begin."""

    table: str
    key: str

    async def add(self, transaction: Transaction, subject_ids: Sequence[int]) -> None:
        await transaction.execute_many(
            f"""
            INSERT INTO {self.table} ({self.key}, due) VALUES (?, 0)
            ON CONFLICT ({self.key}) DO NOTHING
            """,  # noqa: S608 - of ours
            [(subject_id,) for subject_id in subject_ids],
        )

    async def take(self, database: Database) -> int | None:
        """A subject of which there is something to do, and nobody else is at it; None if there is
        none. It stays this process's for TURN_SECONDS; `renew` makes it longer.
        """
        sql = f"SELECT {self.key} FROM {self.table} WHERE due <= {database.moment} LIMIT 1"  # noqa: S608 - of ours
        for (subject_id,) in await database.fetch(sql):
            if await self.claim(database, subject_id):
                return int(subject_id)
        return None

    async def claim(self, database: Database, subject_id: int) -> bool:
        """Whether this process may do it now."""
        async with database.transaction() as transaction:
            return bool(
                await transaction.execute(
                    f"""
                    UPDATE {self.table} SET due = {database.moment} + ?
                    WHERE {self.key} = ? AND due <= {database.moment}
                    """,  # noqa: S608 - of ours
                    (TURN_SECONDS * 1_000_000, subject_id),
                )
            )

    async def renew(self, database: Database, subject_id: int) -> None:
        async with database.transaction() as transaction:
            await transaction.execute(
                f"UPDATE {self.table} SET due = {database.moment} + ? WHERE {self.key} = ?",  # noqa: S608 - of ours
                (TURN_SECONDS * 1_000_000, subject_id),
            )

    async def is_left(self, database: Database, subject_id: int) -> bool:
        sql = f"SELECT 1 FROM {self.table} WHERE {self.key} = ?"  # noqa: S608 - of ours
        return bool(await database.fetch(sql, (subject_id,)))

    async def end(self, database: Database, subject_id: int) -> None:
        async with database.transaction() as transaction:
            await transaction.execute(
                f"DELETE FROM {self.table} WHERE {self.key} = ?",  # noqa: S608 - of ours
                (subject_id,),
            )


ERASURES = Chores("erasures", "user_id")
DELETIONS = Chores("deletions", "conversation_id")
