"""The writer: order, answers after the commit, what is refused, and what a failure leaves."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import UNSET

from chat.changes.messages import EditedMessage, MessageEdited
from chat.errors import Conflict, Failed, NotFound, Unavailable
from chat.events import Change, Event, MessageSent, Reached
from chat.store import conversations, message_changes
from chat.store.database import Database, Transaction
from chat.store.work import Apply, Outcome
from chat.store.writer import Writer
from tests.store.world import MOMENT, Changes, draft, frames, pair, sent, user, writing


class Log:
    """What a writer did, in the order in which it did it: answers and events."""

    def __init__(self) -> None:
        self.lines: list[Any] = []
        self.doubts: list[set[int]] = []

    def publish(self, events: Sequence[Event]) -> None:
        self.lines.extend(events)

    def doubt(self, conversation_ids: Any) -> None:
        self.doubts.append(set(conversation_ids))

    def answer(self, name: str) -> Any:
        return lambda error: self.lines.append((name, error))

    @property
    def answers(self) -> dict[str, Exception | None]:
        """By the name that was given to each."""
        return {line[0]: line[1] for line in self.lines if isinstance(line, tuple)}

    @property
    def events(self) -> list[Event]:
        return [line for line in self.lines if isinstance(line, Event)]


@pytest.fixture
def log() -> Log:
    return Log()


async def contents(database: Database, talk: int) -> list[str]:
    rows = await database.fetch(
        "SELECT content FROM messages WHERE conversation_id = ? ORDER BY id", (talk,)
    )
    return [content for (content,) in rows]


def publishing_edit(talk: int, message_id: int, content: str) -> Apply[int]:
    async def apply(transaction: Transaction) -> Outcome[int]:
        seq = await conversations.advance(transaction, talk)
        await message_changes.edit(transaction, talk, message_id, content, seq)
        frame = MessageEdited(EditedMessage(message_id, content), seq=seq)
        return Outcome(seq, (Change(talk, frame),))

    return apply


def refusing(error: Exception) -> Apply[None]:
    async def apply(transaction: Transaction) -> Outcome[None]:
        raise error

    return apply


async def test_messages_are_stored_and_published_in_the_order_they_came(
    database: Database, log: Log
) -> None:
    """Also where many wait at once; each is answered."""
    talk, ali, _ = await pair(database)
    async with writing(database, log.publish) as writer:
        sends = [draft(talk, ali, str(n)) for n in range(200)]
        for send in sends[:1]:
            writer.send(send, log.answer("first"))
        await asyncio.sleep(0)
        for send in sends[1:]:
            writer.send(send, log.answer(send.content))
    assert [send.seq for send in sends] == list(range(1, 201))
    heard = frames(log.events, MessageSent)
    assert [(frame.seq, frame.content) for frame in heard] == [(n + 1, str(n)) for n in range(200)]
    at = "2023-10-27T10:00:00Z"
    assert heard[0] == MessageSent(sends[0].id, "ali", "0", at, sender_id=ali, seq=1)
    assert {event.conversation_id for event in log.events} == {talk}
    assert await contents(database, talk) == [str(n) for n in range(200)]


async def test_answers_come_after_the_commit_and_before_the_news(
    database: Database, other_node: Database, log: Log
) -> None:
    """Whoever receives a message finds it in the database, from anywhere."""
    talk, ali, _ = await pair(database)
    found: list[Any] = []

    def publish(events: Sequence[Event]) -> None:
        log.publish(events)
        found.append(asyncio.create_task(contents(other_node, talk)))

    async with writing(database, publish) as writer:
        writer.send(draft(talk, ali, "a"), log.answer("a"))
        writer.send(draft(talk, ali, "b"), log.answer("b"))
    assert await found[0] == ["a", "b"]
    assert [type(line) for line in log.lines] == [tuple, tuple, Change, Change]


async def test_a_repeat_is_answered_as_the_first_and_told_as_a_point_only(
    database: Database, log: Log
) -> None:
    """Whoever stored the first may have died before publishing it; sockets look for themselves."""
    talk, ali, _ = await pair(database)
    async with writing(database, log.publish) as writer:
        first, again = (draft(talk, ali, "hello", "key") for _ in range(2))
        await writer.store(first)
        await writer.store(again)
    assert (again.id, again.seq, again.created_at) == (first.id, first.seq, MOMENT)
    assert log.events[1:] == [Reached(talk, first.seq)]


async def test_a_refused_message_leaves_its_neighbours_and_is_not_published(
    database: Database, log: Log
) -> None:
    """Who is not in the conversation gets the error, the others their numbers."""
    talk, ali, _ = await pair(database)
    stranger = await user(database, "stranger")
    async with writing(database, log.publish) as writer:
        writer.send(draft(talk, ali, "a"), log.answer("a"))
        writer.send(draft(talk, stranger, "no"), log.answer("no"))
        writer.send(draft(talk, ali, "b"), log.answer("b"))
    answers = log.answers
    assert (answers["a"], answers["b"]) == (None, None)
    assert isinstance(answers["no"], NotFound)
    assert [frame.content for frame in frames(log.events, MessageSent)] == ["a", "b"]


async def test_one_poisoned_message_fails_alone(database: Database, log: Log) -> None:
    """Text that cannot be stored takes no other of its batch with it, nor their order."""
    talk, ali, _ = await pair(database)
    async with writing(database, log.publish) as writer:
        for content in ("a", "half a pair \ud800", "b", "c"):
            writer.send(draft(talk, ali, content), log.answer(content))
    answers = log.answers
    assert isinstance(answers.pop("half a pair \ud800"), Failed)
    assert answers == {"a": None, "b": None, "c": None}
    assert await contents(database, talk) == ["a", "b", "c"]
    assert [frame.seq for frame in frames(log.events, MessageSent)] == [1, 2, 3]


async def test_the_null_character_harms_nobody_else(database: Database, log: Log) -> None:
    """PostgreSQL cannot keep it, SQLite can; either way the others are stored."""
    talk, ali, _ = await pair(database)
    async with writing(database) as writer:
        for content in ("a", "\0", "b"):
            writer.send(draft(talk, ali, content), log.answer(content))
    answers = log.answers
    assert (answers["a"], answers["b"]) == (None, None)
    assert (await contents(database, talk))[:: 2 if answers["\0"] is None else 1] == ["a", "b"]


async def test_changes_and_messages_keep_their_order(database: Database, log: Log) -> None:
    """Mixed as they come, each takes the next number, and news has that order too."""
    talk, ali, _ = await pair(database)
    first = await sent(database, talk, ali, "before")
    results: list[Any] = []
    async with writing(database, log.publish) as writer:
        for n in range(10):
            writer.send(draft(talk, ali, f"new {n}"), log.answer("send"))
            for part in "ab":
                writer.submit(
                    talk,
                    publishing_edit(talk, first.id, f"edit {n}{part}"),
                    lambda seq, error: results.append((seq, error)),
                )
    expected = [text for n in range(10) for text in (f"new {n}", f"edit {n}a", f"edit {n}b")]
    heard = frames(log.events, MessageSent, MessageEdited)
    assert [
        frame.content if isinstance(frame, MessageSent) else frame.message.content
        for frame in heard
    ] == expected
    assert [frame.seq for frame in heard] == list(range(2, 32))
    assert results == [(seq, None) for n in range(10) for seq in (3 * n + 3, 3 * n + 4)]


async def test_a_change_that_is_refused_changes_nothing_and_leaves_its_neighbours(
    database: Database, log: Log
) -> None:
    """A domain error reaches the one who asked; what came with it is stored and published."""
    talk, ali, _ = await pair(database)
    first = await sent(database, talk, ali)
    async with writing(database, log.publish) as writer:
        outcomes = await asyncio.gather(
            writer.change(talk, publishing_edit(talk, first.id, "a")),
            writer.change(talk, refusing(Conflict("no"))),
            writer.change(talk, publishing_edit(talk, first.id, "b")),
            return_exceptions=True,
        )
    assert (outcomes[0], outcomes[2]) == (2, 3)
    assert isinstance(outcomes[1], Conflict)
    assert [event.seq for event in log.events if isinstance(event, Change)] == [2, 3]


async def test_a_change_that_breaks_fails_alone(database: Database, log: Log) -> None:
    """Even one that broke the transaction of all: they are done once each, in their order."""
    talk, ali, _ = await pair(database)
    first = await sent(database, talk, ali)

    async def broken(transaction: Transaction) -> Outcome[None]:
        await transaction.execute("INSERT INTO participants VALUES (NULL)")
        raise AssertionError("unreachable")

    async with writing(database, log.publish) as writer:
        outcomes = await asyncio.gather(
            writer.change(talk, publishing_edit(talk, first.id, "a")),
            writer.change(talk, broken),
            writer.change(talk, publishing_edit(talk, first.id, "b")),
            return_exceptions=True,
        )
    assert (outcomes[0], outcomes[2]) == (2, 3)
    assert isinstance(outcomes[1], Exception)
    assert not isinstance(outcomes[1], Unavailable)
    assert await contents(database, talk) == ["b"]


async def test_others_are_told_in_the_order_of_the_numbers(database: Database) -> None:
    """Though an agent's message is stored behind those of participants in the same batch."""
    talk, ali, _ = await pair(database)
    agent = await user(database, "agent", is_staff=True)
    await Changes(database, talk).open_ticket(ali)
    heard: list[Event] = []
    writer = Writer(database, heard.extend, doubt=lambda ids: None, capacity=10, timeout=60)
    drafts = [draft(talk, sender, str(n)) for n, sender in enumerate((agent, ali, agent, ali))]
    answers: list[int] = []
    for send in drafts:  # none is committed before `run`, so all are one batch
        writer.send(send, lambda error, send=send: answers.append(send.seq))  # type: ignore[misc] # bound now
    writer.close()
    await writer.run()
    assert sorted(answers) == [2, 3, 4, 5]
    sent = frames(heard, MessageSent)
    assert [frame.seq for frame in sent] == [2, 3, 4, 5]
    assert {frame.content: frame.role for frame in sent} == {
        "0": "agent",
        "1": UNSET,
        "2": "agent",
        "3": UNSET,
    }
    # Of each sender in the order in which it was sent.
    assert [frame.content for frame in sent if frame.role == "agent"] == ["0", "2"]


