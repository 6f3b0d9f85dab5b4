"""The writer when things go wrong: full queues, a database that is away, lost answers."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from typing import Any

import pytest

from chat.auth.identity import Identity
from chat.errors import OutcomeUnknown, Unavailable
from chat.events import Event, MessageSent
from chat.services.support_tickets import SupportTickets
from chat.store.database import Database
from chat.store.patience import Patience
from chat.store.writer import Writer
from tests.store.world import draft, editing, frames, opened, pair, sent, writing
from tests.support.postgres_server import PostgresServer

DIE_ONCE = (
    "CREATE SEQUENCE deaths",
    "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF nextval('deaths') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
    " RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER die AFTER INSERT OR UPDATE ON messages"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()",
)
"""The first commit that holds a message loses its connection."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process writes all the while: to the writer the database is away."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "payam.sqlite3"


IMPATIENT = Patience(lock=0.02)
"""Of a database that waits for others for a moment only."""


def keep(answers: dict[str, Any], name: str) -> Any:
    def done(error: Exception | None) -> None:
        assert name not in answers, "answered twice"
        answers[name] = error

    return done


async def count(database: Database) -> int:
    ((found,),) = await database.fetch("SELECT count(*) FROM messages")
    return int(found)


async def test_a_full_queue_refuses_and_what_was_taken_is_stored(database: Database) -> None:
    """Nothing is dropped in silence; when there is room again it takes more."""
    talk, ali, _ = await pair(database)
    writer = Writer(database, lambda events: None, doubt=lambda ids: None, capacity=3, timeout=60)
    answers: dict[str, Any] = {}
    for name in "abc":
        writer.send(draft(talk, ali, name), keep(answers, name))
    with pytest.raises(Unavailable) as caught:
        writer.send(draft(talk, ali), keep(answers, "d"))
    assert caught.value.retry_after > 0
    with pytest.raises(Unavailable):
        await writer.change(talk, editing(talk, 1, "x"))
    running = asyncio.create_task(writer.run())
    await writer_is_idle(writer, talk, ali)
    assert answers == dict.fromkeys("abc")
    writer.close()
    await running
    assert await count(database) == 4


async def writer_is_idle(writer: Writer, talk: int, ali: int, content: str = "hello") -> None:
    """Wait until it has room, and stores this message."""
    async with asyncio.timeout(60):
        while True:
            with suppress(Unavailable):
                await writer.store(draft(talk, ali, content))
                return
            await asyncio.sleep(0.01)


async def test_closing_answers_what_was_taken_and_takes_nothing_more(database: Database) -> None:
    """Then `run` ends by itself."""
    talk, ali, _ = await pair(database)
    answers: dict[str, Any] = {}
    async with writing(database) as writer:
        for name in "abc":
            writer.send(draft(talk, ali, name), keep(answers, name))
        writer.close()
        with pytest.raises(Unavailable):
            writer.send(draft(talk, ali), keep(answers, "late"))
    assert answers == dict.fromkeys("abc")
    assert await count(database) == 3


