"""Batches of new messages: their numbers, repeats of a key, and who may not send."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chat.errors import KeyReused, NotFound, Unavailable
from chat.store import conversations
from chat.store.database import Database
from chat.store.postgres.database import PostgresStore
from chat.store.postgres.exchange import Answer, Values
from chat.store.sends import Send
from tests.store.world import (
    MOMENT,
    Changes,
    conversation,
    draft,
    expect_dense,
    pair,
    row,
    sent,
    stored,
    user,
)

Line = tuple[int, int, str, str | None]
Key = tuple[int, int, str | None]
"""Of a message that was sent with one: its conversation, its sender, its `client_id`."""
"""Place of the conversation, place of the sender, content, key."""

lines = st.tuples(
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(["a", "b", "سلام"]),
    st.none() | st.sampled_from(["k1", "k2"]),
)


async def test_a_batch_is_numbered_in_its_order(database: Database) -> None:
    """Seqs count on, ids ascend, and the conversation knows its last message."""
    talk, ali, sara = await pair(database)
    batch = [draft(talk, (ali, sara)[n % 2], str(n), created_at=MOMENT + n) for n in range(50)]
    await database.store_sends(batch)
    rows = await stored(database, talk)
    expect_dense(rows)
    assert [(send.id, send.seq, send.content) for send in batch] == rows
    assert await row(database, talk) == (50, batch[-1].id, MOMENT + 49)
    assert not any(send.is_repeat or send.error for send in batch)


async def test_any_text_is_stored_as_it_is(database: Database) -> None:
    """Also what would mean something in a list of PostgreSQL's, or be nothing there."""
    talk, ali, _ = await pair(database)
    texts = ['"', "\\", '\\"', "{}", "a,b", "NULL", "", " ", "\n\t", "?%s", "سلام\u200c🙂", "'; --"]
    await database.store_sends([draft(talk, ali, text, f"key {text}") for text in texts])
    assert [text for _, _, text in await stored(database, talk)] == texts
    before = await row(database, talk)
    again = [draft(talk, ali, text, f"key {text}") for text in texts]
    await database.store_sends(again)
    assert all(send.is_repeat and send.error is None for send in again)
    assert await row(database, talk) == before


async def test_batches_continue_each_other(database: Database) -> None:
    """A change in between takes a number too."""
    talk, ali, _ = await pair(database)
    first = await sent(database, talk, ali)
    assert await Changes(database, talk).edit(first.id, "edited") == 2
    second = await sent(database, talk, ali)
    assert (first.seq, second.seq) == (1, 3)
    assert await row(database, talk) == (3, second.id, MOMENT)