async def test_what_follows_a_change_is_done_after_its_commit(database: Database) -> None:
    """Not when it is refused, and not before it is on the disk."""
    talk, _, _ = await pair(database)
    done: list[str] = []

    async def renamed(transaction: Transaction) -> Outcome[None]:
        await conversations.rename(transaction, talk, "title", 1)
        return Outcome(None, after=lambda: done.append("after"))

    async with writing(database) as writer:
        await writer.change(talk, renamed)
        with pytest.raises(Conflict):
            await writer.change(talk, refusing(Conflict("no")))
    assert done == ["after"]
    assert await database.fetch("SELECT title FROM conversations") == [("title",)]


async def test_the_messages_of_a_busy_conversation_share_a_commit(database: Database) -> None:
    """One that came alone does not keep its sender's others in two turns for ever."""
    talk, ali, _ = await pair(database)
    sizes: list[int] = []
    loop = asyncio.get_running_loop()
    async with writing(database, lambda events: sizes.append(len(events))) as writer:
        everyone = asyncio.Event()

        def say() -> None:
            if len(sizes) < 6:
                writer.send(draft(talk, ali), answered)
            else:
                everyone.set()

        def answered(error: Exception | None) -> None:
            loop.call_soon(say)  # as a socket whose client answers an ack with a message

        say()
        await asyncio.sleep(0)  # the first is on its way
        for _ in range(7):
            say()
        await everyone.wait()
    assert sizes[:6] == [1, 7, 8, 8, 8, 8]
