"""Two processes that write to one database at once: dense numbers, no circle, no doubles."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from chat.errors import KeyReused
from chat.events import Change, Event, MessageSent
from chat.store import conversations
from chat.store.database import Database
from chat.store.sends import Send
from tests.store.world import (
    MOMENT,
    conversation,
    draft,
    editing,
    expect_dense,
    pair,
    row,
    sent,
    stored,
    user,
    writing,
)


async def test_two_nodes_at_once_number_densely_and_never_wait_in_a_circle(
    database: Database, other_node: Database
) -> None:
    """The same conversations in opposite orders, many at a time."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(5)]

    async def store(node: Database, order: list[int], name: str) -> None:
        for n in range(10):
            await node.store_sends([draft(talk, ali, f"{name} {n}") for talk in order])

    async with asyncio.timeout(30):
        await asyncio.gather(
            store(database, talks, "a"),
            store(other_node, talks[::-1], "b"),
            store(database, talks[::-1], "c"),
            store(other_node, talks, "d"),
        )
    for talk in talks:
        rows = await stored(database, talk)
        assert len(rows) == 40
        expect_dense(rows)
        for name in "abcd":
            mine = [content for _, _, content in rows if content.startswith(name)]
            assert mine == [f"{name} {n}" for n in range(10)]


async def test_one_key_at_once_on_two_nodes_is_one_message(
    database: Database, other_node: Database
) -> None:
    """Both are told the same id and seq, and one of them that it is a repeat."""
    talk, ali, _ = await pair(database)
    for n in range(20):
        twins = [draft(talk, ali, "hello", f"key {n}") for _ in range(2)]
        await asyncio.gather(database.store_sends([twins[0]]), other_node.store_sends([twins[1]]))
        assert (twins[0].id, twins[0].seq) == (twins[1].id, twins[1].seq)
        assert sorted(twin.is_repeat for twin in twins) == [False, True]
    expect_dense(await stored(database, talk))


async def test_one_key_at_once_in_two_conversations_is_stored_in_one(
    database: Database, other_node: Database
) -> None:
    """Whoever is second gets KeyReused, and its conversation keeps the last message it has."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(2)]
    before = {talk: await sent(database, talk, ali) for talk in talks}
    second = draft(talks[1], ali, "late", "key")
    async with database.transaction() as transaction:
        await transaction.lock_conversations([talks[0]])
        seq = await conversations.advance(transaction, talks[0])
        await transaction.execute(
            "INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq,"
            " seq, client_id, fingerprint) VALUES (?, ?, 'first', ?, ?, ?, 'key', 0)",
            (talks[0], ali, MOMENT, seq, seq),
        )
        storing = asyncio.create_task(other_node.store_sends([second]))
        await asyncio.wait([storing], timeout=0.2)  # it waits for this transaction
        assert not storing.done()
    await storing
    assert isinstance(second.error, KeyReused)
    assert (await row(database, talks[1]))[1:] == (before[talks[1]].id, MOMENT)
    after = await sent(database, talks[1], ali)
    assert (await row(database, talks[1]))[:2] == (after.seq, after.id)


async def test_two_nodes_writing_everything_at_once_keep_every_number_dense(
    database: Database, other_node: Database
) -> None:
    """Messages and edits in several conversations, in different orders; news is in order too."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(4)]
    targets = {talk: await sent(database, talk, ali) for talk in talks}
    told: list[list[Event]] = [[], []]
    async with (
        writing(database, told[0].extend) as writer,
        writing(other_node, told[1].extend) as second,
    ):
        work: list[Awaitable[Any]] = []
        for n in range(20):
            for one, two, order in ((writer, second, talks), (second, writer, talks[::-1])):
                for talk in order:
                    work.append(one.store(draft(talk, ali, str(n))))
                    work.append(two.change(talk, editing(talk, targets[talk].id, str(n))))
        async with asyncio.timeout(30):
            await asyncio.gather(*work)
    assert await conversations.seqs(database, talks) == dict.fromkeys(talks, 81)
    for talk in talks:
        for events in told:
            seqs = [
                event.seq
                for event in events
                if isinstance(event, Change)
                and isinstance(event.frame, MessageSent)
                and event.conversation_id == talk
            ]
            assert seqs == sorted(seqs)
            assert len(seqs) == 20


async def test_a_message_of_one_key_at_once_on_two_nodes_is_stored_once(
    database: Database, other_node: Database
) -> None:
    """Retries that overtake each other through different nodes all get one id."""
    talk, ali, _ = await pair(database)
    async with writing(database) as writer, writing(other_node) as second:
        twins: list[Send] = [draft(talk, ali, "hello", "key") for _ in range(10)]
        await asyncio.gather(*((writer, second)[n % 2].store(send) for n, send in enumerate(twins)))
    assert len({send.id for send in twins}) == 1
    assert [send.is_repeat for send in twins].count(False) == 1
    assert await stored(database, talk) == [(twins[0].id, 1, "hello")]
