"""A cursor stands for all conversations of a user: who comes back with it misses nothing."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from time import monotonic

import psycopg
import pytest

from chat.errors import EpochChanged, InvalidInput, Unavailable
from chat.store import conversations, history, positions, read_marks
from chat.store.database import Database, Transaction
from chat.store.positions import Behind
from chat.store.work import Apply, Outcome
from tests.store.world import (
    Changes,
    conversation,
    draft,
    editing,
    opened,
    pair,
    sent,
    user,
    writing,
)
from tests.support.postgres_server import PostgresServer
from tests.support.processes import is_running
from tests.support.server_group import wait_until

WRITERS = 8
MESSAGES = 60


async def cursor_of(database: Database, user_id: int) -> str:
    return (await positions.of_user(database, user_id)).cursor


async def behind(database: Database, user_id: int, cursor: str) -> Behind:
    found = await positions.behind(database, user_id, cursor)
    assert found is not None
    return found


def marking(conversation_id: int, user_id: int, message_id: int) -> Apply[bool]:
    async def apply(transaction: Transaction) -> Outcome[bool]:
        return Outcome(
            await read_marks.read_up_to(transaction, conversation_id, user_id, message_id)
        )

    return apply


async def test_positions_are_those_of_all_that_the_user_is_in(database: Database) -> None:
    """Each with its number of changes, and nobody else's."""
    talk, ali, sara = await pair(database)
    quiet = await conversation(database, ali)
    await conversation(database, sara)
    await sent(database, talk, sara)
    await sent(database, talk, ali)
    standing = await positions.of_user(database, ali)
    assert sorted(standing.positions) == [(talk, 2), (quiet, 0)]
    assert standing.epoch == (await history.read(database)).epoch
    assert (await positions.of_user(database, await user(database, "new"))).positions == []


async def test_nothing_is_behind_where_nothing_happened(database: Database) -> None:
    """Neither of what was before the cursor, nor of conversations of others."""
    talk, ali, sara = await pair(database)
    others = await conversation(database, sara)
    await sent(database, talk, ali)
    cursor = await cursor_of(database, ali)
    await sent(database, others, sara)
    found = await behind(database, ali, cursor)
    assert (found.changed, found.joined, found.left) == ([], [], [])


async def test_each_way_to_change_a_conversation_is_behind_the_cursor(database: Database) -> None:
    """`since` is where the cursor was: all after it is to be sent, and nothing before it."""
    talk, ali, sara = await pair(database)
    first = await sent(database, talk, ali)
    cursor = await cursor_of(database, ali)
    await sent(database, talk, sara)
    last = await sent(database, talk, sara)
    assert (await behind(database, ali, cursor)).changed == [(talk, 1, 3)]

    cursor = await cursor_of(database, ali)
    async with writing(database) as writer:
        await writer.change(talk, editing(talk, first.id, "hi"))
    assert (await behind(database, ali, cursor)).changed == [(talk, 3, 4)]

    cursor = await cursor_of(database, ali)
    async with writing(database) as writer:
        assert await writer.change(talk, marking(talk, sara, last.id))
    assert (await behind(database, ali, cursor)).changed == [(talk, 4, 4)]


async def test_who_comes_and_goes_is_known(database: Database) -> None:
    """A conversation that began, one that was joined, one that was left."""
    talk, ali, sara = await pair(database)
    foreign = await conversation(database, sara)
    cursor = await cursor_of(database, ali)
    begun = await conversation(database, sara, ali)
    await Changes(database, foreign).join(ali)
    await Changes(database, talk).leave(ali)
    found = await behind(database, ali, cursor)
    assert sorted(found.joined) == [foreign, begun]
    assert sorted(one for one, _, _ in found.changed) == [foreign, begun]
    assert found.left == [talk]
    # From there on it is known.
    later = await behind(database, ali, found.cursor)
    assert (later.changed, later.joined, later.left) == ([], [], [])


async def test_a_refused_change_and_a_repeat_stamp_nothing(database: Database) -> None:
    """What stores nothing has nobody read a conversation again."""
    talk, ali, _ = await pair(database)
    stranger = await user(database, "stranger")
    await database.store_sends([draft(talk, ali, "hello", "key")])
    cursor = await cursor_of(database, ali)
    again, refused = draft(talk, ali, "hello", "key"), draft(talk, stranger)
    await database.store_sends([again, refused])
    assert again.is_repeat
    assert refused.error is not None
    assert (await behind(database, ali, cursor)).changed == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "abcd.1.BEGIN",
        "abcd.1.-1",
        "abcd.1.1e3",
        "abcd.1.٣",
        "abcd.1.9223372036854775808",
        "abcd.1." + "9" * 400,
        "abcd.1.7\n",
        "..7",
        "abcd.1.7.8",
        f"{'a' * 2000}.1.7",
    ],
)
async def test_what_is_no_cursor_is_refused_by_name(database: Database, text: str) -> None:
    """PostgreSQL would read some of them as 0, and fail at others."""
    with pytest.raises(InvalidInput) as refusal:
        await positions.behind(database, 1, text)
    assert list(refusal.value.fields) == ["cursor"]


async def test_a_cursor_of_another_history_says_so(database: Database) -> None:
    """The same stamps may be those of other changes by now."""
    _, ali, _ = await pair(database)
    cursor = await cursor_of(database, ali)
    await history.renew(database)
    with pytest.raises(EpochChanged) as changed:
        await positions.behind(database, ali, cursor)
    assert changed.value.epoch == (await history.read(database)).epoch


