"""The follower that keeps what search looks in; making that anew; and what the doctor says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from chat.errors import Conflict
from chat.followers.gathering import Gathering
from chat.followers.search import SearchFollower, keyed
from chat.store import followers, search, search_doctor, search_rebuild, search_scope, spans
from chat.store.database import Database
from chat.store.search_query import Query
from chat.store.search_sample import sample
from chat.store.search_texts import LETTERS, Said
from chat.store.spans import Span
from chat.text.searching import keys_of, text_key
from tests.store.world import Changes, conversation, draft, pair, sent, user
from tests.store.world import opened as opened_again
from tests.support.turns import counted

MANY = 20_000


@asynccontextmanager
async def following(database: Database, follower: SearchFollower) -> AsyncIterator[Gathering]:
    gathering = Gathering(database, follower, poll=0.02, pause=0.02)
    task = asyncio.create_task(gathering.run())
    try:
        yield gathering
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def caught_up(database: Database) -> None:
    """Wait until the index lacks nothing."""
    behind = """
        SELECT 1 FROM conversations AS c LEFT JOIN positions AS p
        ON p.follower = 'search' AND p.conversation_id = c.id WHERE c.seq > coalesce(p.seq, 0)
    """
    while await database.fetch(behind):
        await asyncio.sleep(0.01)


async def follow(database: Database) -> None:
    async with following(database, SearchFollower(database)):
        await caught_up(database)


async def found(database: Database, user_id: int, text: str, *, by_pieces: bool) -> list[int]:
    query = Query(user_id, keys_of(text), None, None, None, 20)
    return [
        id_
        for _, id_ in (
            await search.find(database, query, await sample(database) if by_pieces else None)
        ).places
    ]


async def drifted(database: Database) -> list[str]:
    return [drift.what for drift in await search_doctor.examine(database)]


async def spoil(database: Database, statement: str, *parameters: int) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(statement, parameters)


async def test_what_is_said_changed_and_deleted_reaches_the_index(database: Database) -> None:
    """In the order in which it happened, and also when the follower sees all of it at once."""
    talk, ali, sara = await pair(database)
    make = Changes(database, talk)
    ids = []
    for text in ("بازار تهران", "بازار شیراز", "بازار تبریز"):
        send = draft(talk, ali, text)
        await database.store_sends([send])
        ids.append(send.id)
    await make.edit(ids[0], "میدان تهران")
    await make.delete(ids[1])
    await follow(database)
    assert await drifted(database) == []
    for by_pieces in (True, False):
        assert await found(database, sara, "بازار", by_pieces=by_pieces) == [ids[2]]
        assert await found(database, sara, "تهران", by_pieces=by_pieces) == [ids[0]]
    await make.edit(ids[2], "کوچه تبریز")
    await make.delete(ids[0])
    await follow(database)
    assert await drifted(database) == []
    assert await found(database, sara, "تهران", by_pieces=True) == []
    assert await found(database, sara, "کوچه", by_pieces=True) == [ids[2]]


async def test_what_the_index_lacks_is_found_beside_it(database: Database) -> None:
    """As it is now: no follower runs after the first message."""
    talk, ali, sara = await pair(database)
    make = Changes(database, talk)
    old = draft(talk, ali, "قرار فردا")
    await database.store_sends([old])
    await follow(database)
    new, gone = draft(talk, sara, "قرار امروز"), draft(talk, sara, "قرار دیروز")
    await database.store_sends([new, gone])
    await make.edit(old.id, "دیدار پس‌فردا")
    await make.delete(gone.id)
    assert await found(database, ali, "دیدار", by_pieces=True) == [old.id]
    assert (await found(database, ali, "قرار", by_pieces=True))[0] == new.id
    assert gone.id not in await found(database, ali, "قرار", by_pieces=True)
    for query, ids in (
        (Query(ali, ("قرار",), talk, sara, None, 20), [new.id]),
        (Query(ali, ("قرار",), talk, None, new.id, 20), [old.id]),  # until the index knows the edit
        (Query(ali, ("قرار",), None, sara, new.id, 20), []),
    ):
        page = await search.find(database, query, await sample(database))
        assert [id_ for _, id_ in page.places] == ids


async def test_a_question_knows_where_the_follower_is_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the follower has begun, before it has found what changed, while that is due, and
    where its cursor is of another history; also where it is due in more than are asked for.
    """
    talk, ali, sara = await pair(database)
    quiet = await conversation(database, ali, sara)
    await sent(database, quiet, ali, "first")

    async def behind() -> list[Span]:
        query = Query(ali, ("x",), None, None, None, 20)
        return (await search_scope.scope(database, query)).behind

    async def of(conversation_id: int, after: int) -> Span:
        rows = await database.fetch(
            "SELECT seq FROM conversations WHERE id = ?", (conversation_id,)
        )
        return Span(conversation_id, after, rows[0][0])

    assert await behind() == [await of(quiet, 0)]
    await follow(database)
    assert await behind() == []
    before = (await of(talk, 0)).upto
    await sent(database, talk, ali, "second")
    lacking = [await of(talk, before)]
    assert await behind() == lacking  # it changed after the follower looked
    await followers.find(database, SearchFollower.name)
    assert await behind() == lacking  # it is due
    monkeypatch.setattr(search_scope, "DUE", 1)
    assert await behind() == lacking  # it may be due anywhere
    monkeypatch.undo()
    await follow(database)
    assert await behind() == []
    async with database.transaction() as transaction:  # as a follower that died at the worst moment
        await transaction.execute(
            "UPDATE positions SET seq = 0 WHERE conversation_id = ?", (quiet,)
        )
        await transaction.execute("UPDATE followers SET cursor = 'another.history.9000000000'")
    assert await behind() == [await of(quiet, 0)]


