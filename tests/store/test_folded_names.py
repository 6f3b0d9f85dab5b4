"""Names that were different before they were folded as today: nobody loses an account."""

import logging

import pytest

from chat.store import doctor, schema, users
from chat.store.database import Database
from tests.store.world import opened, user

STEP = "m0006_folded_names"
NAMES = ["علی", "Ali", "علي", "كامران", "کامران", "عـلی", "sara", "کاربر۱", "مهدی‌"]


async def at_the_step_before(database: Database) -> None:
    """Apply every step but the folding and those after it."""
    async with database.transaction() as transaction:
        await transaction.execute("CREATE TABLE schema_migrations (name TEXT PRIMARY KEY)")
        for name in schema.known():
            if name < STEP:
                await schema.apply(database, transaction, name)


def old_key(name: str) -> str:
    return name.casefold().replace("\u200c", "")


async def test_every_account_stays_and_signs_in_by_its_name(
    empty_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The oldest of one folding has the name; the others are found by how they are written."""
    caplog.set_level(logging.WARNING, "payam.schema")
    async with opened(empty_url) as database:
        await at_the_step_before(database)
        async with database.transaction() as transaction:
            await transaction.execute_many(
                "INSERT INTO users (id, username, username_key, created_at, is_staff)"
                " VALUES (?, ?, ?, 0, FALSE)",
                [(number, name, old_key(name)) for number, name in enumerate(NAMES, 1)],
            )
            await database.after_numbering(transaction, "users")
        await schema.migrate(database)
        found = {name: await users.by_username(database, name) for name in NAMES}
        assert [one and one.id for one in found.values()] == list(range(1, len(NAMES) + 1))
        for alike, owner in (("عَلی", 1), ("كامران‌", 4), ("ALI", 2), ("کاربر1", 8), ("مهدي", 9)):
            account = await users.by_username(database, alike)
            assert account is not None
            assert account.id == owner, alike
        assert [one.username for one in await users.search(database, 0, "علي", 9)] == [
            "علی",
            "علي",
            "عـلی",
        ]
        async with database.transaction() as transaction:
            assert await users.create(transaction, database, "عليّ") is None
    lines = [one.getMessage() for one in caplog.records if one.name == "payam.schema"]
    assert [line.split(" is ")[0].rpartition(" ")[2] for line in lines] == ["3", "5", "6"]


async def test_the_doctor_finds_and_mends_a_name_that_is_kept_otherwise(
    database: Database,
) -> None:
    """Also where the name that it should have is another's by now."""
    ali, other, sara = [await user(database, name) for name in ("ali", "ali2", "sara")]
    async with database.transaction() as transaction:
        for user_id, name, key in ((other, "ALI", "odd"), (sara, "sara", "strange")):
            await transaction.execute(
                "UPDATE users SET username = ?, username_key = ? WHERE id = ?",
                (name, key, user_id),
            )
    drifts = await doctor.examine_names(database)
    assert len(drifts) == 2
    await doctor.mend(database, drifts)
    assert await doctor.examine_names(database) == []
    rows = await database.fetch("SELECT id, username_key FROM users ORDER BY id")
    assert rows == [(ali, "ali"), (other, f"ali#{other}"), (sara, "sara")]