async def test_an_answer_that_raises_does_not_stop_the_others(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; the others are answered, and the news of all goes out."""
    talk, ali, _ = await pair(database)
    answers: dict[str, Any] = {}
    events: list[Event] = []

    def broken(error: Exception | None) -> None:
        raise ZeroDivisionError

    async with writing(database, events.extend) as writer:
        writer.send(draft(talk, ali, "a"), keep(answers, "a"))
        writer.send(draft(talk, ali, "broken"), broken)
        writer.send(draft(talk, ali, "b"), keep(answers, "b"))
    assert answers == {"a": None, "b": None}
    assert [frame.content for frame in frames(events, MessageSent)] == ["a", "broken", "b"]
    assert "an answer could not be given" in caplog.text


async def test_news_that_cannot_be_published_is_left_to_the_database(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """The sender has its answer, the conversation is doubtful, and the writer goes on."""
    talk, ali, _ = await pair(database)
    doubts: list[Any] = []

    def broken(events: Sequence[Event]) -> None:
        raise ZeroDivisionError

    async with writing(database, broken, doubts.append) as writer:
        await writer.store(draft(talk, ali))
        await writer.store(draft(talk, ali))
    assert doubts == [{talk}, {talk}]
    assert await count(database) == 2
    assert "could not be published" in caplog.text


async def test_who_asked_and_left_costs_nobody_anything(database: Database) -> None:
    """A cancelled request's message may be stored all the same; the next is."""
    talk, ali, _ = await pair(database)
    async with writing(database) as writer:
        for turns in range(8):
            asking = asyncio.create_task(writer.store(draft(talk, ali)))
            for _ in range(turns):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
        await writer.store(draft(talk, ali, "kept"))
    last = await database.fetch("SELECT content FROM messages ORDER BY id DESC LIMIT 1")
    assert last == [("kept",)]


async def test_what_was_taken_waits_while_the_database_is_away(path: Path) -> None:
    """When it is back everything is stored, in the order in which it came."""
    async with opened(f"sqlite:///{path}", migrated=True, patience=IMPATIENT) as database:
        talk, ali, _ = await pair(database)
        first = await sent(database, talk, ali)
        async with writing(database) as writer:
            with held(path):
                tasks = [
                    asyncio.create_task(writer.store(draft(talk, ali, "a"))),
                    asyncio.create_task(writer.change(talk, editing(talk, first.id, "x"))),
                ]
                _, waiting = await asyncio.wait(tasks, timeout=0.4)
                assert len(waiting) == 2
                tasks.append(asyncio.create_task(writer.store(draft(talk, ali, "b"))))
                await asyncio.sleep(0)
            await asyncio.gather(*tasks)
        rows = await database.fetch("SELECT content, seq FROM messages ORDER BY id")
        assert rows == [("x", 3), ("a", 2), ("b", 4)]


async def test_what_waited_too_long_is_answered_and_never_stored(path: Path) -> None:
    """Not even when the database is back: the sender's answer said so."""
    async with opened(f"sqlite:///{path}", migrated=True, patience=IMPATIENT) as database:
        talk, ali, _ = await pair(database)
        async with writing(database, timeout=0.3) as writer:
            with held(path):
                tasks = [
                    asyncio.create_task(writer.store(draft(talk, ali, str(n)))) for n in range(3)
                ]
                await asyncio.sleep(0.1)
                tasks.append(asyncio.create_task(writer.store(draft(talk, ali))))
                await asyncio.wait(tasks, timeout=60)
            for task in tasks:
                assert isinstance(task.exception(), Unavailable)
                assert not isinstance(task.exception(), OutcomeUnknown)
            await writer_is_idle(writer, talk, ali, "after")
        assert await database.fetch("SELECT content, seq FROM messages") == [("after", 1)]


async def test_a_lost_answer_is_found_out_with_a_key_and_told_without(
    postgres_server: PostgresServer, migrated_template: str
) -> None:
    """With one the message is tried again and stored once; without, its outcome is unknown."""
    url = postgres_server.create_database(template=migrated_template)
    async with opened(url) as database:
        talk, ali, _ = await pair(database)
        await run_all(database, DIE_ONCE)
        doubts: list[Any] = []
        async with writing(database, doubt=doubts.append) as writer:
            answers: dict[str, Any] = {}
            keyed = draft(talk, ali, "keyed", "key")
            writer.send(keyed, keep(answers, "keyed"))
            writer.send(draft(talk, ali, "bare"), keep(answers, "bare"))
        assert answers["keyed"] is None
        assert isinstance(answers["bare"], OutcomeUnknown)
        assert doubts == [{talk}]
        rows = await database.fetch("SELECT id, content, seq FROM messages")
        assert rows == [(keyed.id, "keyed", 1)]


async def test_a_change_whose_answer_is_lost_is_not_made_twice(
    postgres_server: PostgresServer, migrated_template: str
) -> None:
    """The caller hears that nobody knows; what comes next is done."""
    url = postgres_server.create_database(template=migrated_template)
    async with opened(url) as database:
        talk, ali, _ = await pair(database)
        first = await sent(database, talk, ali)
        await run_all(database, DIE_ONCE)
        async with writing(database) as writer:
            with pytest.raises(OutcomeUnknown):
                await writer.change(talk, editing(talk, first.id, "lost"))
            assert await writer.change(talk, editing(talk, first.id, "done")) == 2
        assert await database.fetch("SELECT content FROM messages") == [("done",)]


async def test_a_change_with_a_key_whose_answer_is_lost_is_tried_again(
    postgres_server: PostgresServer, migrated_template: str
) -> None:
    """Its key says whether it was stored: the caller gets it, made once."""
    url = postgres_server.create_database(template=migrated_template)
    async with opened(url) as database:
        talk, ali, _ = await pair(database)
        await run_all(database, [text.replace("messages", "support_tickets") for text in DIE_ONCE])
        who = Identity(ali, "ali", False, inf, None)
        async with writing(database) as writer:
            tickets = SupportTickets(database, writer)
            ticket, _ = await tickets.open(who, talk, "help", "normal", "key")
            again, is_new = await tickets.open(who, talk, "help", "normal", "key")
        assert (again, is_new) == (ticket, False)
        assert await database.fetch("SELECT id FROM support_tickets") == [(ticket.id,)]
        assert await database.fetch("SELECT nextval('deaths')") == [(3,)]  # it did die


async def run_all(database: Database, statements: Sequence[str]) -> None:
    async with database.transaction() as transaction:
        for statement in statements:
            await transaction.execute(statement)