async def test_texts_with_any_sign_are_indexed_as_they_are(database: Database) -> None:
    """Also one of which nothing is left to look for."""
    talk, ali, _ = await pair(database)
    texts = ["ء", '"کتاب"', "کتاب \\", "{کتاب,[]}", "کتاب\nها", "NULL", "$1 ? %s"]
    sends = [draft(talk, ali, text) for text in texts]
    await database.store_sends(sends)
    await follow(database)
    rows = await database.fetch("SELECT message_id, folded FROM search_texts ORDER BY message_id")
    assert rows == [(send.id, text_key(send.content)) for send in sends]


async def test_much_is_caught_up_with_in_bounded_steps(database: Database) -> None:
    """Twenty thousand messages, of one conversation and of others: never many at once."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    talks = [await conversation(database, ali, sara) for _ in range(20)]
    for start in range(0, MANY, 2_000):
        ids = [talks[0] if n % 2 else talks[n % 20] for n in range(start, start + 2_000)]
        await database.store_sends([draft(id_, ali, f"خبر {n}") for n, id_ in enumerate(ids)])
    follower = Counting(database)
    async with following(database, follower):
        await caught_up(database)
    assert await database.fetch("SELECT count(*) FROM search_texts") == [(MANY,)]
    assert max(follower.counts) <= 2_000 + spans.PAGE
    assert await drifted(database) == []


class Counting(SearchFollower):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.counts: list[int] = []

    async def gather(self, spans: Sequence[Span]) -> None:
        self.counts.append(sum(span.upto - span.after for span in spans))
        await super().gather(spans)


async def test_two_processes_share_the_work(database: Database, database_url: str) -> None:
    """Both look at the same conversations at once; the index is whole."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(30)]
    async with opened_again(database_url) as other:
        for round_ in range(10):
            await database.store_sends([draft(talk, ali, f"خبر {round_}") for talk in talks])
            await asyncio.gather(follow(database), follow(other))
    assert await database.fetch("SELECT count(*) FROM search_texts") == [(300,)]
    assert await drifted(database) == []