async def test_a_cursor_from_the_future_is_compared_with_nothing(database: Database) -> None:
    """The database was put back, and nobody renewed the epoch."""
    _, ali, _ = await pair(database)
    epoch, incarnation, point = (await cursor_of(database, ali)).split(".")
    ahead = f"{epoch}.{incarnation}.{int(point) + 10_000_000}"
    assert await positions.behind(database, ali, ahead) is None


class Client:
    """Comes back again and again with its cursor, and reads what is after each `since`."""

    def __init__(self, database: Database, user_id: int, cursor: str) -> None:
        self.database = database
        self.user_id = user_id
        self.cursor = cursor
        self.received: dict[int, set[int]] = defaultdict(set)

    async def resume(self) -> None:
        found = await behind(self.database, self.user_id, self.cursor)
        for conversation_id, since, seq in found.changed:
            rows = await self.database.fetch(
                "SELECT created_seq FROM messages"
                " WHERE conversation_id = ? AND created_seq > ? AND created_seq <= ?",
                (conversation_id, since, seq),
            )
            self.received[conversation_id].update(seq for (seq,) in rows)
        self.cursor = found.cursor


async def patiently(step: Callable[[], Awaitable[object]]) -> None:
    """SQLite gives up after some seconds where others write all the time, and stores nothing."""
    while True:
        try:
            await step()
        except Unavailable:
            continue
        return


async def test_nothing_is_missed_beside_many_writers_and_a_slow_one(
    database: Database, database_url: str
) -> None:
    """Every message of every conversation reaches a client that resumes all the time."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(WRITERS)]
    slow = await conversation(database, ali)
    client = Client(database, ali, await cursor_of(database, ali))

    async def write(node: Database, number: int) -> None:
        for n in range(MESSAGES):
            order = talks[number % 3 :: 3] if n % 2 else [talks[number]]
            batch = [draft(talk, ali, f"{number}.{n}") for talk in order]
            await patiently(partial(node.store_sends, batch))

    async def send_slowly(node: Database, seq: int) -> None:
        async with node.transaction() as transaction:
            await transaction.lock_conversations([slow])
            await transaction.execute(
                f"""
                INSERT INTO messages (conversation_id, sender_id, content, created_at,
                                      created_seq, seq, changed)
                VALUES (?, ?, '', 0, ?, ?, {transaction.stamp})
                """,  # noqa: S608 - of ours
                (slow, ali, seq, seq),
            )
            await conversations.advance(transaction, slow)
            await transaction.touch([slow])
            await asyncio.sleep(0.1)

    async def write_slowly(node: Database) -> None:
        """Its number is given out long before others commit theirs, again and again."""
        for seq in range(1, 6):
            await patiently(partial(send_slowly, node, seq))

    async with AsyncExitStack() as nodes:
        stores = [await nodes.enter_async_context(opened(database_url)) for _ in range(WRITERS + 1)]
        writing = [
            asyncio.create_task(write(node, number)) for number, node in enumerate(stores[1:])
        ]
        writing.append(asyncio.create_task(write_slowly(stores[0])))
        while not all(task.done() for task in writing):
            await client.resume()
        await asyncio.gather(*writing)
        await client.resume()
    for conversation_id, seq in (await positions.of_user(database, ali)).positions:
        assert client.received[conversation_id] == set(range(1, seq + 1)), conversation_id
        assert seq >= (5 if conversation_id == slow else MESSAGES)
    # By now all have ended, and the cursor is beyond them.
    assert (await behind(database, ali, client.cursor)).changed == []


@pytest.mark.parametrize("dialect", ["postgresql"])
async def test_an_older_transaction_that_waited_for_the_lock_is_not_missed(
    database: Database, other_node: Database
) -> None:
    """It stamps the conversation with a lower number than the one before it."""
    talk, ali, sara = await pair(database)
    async with other_node.transaction() as older:
        await older.fetch(f"SELECT {older.stamp}")  # it has its number
        await sent(database, talk, sara)
        before = await cursor_of(database, ali)
        await older.lock_conversations([talk])
        await conversations.advance(older, talk)
        await older.touch([talk])
        during = await cursor_of(database, ali)
    for cursor in (before, during):
        [(talk_id, since, seq)] = (await behind(database, ali, cursor)).changed
        assert (talk_id, seq) == (talk, 2)
        assert since < 2
    assert (await behind(database, ali, await cursor_of(database, ali))).changed == []


async def test_a_cursor_outlives_a_restart_but_not_a_crash() -> None:
    """PostgreSQL may give the numbers of lost transactions out again after a crash."""
    with PostgresServer() as server:
        url = server.create_database()
        async with opened(url, migrated=True) as database:
            talk, ali, sara = await pair(database)
            cursor = await cursor_of(database, ali)
        server.stop()
        server.start()
        async with opened(url) as database:
            await sent(database, talk, sara)
            assert (await behind(database, ali, cursor)).changed == [(talk, 0, 1)]

        with psycopg.connect(url) as victim:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            wait_until(lambda: not is_running(victim.info.backend_pid), "a killed process runs")
        async with opened(url) as database:
            assert await once_there(database, ali, cursor) is None
            after = await positions.of_user(database, ali)
            assert after.positions == [(talk, 1)]
            assert (await behind(database, ali, after.cursor)).changed == []


async def once_there(database: Database, user_id: int, cursor: str) -> Behind | None:
    """All other connections are gone too, and the server recovers for a moment."""
    give_up = monotonic() + 60
    while True:
        try:
            return await positions.behind(database, user_id, cursor)
        except Unavailable:
            assert monotonic() < give_up
            await asyncio.sleep(0.05)
