"""A statement that the database refuses: an error of ours, which is not called an outage."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.api.client import Api, Person, problem


def execute(api: Api, statement: str) -> None:
    async def work() -> None:
        async with api.app.ctx.payam.database.transaction() as transaction:
            await transaction.execute(statement)

    api.run(work())


@contextmanager
def broken(api: Api, breaking: str, mending: str) -> Iterator[None]:
    execute(api, breaking)
    try:
        yield
    finally:
        execute(api, mending)


def errors(caplog: pytest.LogCaptureFixture) -> list[bool]:
    """Of each error that was logged, whether its traceback was."""
    return [r.exc_info is not None for r in caplog.records if r.levelno >= logging.ERROR]


def test_a_read_that_fails_is_a_500_with_one_traceback(
    api: Api, ali: Person, conversation: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Here a table has another name."""
    rename = "ALTER TABLE {} RENAME TO {}"
    there, away = "support_tickets", "elsewhere"
    with broken(api, rename.format(there, away), rename.format(away, there)):
        for path in ("/api/conversations/", conversation):
            caplog.clear()
            problem(ali.get(path), 500, "internal_error")
            assert errors(caplog) == [True]
    assert len(ali.get("/api/conversations/").json()) == 1


def test_a_change_that_fails_is_a_500_with_one_traceback(
    api: Api, ali: Person, conversation: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether the writer makes it or a transaction of its own."""
    ali.say(conversation, "before")
    for table, path, body in (
        ("messages", conversation + "messages/", {"content": "refused"}),
        ("conversations", "/api/conversations/", {"participants": []}),
        ("support_tickets", conversation + "support_ticket/", {"subject": "x"}),
    ):
        caplog.clear()
        refuse = (
            f"CREATE TRIGGER refuse BEFORE INSERT ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
        with broken(api, refuse, "DROP TRIGGER refuse"):
            problem(ali.post(path, body), 500, "internal_error")
        assert errors(caplog) == [True]
    ali.say(conversation, "after")
    assert [m["content"] for m in ali.get(conversation + "messages/").json()] == ["before", "after"]