async def test_what_cannot_be_indexed_keeps_nothing_else_waiting(database: Database) -> None:
    """It is put off, tried again, and done when it can be."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(3)]
    await database.store_sends([draft(talk, ali, "خبر") for talk in talks])
    follower = Failing(database, talks[1])
    async with following(database, follower):
        while await database.fetch("SELECT count(*) FROM search_texts") != [(2,)]:
            await asyncio.sleep(0.01)
        while follower.failures < 4:  # twice among others, twice alone
            await asyncio.sleep(0.01)
        follower.failing = 0
        await caught_up(database)
    assert await drifted(database) == []


class Failing(SearchFollower):
    def __init__(self, database: Database, failing: int) -> None:
        super().__init__(database)
        self.failing = failing
        self.failures = 0

    async def gather(self, spans: Sequence[Span]) -> None:
        if any(span.conversation_id == self.failing for span in spans):
            self.failures += 1
            raise RuntimeError("not now")
        await super().gather(spans)


async def spoilt(database: Database) -> tuple[int, int]:
    """An index that lacks one, has one too many, one that is deleted, and one text that differs.

    Gives Ali's id and that of a message that says "خبر 3".
    """
    talk, ali, _ = await pair(database)
    sends = [draft(talk, ali, f"خبر {n}") for n in range(8)]
    await database.store_sends(sends)
    await follow(database)
    gone, other, deleted = [send.id for send in sends[:3]]
    await spoil(database, "DELETE FROM search_texts WHERE message_id = ?", gone)
    await spoil(database, "UPDATE search_texts SET folded = 'x' WHERE message_id = ?", other)
    await spoil(database, "UPDATE messages SET is_deleted = TRUE WHERE id = ?", deleted)
    left_over = (talk, sends[-1].id + 9, ali)
    await spoil(database, "INSERT INTO search_texts VALUES (?, ?, ?, 'left over')", *left_over)
    return ali, sends[3].id


async def test_the_doctor_finds_and_mends_what_differs(database: Database) -> None:
    """Missing, different, deleted and left over."""
    await spoilt(database)
    drifts = await search_doctor.examine(database)
    said = " | ".join(drift.what for drift in drifts)
    assert len(drifts) == 4
    for state in ("does not have", "another text", "which is deleted", "does not exist"):
        assert state in said
    async with database.transaction() as transaction:
        for drift in drifts:
            for statement, parameters in drift.statements:
                await transaction.execute(statement, parameters)
    assert await drifted(database) == []


async def test_a_rebuild_makes_the_index_right_also_after_an_interruption(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of it search finds by conversations, and the follower goes on: behind the
    place where it was interrupted, and ahead of it.
    """
    ali, third = await spoilt(database)
    ((talk,),) = await database.fetch("SELECT max(id) FROM conversations")
    behind = [id_ for (id_,) in await database.fetch("SELECT id FROM messages ORDER BY id")][3:5]
    monkeypatch.setattr(search_rebuild, "STEP", 3)
    steps = search_rebuild.rebuild(database)
    assert await anext(steps) == 3
    assert await anext(steps) == 3
    await steps.aclose()
    assert await found(database, ali, "خبر 3", by_pieces=await search.has_pieces(database)) == [
        third
    ]
    make = Changes(database, talk)
    await make.edit(behind[0], "میدان")
    await make.delete(behind[1])
    await make.edit(behind[1] + 3, "خیابان")
    for text in ("کوچه", "بازار"):
        await sent(database, talk, ali, text)
    await follow(database)
    counts = [count async for count in search_rebuild.rebuild(database)]
    assert counts == [3, 1]  # it goes on where it was
    for text in ("میدان", "خیابان", "کوچه", "بازار"):
        assert len(await found(database, ali, text, by_pieces=True)) == 1
    assert await search.has_pieces(database)
    assert await drifted(database) == []
    await sent(database, talk, ali, "تازه")
    await follow(database)
    assert len(await found(database, ali, "تازه", by_pieces=True)) == 1
    assert await drifted(database) == []


async def test_of_two_rebuilds_at_once_one_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both would otherwise make the same pieces. The last one has all."""
    talk, ali, _ = await pair(database)
    await database.store_sends([draft(talk, ali, f"خبر {n}") for n in range(8)])
    monkeypatch.setattr(search_rebuild, "STEP", 3)
    one, other, late = [search_rebuild.rebuild(database) for _ in range(3)]
    assert await anext(one) == 3
    assert await anext(other) == 3
    with pytest.raises(Conflict):
        await anext(one)
    assert await anext(late) == 2
    with pytest.raises(Conflict):
        await anext(other)
    assert [count async for count in late] == []
    assert len(await found(database, ali, "خبر", by_pieces=True)) == 8
    assert await drifted(database) == []


async def test_the_follower_has_nothing_to_do_after_a_rebuild(database: Database) -> None:
    """Of a database that has never been followed, too."""
    talk, ali, _ = await pair(database)
    await database.store_sends([draft(talk, ali, f"خبر {n}") for n in range(5)])
    assert [count async for count in search_rebuild.rebuild(database)] == [5]
    follower = Counting(database)
    async with following(database, follower):
        await sent(database, talk, ali)
        await caught_up(database)
    assert sum(follower.counts) == 1
    assert await drifted(database) == []


async def test_pieces_that_differ_from_the_texts_are_found(database: Database) -> None:
    """SQLite's index is kept by triggers; PostgreSQL's is the database's own."""
    if database.dialect != "sqlite":
        return
    await spoilt(database)
    await spoil(database, "INSERT INTO search_pieces (search_pieces) VALUES ('delete-all')")
    drifts = await search_doctor.examine(database)
    assert "index of pieces" in drifts[0].what
    async with database.transaction() as transaction:
        for drift in drifts:
            for statement, parameters in drift.statements:
                await transaction.execute(statement, parameters)
    assert await drifted(database) == []


async def test_the_event_loop_goes_on_while_long_texts_are_folded() -> None:
    """Between some and the next: a hundred long ones at once take a tenth of a second."""
    long = "سلام " * 800
    async with counted() as turns:
        said = [Said(1, id_, 1, long, is_deleted=id_ == 7) for id_ in range(100)]
        texts, gone = await keyed(said)
    assert ([one.message_id for one in texts], gone) == (
        [id_ for id_ in range(100) if id_ != 7],
        [(1, 7)],
    )
    assert turns.count >= 100 * len(long) // (2 * LETTERS)
