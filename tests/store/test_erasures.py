"""Erasing a user, on the database alone: every part of it, and again after an interruption."""

from pathlib import Path
from unittest.mock import AsyncMock

from chat.auth.passwords import Passwords
from chat.changes import catalogue
from chat.events import UserErased
from chat.media.inspector import Inspector
from chat.services.erasure import DELETED, Erasure
from chat.services.limits import Limit
from chat.store import doctor, erasures
from chat.store.chores import ERASURES
from chat.store.database import Database
from chat.store.files import Files
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