async def test_conversations_of_one_batch_are_numbered_apart(database: Database) -> None:
    """Each counts by itself, whatever the order in which they are mixed."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(3)]
    batch = [draft(talks[n % 3], ali, str(n)) for n in reversed(range(30))]
    await database.store_sends(batch)
    for talk in talks:
        rows = await stored(database, talk)
        expect_dense(rows)
        assert [content for _, _, content in rows] == [
            send.content for send in batch if send.conversation_id == talk
        ]


async def test_a_key_sent_again_is_the_first_message(database: Database) -> None:
    """In a later batch: the same numbers and moment, and nothing new is stored."""
    talk, ali, _ = await pair(database)
    first = draft(talk, ali, "hello", "key")
    await database.store_sends([first])
    again = draft(talk, ali, "hello", "key", created_at=MOMENT + 5)
    await database.store_sends([again, draft(talk, ali, "next")])
    assert again.is_repeat
    assert (again.id, again.seq, again.created_at) == (first.id, first.seq, MOMENT)
    assert [content for _, _, content in await stored(database, talk)] == ["hello", "next"]
    expect_dense(await stored(database, talk))


async def test_a_key_twice_in_a_batch_is_one_message(database: Database) -> None:
    """The later one is the repeat."""
    talk, ali, _ = await pair(database)
    batch = [
        draft(talk, ali, "hello", "key"),
        draft(talk, ali, "x"),
        draft(talk, ali, "hello", "key"),
    ]
    await database.store_sends(batch)
    assert [send.is_repeat for send in batch] == [False, False, True]
    assert (batch[2].id, batch[2].seq) == (batch[0].id, batch[0].seq) == (batch[0].id, 1)
    expect_dense(await stored(database, talk))


async def test_a_repeat_at_the_end_of_a_large_batch_doubles_nothing(database: Database) -> None:
    """What was inserted before it was met is stored once, as if it had not been there."""
    talk, ali, sara = await pair(database)
    first = draft(talk, ali, "hello", "key")
    await database.store_sends([first])
    new = [draft(talk, (ali, sara)[n % 2], str(n), f"key {n}") for n in range(150)]
    again = draft(talk, ali, "hello", "key")
    await database.store_sends([*new, again])
    assert (again.is_repeat, again.id, again.seq) == (True, first.id, 1)
    rows = await stored(database, talk)
    expect_dense(rows)
    assert sorted((send.id, send.seq, send.content) for send in (first, *new)) == rows
    assert (await row(database, talk))[:2] == (151, rows[-1][0])


async def test_a_repeat_of_an_edited_or_deleted_message_is_still_its_repeat(
    database: Database,
) -> None:
    """The key stands for what was sent, not for what became of it."""
    talk, ali, _ = await pair(database)
    first = draft(talk, ali, "hello", "key")
    await database.store_sends([first])
    changes = Changes(database, talk)
    await changes.edit(first.id, "other words")
    await changes.delete(first.id)
    again = draft(talk, ali, "hello", "key")
    await database.store_sends([again])
    assert (again.is_repeat, again.id, again.seq) == (True, first.id, 1)


@pytest.mark.parametrize("in_one_batch", [True, False], ids=["one batch", "two batches"])
async def test_a_key_with_another_body_is_refused(database: Database, in_one_batch: bool) -> None:
    """Nothing is stored for it. Another sender may use the same key, and another conversation."""
    talk, ali, sara = await pair(database)
    elsewhere = await conversation(database, ali, sara)
    first, other_body = draft(talk, ali, "hello", "key"), draft(talk, ali, "bye", "key")
    other_place, other_sender = draft(elsewhere, ali, "hello", "key"), draft(talk, sara, "x", "key")
    rest = [other_body, other_place, other_sender]
    for batch in [[first, *rest]] if in_one_batch else [[first], rest]:
        await database.store_sends(batch)
    assert isinstance(other_body.error, KeyReused)
    assert (first.error, other_sender.error, other_place.error) == (None, None, None)
    assert (other_sender.is_repeat, other_sender.seq) == (False, 2)
    assert (other_place.is_repeat, other_place.seq) == (False, 1)
    assert [content for _, _, content in await stored(database, talk)] == ["hello", "x"]
    assert [content for _, _, content in await stored(database, elsewhere)] == ["hello"]


@pytest.mark.parametrize("who", ["stranger", "left", "unknown conversation"])
async def test_who_is_not_in_it_stores_nothing(database: Database, who: str) -> None:
    """The same answer for each, and the others of the batch are stored."""
    talk, ali, sara = await pair(database)
    sender, place = await user(database, "stranger"), talk
    if who == "left":
        await Changes(database, talk).leave(sara)
        sender = sara
    if who == "unknown conversation":
        sender, place = ali, talk + 1000
    before = await conversations.seqs(database, [talk])
    batch = [draft(talk, ali, "1"), draft(place, sender, "no", "key"), draft(talk, ali, "2")]
    await database.store_sends(batch)
    assert isinstance(batch[1].error, NotFound)
    assert [content for _, _, content in await stored(database, talk)] == ["1", "2"]
    assert await conversations.seqs(database, [talk]) == {talk: before[talk] + 2}


async def test_storing_after_a_failed_try_begins_afresh(database: Database) -> None:
    """What an earlier try left on a send does not count."""
    talk, ali, _ = await pair(database)
    send = draft(talk, ali)
    send.id, send.seq, send.is_repeat, send.error = 9, 9, True, NotFound("before")
    await database.store_sends([send])
    assert await stored(database, talk) == [(send.id, 1, "hello")]
    assert (send.seq, send.is_repeat) == (1, False)
    assert send.error is None


async def test_agents_send_without_being_participants(database: Database) -> None:
    """Staff, where there is a ticket, closed or not; the message keeps that an agent sent it."""
    talk, ali, sara = await pair(database)
    without = await conversation(database, ali, sara)
    agent = await user(database, "agent", is_staff=True)
    stranger = await user(database, "stranger")
    await Changes(database, talk).open_ticket(ali)
    batch = [
        draft(talk, agent, "a", "key"),
        draft(talk, ali, "b", "key"),
        draft(talk, agent, "a", "key"),
        draft(talk, agent, "other", "key"),
        draft(without, agent, "c"),
        draft(talk, stranger, "d"),
        draft(talk, agent, "e"),
    ]
    await database.store_sends(batch)
    refused = [type(send.error) for send in batch]
    assert refused == [type(None)] * 3 + [KeyReused, NotFound, NotFound, type(None)]
    rows = await database.fetch(
        "SELECT id, seq, content, by_agent FROM messages WHERE conversation_id = ? ORDER BY seq",
        (talk,),
    )
    assert {content: bool(by_agent) for _, _, content, by_agent in rows} == {
        "a": True,
        "b": False,
        "e": True,
    }
    assert [seq for _, seq, _, _ in rows] == [2, 3, 4]
    by_content = {content: (id_, seq) for id_, seq, content, _ in rows}
    for send in (batch[0], batch[1], batch[6]):
        assert (send.id, send.seq) == by_content[send.content]
        assert (send.is_repeat, send.by_agent) == (False, send.sender_id == agent)
    assert (batch[2].is_repeat, batch[2].seq) == (True, batch[0].seq)
    assert await stored(database, without) == []
    await execute(database, "UPDATE support_tickets SET status = 'closed'")
    again = [draft(talk, agent, "f"), draft(talk, agent, "a", "key")]
    await database.store_sends(again)
    assert [(send.error, send.is_repeat) for send in again] == [(None, False), (None, True)]


async def test_who_is_staff_no_more_sends_nothing(database: Database) -> None:
    """A repeat of what they sent before is answered all the same; a participant stays one."""
    talk, ali, _ = await pair(database)
    agent = await user(database, "agent", is_staff=True)
    await Changes(database, talk).open_ticket(ali)
    await database.store_sends([draft(talk, agent, "a", "key")])
    await execute(database, "UPDATE users SET is_staff = FALSE")
    batch = [draft(talk, agent, "a", "key"), draft(talk, agent, "b")]
    await database.store_sends(batch)
    assert (batch[0].is_repeat, batch[0].error) == (True, None)
    assert isinstance(batch[1].error, NotFound)
    await Changes(database, talk).join(agent)
    joined = draft(talk, agent, "c")
    await database.store_sends([joined])
    assert (joined.error, joined.by_agent) == (None, False)


async def execute(database: Database, sql: str) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(sql)


def lose_after_one_exchange(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database answer one exchange of statements, and be away from then on."""
    assert isinstance(database, PostgresStore)
    together = database.together

    async def break_down(_: object) -> list[Answer]:
        raise Unavailable("away", retry_after=1.0)

    async def once(statements: Sequence[tuple[str, Values]]) -> list[Answer]:
        monkeypatch.setattr(database, "together", break_down)
        return await together(statements)

    monkeypatch.setattr(database, "together", once)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_agents_of_a_batch_may_fail_by_themselves(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The participants' messages are stored by then: tried again, they would double."""
    talk, ali, _ = await pair(database)
    agent = await user(database, "agent", is_staff=True)
    await Changes(database, talk).open_ticket(ali)
    batch = [draft(talk, agent, "a"), draft(talk, ali, "b")]
    lose_after_one_exchange(database, monkeypatch)
    await database.store_sends(batch)
    assert isinstance(batch[0].error, Unavailable)
    assert batch[1].error is None
    assert [content for _, _, content in await stored(database, talk)] == ["b"]


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
async def test_what_repeats_within_a_batch_may_fail_by_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages before it are stored by then: tried again, those without a key would double."""
    talk, ali, _ = await pair(database)
    before, keyed, repeat, after = batch = [
        draft(talk, ali, content, key)
        for content, key in (("a", None), ("b", "key"), ("b", "key"), ("c", None))
    ]
    lose_after_one_exchange(database, monkeypatch)
    await database.store_sends(batch)
    assert [send.seq for send in (before, keyed)] == [1, 2]
    assert [type(send.error) for send in (repeat, after)] == [Unavailable] * 2
    assert [content for _, _, content in await stored(database, talk)] == ["a", "b"]


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=st.lists(st.lists(lines, max_size=8), max_size=4))
@example(batches=[[(1, 2, "a", "k2"), (0, 2, "a", "k2")]])  # refused, its key is still free
async def test_any_batches_do_what_one_message_at_a_time_would(
    database: Database, batches: list[list[Line]]
) -> None:
    """Compared with a model in memory; the third person is in the first conversation only."""
    names = [await next_user(database) for _ in range(3)]
    talks = [await conversation(database, *names)] + [
        await conversation(database, *names[:2]) for _ in range(2)
    ]
    kept: dict[int, list[str]] = {talk: [] for talk in talks}
    used: dict[Key, tuple[str, int]] = {}
    for batch in batches:
        drafts = [draft(talks[t], names[n], content, key) for t, n, content, key in batch]
        await database.store_sends(drafts)
        for send in drafts:
            check(
                send,
                kept,
                used,
                may_send=send.sender_id != names[2] or send.conversation_id == talks[0],
            )
    for talk in talks:
        rows = await stored(database, talk)
        expect_dense(rows)
        assert [content for _, _, content in rows] == kept[talk]
        assert (await row(database, talk))[:2] == (len(rows), rows[-1][0] if rows else None)


def check(
    send: Send,
    kept: dict[int, list[str]],
    used: dict[Key, tuple[str, int]],
    *,
    may_send: bool,
) -> None:
    """Whether the send came out as the model says; then the model has it too."""
    key = (send.conversation_id, send.sender_id, send.client_id)
    first = used.get(key)
    if first is not None:
        content, seq = first
        if content == send.content:
            assert (send.error, send.is_repeat, send.seq) == (None, True, seq)
        else:
            assert isinstance(send.error, KeyReused)
        return
    if not may_send:
        assert isinstance(send.error, NotFound)
        return
    kept[send.conversation_id].append(send.content)
    assert (send.error, send.is_repeat) == (None, False)
    assert send.seq == len(kept[send.conversation_id])
    if send.client_id is not None:
        used[key] = (send.content, send.seq)


async def next_user(database: Database) -> int:
    ((count,),) = await database.fetch("SELECT count(*) FROM users")
    return await user(database, f"user{count}")
