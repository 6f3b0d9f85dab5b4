"""Messages that are too old are deleted, on the database alone; and what the doctor says of it."""

from pathlib import Path

from msgspec import UNSET

from chat.auth.identity import Identity
from chat.changes import catalogue
from chat.media.inspector import Inspector
from chat.services.conversation_export import ConversationExport
from chat.services.notes import Notes
from chat.services.oversight import DAY, Oversight
from chat.store import doctor
from chat.store.chores import DELETIONS
from chat.store.database import Database
from chat.store.files import Files
from chat.times import now
from tests.store.world import conversation, sent, user, writing

OLD = 120


async def test_only_what_is_old_is_deleted(database: Database, tmp_path: Path) -> None:
    """In every conversation, in parts; a second time there is nothing to do."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(2)]
    for talk in talks:
        for number in range(OLD):
            await sent(database, talk, ali, f"old {number}")
        await sent(database, talk, ali, "young")
    async with database.transaction() as transaction:
        for days, sign in ((40, "<>"), (20, "=")):
            await transaction.execute(
                f"UPDATE messages SET created_at = ? WHERE content {sign} 'young'",  # noqa: S608
                (now() - days * DAY,),
            )
        await transaction.execute("UPDATE conversations SET created_at = ?", (now() - 40 * DAY,))
    files = Files(tmp_path, Inspector(1_000_000))
    async with writing(database) as writer:
        export = ConversationExport(database, files)
        oversight = Oversight(database, writer, files, export)
        part = [count async for count in oversight.retain(None, 30, most=10)]
        assert sum(part) == 50, "it ends with a transaction"
        rest = [count async for count in oversight.retain(None, 30)]
        assert sum(part + rest) == 2 * OLD
        assert max(part + rest) <= 50
        assert sum([count async for count in oversight.retain(None, 30)]) == 0
    left = await database.fetch("SELECT content, is_deleted FROM messages WHERE content <> ''")
    assert [tuple(row) for row in left] == [("young", False)] * 2
    acts = await database.fetch("SELECT detail FROM acts ORDER BY id")
    assert [row[0] for row in acts] == [
        f"{count} messages older than 30 days" for count in (50, 2 * OLD - 50, 0)
    ]


async def test_old_notes_are_deleted_too(database: Database, tmp_path: Path) -> None:
    """What staff wrote of a customer says nothing after the same time; each is a change."""
    ali = await user(database, "ali")
    agent = await user(database, "agent", is_staff=True)
    talk = await conversation(database, ali, agent)
    who = Identity(agent, "agent", True, 0.0, None)
    files = Files(tmp_path, Inspector(1_000_000))
    async with writing(database) as writer:
        notes = Notes(database, writer, most=100)
        for number in range(53):
            await notes.create(who, talk, f"note {number}", None, UNSET)
        async with database.transaction() as transaction:
            for table in ("conversations", "notes"):
                await transaction.execute(
                    f"UPDATE {table} SET created_at = ?",  # noqa: S608
                    (now() - 40 * DAY,),
                )
        await notes.create(who, talk, "young", None, UNSET)
        oversight = Oversight(database, writer, files, ConversationExport(database, files))
        counts = [count async for count in oversight.retain(None, 30)]
        assert counts == [50, 3]
        said = await notes.page(who, talk, 100)
    assert [note.content for note in said if not note.is_deleted] == ["young"]
    assert {note.content for note in said if note.is_deleted} == {""}
    assert len({note.seq for note in said}) == 54
    assert await doctor.examine_log(database, catalogue.LOGGED, catalogue.ENTRIES) == []


async def test_the_doctor_finds_what_is_left(database: Database, tmp_path: Path) -> None:
    """Of a deleted conversation and of an erased user; what mends it is the work of a server."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    talk = await conversation(database, ali, sara)
    await sent(database, talk, ali, "secret")
    files = Files(tmp_path, Inspector(1_000_000))
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE users SET erased_at = 1 WHERE id = ?", (ali,))
        await transaction.execute(
            "INSERT INTO acts (at, kind, conversation_id, detail)"
            " VALUES (1, 'conversation.deleted', ?, '')",
            (talk,),
        )
    found = await doctor.examine(database, files, catalogue.LOGGED, catalogue.ENTRIES)
    assert {drift.what for drift in found} >= {
        f"user {ali} is erased, but what a message said is left",
        f"user {ali} is erased, but a participation is left",
        f"conversation {talk} is deleted, but what a message said is left",
        f"conversation {talk} is deleted, but a participant is left",
    }
    await doctor.mend(database, found, files)
    assert await DELETIONS.take(database) == talk
    again = await doctor.examine(database, files, catalogue.LOGGED, catalogue.ENTRIES)
    assert [drift.what for drift in again] == [], "it is being done"
