"""Log lines: what each knows, and what none says."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from chat import logs
from tests.support.payam_server import PayamServer
from tests.support.people import People
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

SECRET_TEXT = "what only the two of them may read"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmVk"


@pytest.fixture(params=[1, 2], ids=["one-process", "two-workers"])
def server(request: pytest.FixtureRequest) -> Iterator[PayamServer]:
    """Says all that it can, as JSON."""
    settings = {"RATE_LIMITS": "off", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json"}
    with (
        RedisServer() as relay,
        PayamServer({**settings, "REDIS_URL": relay.url}, workers=request.param) as payam,
    ):
        yield payam


async def test_a_day_at_the_server(server: PayamServer) -> None:
    """Each line is one JSON object; none holds a token, a password or a message's text."""
    secrets = [SECRET_TEXT]
    async with People(server) as people:
        ali, sara = await people("ali"), await people("sara")
        conversation = await ali.begin_conversation(sara)
        messages = f"/api/conversations/{conversation}/messages/"
        first = await ali.connect(conversation)
        await first.send({"type": "chat_message", "message": SECRET_TEXT})
        sent = await first.receive_type("chat.message")
        await first.send(
            {"type": "edit_message", "message_id": sent["id"], "content": f"{SECRET_TEXT}!"}
        )
        await first.receive_type("message.edited")
        await first.send({"type": "auth", "token": sara.access})
        await first.send({"type": "nonsense", "message": SECRET_TEXT})
        await sara.connect(conversation, as_browser=True, since=0)
        await ali.http.post(messages, json={"content": SECRET_TEXT})
        await ali.http.post(messages, content=f'{{"content": "{SECRET_TEXT}'.encode())
        await ali.http.get("/api/search/", params={"q": SECRET_TEXT})
        await ali.http.get(f"/{ali.access}")
        await ali.http.get("/api/users/me/", headers={"Authorization": f"Bearer {ali.access}x"})
        await ali.http.post("/api/token/refresh/", json={"refresh": ali.refresh})
        for person in (ali, sara):
            secrets += [person.access, person.refresh, person.password]
    server.stop()
    said = server.log()
    for line in said.splitlines():
        assert {"event", "level", "logger", "timestamp"} <= json.loads(line).keys()
    assert [secret for secret in secrets if secret in said] == []


async def test_a_line_says_whose_request_it_is_of(server: PayamServer) -> None:
    """The id that the client gave and got back, the user and the conversation."""
    async with People(server) as people:
        ali = await people("ali")
        conversation = await ali.begin_conversation()
        path = f"/api/conversations/{conversation}/"
        given = await ali.http.get(path, headers={"X-Request-ID": "from-the-proxy:1"})
        # The next on the same connection is another's.
        made = await ali.http.get("/health/live", headers={"X-Request-ID": 'un"safe id'})
    assert given.headers["x-request-id"] == "from-the-proxy:1"
    server.stop()
    lines = [json.loads(line) for line in server.log().splitlines()]
    [line] = [line for line in lines if line.get("request_id") == "from-the-proxy:1"]
    assert (line["user"], line["conversation"]) == (ali.id, conversation)
    [line] = [line for line in lines if line.get("request_id") == made.headers["x-request-id"]]
    assert not {"user", "conversation"} & line.keys()


async def test_what_an_operator_wants_to_know() -> None:
    """Failed sign-ins, limits that were hit, refused uploads, what staff did, and the stop: a line
    each, without the secrets; and all but the stop are counted.
    """
    settings = {"RATE_LOGINS": "3", "RATE_REQUESTS": "2", "MAX_CONNECTIONS": "1"}
    with PayamServer(settings) as server:
        async with People(server) as people:
            ali = await people("ali")
            conversation = await ali.begin_conversation()
            signing_in = [(ali.username, "not this one"), ("hunter2 as a name", "x" * 8)]
            # Together, because with time there is room for more.
            bodies = [
                {"username": username, "password": password}
                for username, password in signing_in + [(ali.username, "not this one")] * 6
            ]
            await asyncio.gather(*(ali.http.post("/api/token/", json=body) for body in bodies))
            first = await ali.connect(conversation)
            await first.close()
            nowhere = f"/api/conversations/{conversation}/messages/1/attachments/"
            await ali.http.post(nowhere, files={"file": ("hunter2.txt", b"hunter2")})
            sara, boss = await people("sara"), await people.staff("boss")
            given = {"password": "hunter2 for sara"}
            await boss.http.post(f"/api/staff/users/{sara.id}/password/", json=given)
            await asyncio.gather(*(ali.http.get("/api/users/me/") for _ in range(30)))
            metrics = (await ali.http.get("/metrics")).text
        server.stop()
        said = server.log()
    assert f"a sign-in failed: from 127.0.0.1, for user {ali.id}" in said
    assert "a sign-in failed: from 127.0.0.1, for a name that nobody has" in said
    assert said.count("too many password attempts for this name") == 1
    assert said.count(f"too many requests: user {ali.id}") == 1
    assert f"an upload was refused: not_found, of user {ali.id}" in said
    assert f"user.password_set: user {sara.id}, by user {boss.id}" in said
    assert "Payam stops" in said
    assert "Payam has stopped" in said
    for secret in ("hunter2", "not this one", ali.username, ali.access):
        assert secret not in said
    assert 'payam_limits_hit_total{limit="requests"}' in metrics
    assert "payam_sign_ins_failed_total 3.0" in metrics
    assert 'payam_uploads_refused_total{code="not_found"} 1.0' in metrics
    assert 'payam_staff_acts_total{kind="user.password_set"} 1.0' in metrics


@pytest.fixture(params=["text", "json"])
def printed(request: pytest.FixtureRequest) -> tuple[logging.Logger, io.StringIO]:
    """A logger, and what it prints."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(request.param))
    logger = logging.Logger("payam.test")
    logger.addHandler(handler)
    return logger, stream


def test_no_token_is_logged(printed: tuple[logging.Logger, io.StringIO]) -> None:
    """Wherever it stands in a line."""
    logger, stream = printed
    logger.warning("given %s, and:", TOKEN, extra={"more": TOKEN})
    try:
        int(TOKEN)
    except ValueError:
        logger.exception("failed")
    assert "eyJ" not in stream.getvalue()
    assert stream.getvalue().count("[token]") == 3


def test_no_row_is_logged(
    printed: tuple[logging.Logger, io.StringIO], postgres_server: PostgresServer
) -> None:
    """PostgreSQL quotes a row that it refuses; the rest of the traceback stays."""
    logger, stream = printed
    text = f"first line\n\n{SECRET_TEXT}"
    with psycopg.connect(postgres_server.create_database()) as database:
        database.execute("CREATE TEMP TABLE talk (content text, other int NOT NULL)")
        with pytest.raises(RuntimeError) as failed:
            fail(database, text)
    assert SECRET_TEXT in str(failed.value.__cause__)  # else this proves nothing
    logger.error("a change could not be stored", exc_info=failed.value)
    said = stream.getvalue()
    assert SECRET_TEXT not in said
    assert "violates not-null constraint" in said
    assert "RuntimeError: not stored" in said


def fail(database: psycopg.Connection[Any], text: str) -> None:
    try:
        database.execute("INSERT INTO talk VALUES (%s, NULL)", [text])
    except psycopg.Error as error:
        raise RuntimeError("not stored") from error
