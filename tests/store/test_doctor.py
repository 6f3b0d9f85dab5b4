"""What the doctor finds of a conversation whose number lies before one of its changes."""

from chat.store import doctor
from chat.store.database import Database
from tests.store.world import Changes, pair, row


async def test_a_title_beyond_the_number_is_drift(database: Database) -> None:
    """It is a change as any, and the next change may not take its number."""
    talk, _, _ = await pair(database)
    await Changes(database, talk).rename("a title")
    assert await doctor.examine_conversations(database) == []
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE conversations SET seq = 0")
    found = await doctor.examine_conversations(database)
    assert [drift.what for drift in found] == [
        f"conversation {talk}: seq is 0, but there is a change 1"
    ]
    await doctor.mend(database, found)
    assert (await row(database, talk))[0] == 1
