"""Two processes that write to one database at once: dense numbers, no circle, no doubles."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from chat.events import Change, Event, MessageSent
from chat.store import conversations
from chat.store.database import Database
from chat.store.sends import Send
from tests.store.world import (
    conversation,
    draft,
    editing,
    expect_dense,
    pair,
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

    async with asyncio.timeout(60):
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
    """Both get the same id and seq, and one of them that it is a repeat."""
    talk, ali, _ = await pair(database)
    for n in range(20):
        twins = [draft(talk, ali, "hello", f"key {n}") for _ in range(2)]
        await asyncio.gather(database.store_sends([twins[0]]), other_node.store_sends([twins[1]]))
        assert (twins[0].id, twins[0].seq) == (twins[1].id, twins[1].seq)
        assert sorted(twin.is_repeat for twin in twins) == [False, True]
    expect_dense(await stored(database, talk))


async def test_one_key_at_once_in_two_conversations_is_two_messages(
    database: Database, other_node: Database
) -> None:
    """A key counts within its conversation, and neither waits for the other's transaction."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(2)]
    twins = [draft(talk, ali, "hello", "key") for talk in talks]
    await asyncio.gather(database.store_sends([twins[0]]), other_node.store_sends([twins[1]]))
    for twin in twins:
        assert (twin.error, twin.is_repeat) == (None, False)
        assert await stored(database, twin.conversation_id) == [(twin.id, 1, "hello")]


async def test_two_nodes_writing_everything_at_once_keep_every_number_dense(
    database: Database, other_node: Database
) -> None:
    """Messages and edits in several conversations, in different orders; news is in order too."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(4)]
    targets = {talk: await sent(database, talk, ali) for talk in talks}
    heard: list[list[Event]] = [[], []]
    async with (
        writing(database, heard[0].extend) as writer,
        writing(other_node, heard[1].extend) as second,
    ):
        work: list[Awaitable[Any]] = []
        for n in range(20):
            for one, two, order in ((writer, second, talks), (second, writer, talks[::-1])):
                for talk in order:
                    work.append(one.store(draft(talk, ali, str(n))))
                    work.append(two.change(talk, editing(talk, targets[talk].id, str(n))))
        async with asyncio.timeout(60):
            await asyncio.gather(*work)
    assert await conversations.seqs(database, talks) == dict.fromkeys(talks, 81)
    for talk in talks:
        for events in heard:
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
