"""Erasing a user, on the database alone: every part of it, and again after an interruption."""

from pathlib import Path
from unittest.mock import AsyncMock

from msgspec import UNSET
from msgspec.structs import replace

from chat.auth.identity import Identity
from chat.auth.passwords import Passwords
from chat.changes import catalogue
from chat.events import UserErased
from chat.media.inspector import Inspector
from chat.records import Rating
from chat.services.erasure import DELETED, Erasure
from chat.services.limits import Limit
from chat.services.notes import Notes
from chat.store import doctor, erasures, guests, support_tickets
from chat.store.chores import ERASURES
from chat.store.database import Database
from chat.store.files import Files
from chat.store.support_tickets import Wanted
from tests.store.world import Changes, conversation, row, sent, user, writing

MANY = 2 * DELETED + 3


async def test_everything_that_somebody_sent_is_deleted(database: Database, tmp_path: Path) -> None:
    """In a conversation that they left, and as an agent; a second time changes nothing."""
    ali = await user(database, "ali", is_staff=True)
    sara = await user(database, "sara")
    left, desk = await conversation(database, sara, ali), await conversation(database, sara)
    await Changes(database, desk).open_ticket(sara)
    for number in range(MANY):
        await sent(database, left, ali, f"secret {number}")
        await sent(database, left, sara, "hers")
    await sent(database, desk, ali, "by an agent")
    of_sara = await sent(database, left, sara, "hers, reacted to")
    await Changes(database, left).react(of_sara.id, ali)
    await Changes(database, left).leave(ali)
    files = Files(tmp_path, Inspector(1_000_000))
    announced: list[UserErased] = []
    async with writing(database) as writer:
        passwords = Passwords()
        limit, heard = Limit(None, 1, "x"), AsyncMock()
        erasing = Erasure(database, writer, files, passwords, limit, announced.append, heard)
        passwords.close()
        async with database.transaction() as transaction:
            assert await erasures.begin(transaction, ali)
            assert not await erasures.begin(transaction, ali)
        assert await ERASURES.take(database) == ali
        assert await ERASURES.take(database) is None, "somebody is at it"
        await erasing.finish(ali)
        seqs = [await row(database, one) for one in (left, desk)]
        await erasing.finish(ali)
        assert [await row(database, one) for one in (left, desk)] == seqs
    texts: dict[str, int] = dict(
        await database.fetch(
            "SELECT content, count(*) FROM messages WHERE sender_id = ? GROUP BY content", (ali,)
        )
    )
    assert texts == {"": MANY + 1}
    ((hers,),) = await database.fetch(
        "SELECT count(*) FROM messages WHERE sender_id = ? AND NOT is_deleted", (sara,)
    )
    assert hers == MANY + 1
    assert await database.fetch("SELECT count(*) FROM reactions WHERE is_there") == [(0,)]
    assert await database.fetch("SELECT * FROM erasures") == []
    # Sends, a reaction, the leaving, a deletion of each of Ali's, and the reaction taken back.
    assert seqs[0][0] == 2 * MANY + 1 + 2 + MANY + 1
    drifts = await doctor.examine(database, files, catalogue.LOGGED, catalogue.ENTRIES)
    assert drifts == []


async def test_notes_of_an_agent_become_deleted_ones(database: Database, tmp_path: Path) -> None:
    """Each by a change, so colleagues' clients lose them too; notes of others stay."""
    ali = await user(database, "ali", is_staff=True)
    sara = await user(database, "sara", is_staff=True)
    talk = await conversation(database, await user(database, "customer"), sara)
    await Changes(database, talk).open_ticket(sara)
    async with writing(database) as writer:
        notes = Notes(database, writer, most=100)
        for id_, name in ((ali, "ali"), (sara, "sara"), (ali, "ali")):
            who = Identity(id_, name, True, 0.0, None)
            await notes.create(who, talk, f"by {name}", None, UNSET)
        before, *_ = await row(database, talk)
        passwords = Passwords()
        limit, heard = Limit(None, 1, "x"), AsyncMock()
        files = Files(tmp_path, Inspector(1_000_000))
        erasing = Erasure(database, writer, files, passwords, limit, lambda _: None, heard)
        passwords.close()
        async with database.transaction() as transaction:
            assert await erasures.begin(transaction, ali)
        for _ in range(2):
            await erasing.finish(ali)
        left = await notes.page(Identity(sara, "sara", True, 0.0, None), talk, 10)
    assert [note.content for note in left] == ["", "by sara", ""]
    assert [note.seq > before for note in left] == [True, False, True]
    drifts = await doctor.examine(database, files, catalogue.LOGGED, catalogue.ENTRIES)
    assert drifts == []


async def test_a_customer_leaves_nothing_with_the_desk(database: Database, tmp_path: Path) -> None:
    """Neither their tickets nor what they said as a guest; also of an erasure of before, which
    the doctor finds.
    """
    sara, late = await user(database, "sara"), await user(database, "late")
    talk, other = await conversation(database, sara), await conversation(database, sara, late)
    async with database.transaction() as transaction:
        await guests.mark(transaction, late, "Sara", "sara@example.org", "yes")
        await guests.joined(transaction, late, sara)
    await sent(database, other, late, "secret")
    await Changes(database, talk).open_ticket(sara, "secret")
    await Changes(database, other).open_ticket(sara, "secret")
    [rated] = await support_tickets.page(database, Wanted(), None, 1)
    async with database.transaction() as transaction:
        closed = replace(rated, status="closed", rating=Rating(2, "secret"))
        await support_tickets.update(transaction, [(2, closed)])
        await transaction.execute("UPDATE users SET erased_at = 1 WHERE id = ?", (sara,))
        await transaction.execute("UPDATE support_tickets SET languages = 'fa'")
    files = Files(tmp_path, Inspector(1_000_000))
    drifts = await doctor.examine(database, files, catalogue.LOGGED, catalogue.ENTRIES)
    found = {one.what for one in drifts}
    for what in ("a ticket", "what a guest said"):
        assert f"user {sara} is erased, but {what} is left" in found
    async with writing(database) as writer:
        passwords = Passwords()
        limit, heard = Limit(None, 1, "x"), AsyncMock()
        erasing = Erasure(database, writer, files, passwords, limit, lambda _: None, heard)
        passwords.close()
        for _ in range(2):
            await erasing.finish(sara)
        assert await ERASURES.take(database) == late
        await erasing.finish(late)
    tickets = await support_tickets.page(database, Wanted(), None, 9)
    assert [(one.subject, one.status, one.waiting_since) for one in tickets] == [
        ("", "closed", None)
    ] * 2
    assert [one.rating for one in tickets] == [Rating(2, ""), None]
    steps = await database.fetch("SELECT action FROM ticket_steps ORDER BY ticket_id")
    assert [action for (action,) in steps] == ["closed", "changed"]
    assert await database.fetch("SELECT id FROM support_tickets WHERE languages <> ''") == []
    assert await database.fetch("SELECT * FROM guests") == []
    assert await database.fetch("SELECT content FROM messages WHERE content <> ''") == []
    assert await database.fetch("SELECT id FROM users WHERE display_name <> ''") == []
    drifts = await doctor.examine(database, files, catalogue.LOGGED, catalogue.ENTRIES)
    assert [one.what for one in drifts if " is erased" in one.what] == []
