"""One row that the database will not have: the others of its batch are stored all the same."""

import logging
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from chat.errors import Failed
from chat.store.database import Database
from tests.store.world import draft, editing, pair, sent, stored, writing

BAD = "a bad row"
REFUSALS = {
    "sqlite": [
        f"CREATE TRIGGER refuse_{event} BEFORE {event} ON messages WHEN new.content = '{BAD}'"
        " BEGIN SELECT RAISE(ABORT, 'refused'); END"
        for event in ("INSERT", "UPDATE")
    ],
    # The state of a row that is too large for an index, which psycopg calls operational.
    "postgresql": [
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'refused' USING ERRCODE = '54000'; END $$",
        f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON messages FOR EACH ROW"
        f" WHEN (new.content = '{BAD}') EXECUTE FUNCTION refuse()",
    ],
}
MENDED = {
    "sqlite": ["DROP TRIGGER refuse_INSERT", "DROP TRIGGER refuse_UPDATE"],
    "postgresql": ["DROP FUNCTION refuse CASCADE"],
}


@pytest.fixture
async def picky(database: Database) -> AsyncIterator[Database]:
    """A database that has no message with BAD in it."""
    async with database.transaction() as transaction:
        for statement in REFUSALS[database.dialect]:
            await transaction.execute(statement)
    yield database
    async with database.transaction() as transaction:
        for statement in MENDED[database.dialect]:
            await transaction.execute(statement)


class Answers(dict[object, Exception | None]):
    def to(self, name: object) -> Callable[[Exception | None], None]:
        """What a writer calls with its answer, which is kept under `name`."""
        return partial(self.__setitem__, name)

    def of_change(self, name: object, _: object, error: Exception | None) -> None:
        self[name] = error


def tracebacks(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.exc_info is not None for record in caplog.records)


async def test_one_message_that_cannot_be_stored_is_alone_in_that(
    picky: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered at once, with an error that is no outage, and logged once."""
    talk, ali, _ = await pair(picky)
    answers = Answers()
    async with writing(picky) as writer:
        for content in ("one", BAD, "two", "three"):
            writer.send(draft(talk, ali, content), answers.to(content))
    assert isinstance(answers.pop(BAD), Failed)
    assert answers == {"one": None, "two": None, "three": None}
    contents = [(seq, content) for _, seq, content in await stored(picky, talk)]
    assert contents == [(1, "one"), (2, "two"), (3, "three")]
    assert tracebacks(caplog) == 1


async def test_one_change_that_cannot_be_made_is_alone_in_that(
    picky: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """The others, of the same transaction at first, are made."""
    talk, ali, _ = await pair(picky)
    message = await sent(picky, talk, ali)
    answers = Answers()
    async with writing(picky) as writer:
        for content in ("one", BAD, "two"):
            work = editing(talk, message.id, content)
            writer.submit(talk, work, partial(answers.of_change, content))
    assert isinstance(answers.pop(BAD), Failed)
    assert answers == {"one": None, "two": None}
    assert [row[1:] for row in await stored(picky, talk)] == [(3, "two")]
    assert tracebacks(caplog) == 1


async def test_a_bad_row_behind_a_repeated_key_doubles_nothing(
    picky: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL stores such a batch in two parts: the first is there when the second fails."""
    caplog.set_level(logging.ERROR)
    talk, ali, _ = await pair(picky)
    batch = [
        draft(talk, ali, "bare"),
        draft(talk, ali, "keyed", "key"),
        draft(talk, ali, "keyed", "key"),
        draft(talk, ali, BAD),
        draft(talk, ali, "last"),
    ]
    answers = Answers()
    async with writing(picky) as writer:
        for place, send in enumerate(batch):
            writer.send(send, answers.to(place))
    assert isinstance(answers.pop(3), Failed)
    assert answers == dict.fromkeys((0, 1, 2, 4))
    assert [content for _, _, content in await stored(picky, talk)] == ["bare", "keyed", "last"]
    assert batch[1].id == batch[2].id
