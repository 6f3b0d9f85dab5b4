"""Handshakes that Sanic does not see are answered as Sanic's path answers them."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from structlog.contextvars import get_contextvars

from chat import metrics
from chat.realtime import arrivals, turns
from chat.realtime.framing import CLOSE, TEXT
from chat.realtime.handshake import ChatProtocol
from chat.realtime.plain_knock import MOST_BYTES, PlainKnock
from config.settings import Settings
from tests.http.raw import RawClient
from tests.realtime.nodes import Nodes, Talk, hold, one_node, until

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
REST = b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n"
VARYING = re.compile(
    rb'(?<=[Dd]ate: )[^\r]*|(?<=[Xx]-[Rr]equest-[Ii][Dd]: )[0-9a-f]{16}|"cursor":"[^"]*"'
)


def masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame, whose mask is zero."""
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


GOODBYE = masked(CLOSE, (1000).to_bytes(2, "big"))


class Case(Struct, frozen=True):
    """`is_plain` says whether Sanic is left out. `{access}`, `{reza}` and `{id}` are filled in.

    `headers` change those of a good handshake; None takes one away. `lines` come besides them.
    """

    is_plain: bool
    path: str = "/ws/"
    headers: dict[str, str | None] = {}
    lines: tuple[str, ...] = ()
    version: str = "HTTP/1.1"
    method: str = "GET"
    before: bytes = b""
    after: bytes = b""
    in_two: bool = False


def case(is_plain: bool, path: str = "/ws/", **more: Any) -> Case:
    return Case(is_plain, path, **more)


SOCKET = "/ws/chat/{id}/"
AS_BROWSER: dict[str, str | None] = {
    "Authorization": None,
    "Sec-WebSocket-Protocol": "chat.v1, bearer.{access}",
}
CASES = {
    "everything": case(True),
    "a conversation": case(True, SOCKET),
    "with a position": case(True, SOCKET + "?since=0"),
    "with a position and an epoch": case(True, SOCKET + "?epoch=other&since=0"),
    "with no position in it": case(True, SOCKET + "?since="),
    "with a wrong position": case(True, SOCKET + "?since=x1"),
    "with two positions": case(True, SOCKET + "?since=1&since=2"),
    "with a cursor that is none": case(True, "/ws/?cursor=nonsense"),
    "with a cursor of another history": case(True, "/ws/?cursor=e.i.5"),
    "with a parameter that nobody knows": case(True, "/ws/?sinse=1"),
    "with a token in the URL": case(False, "/ws/?token=abc", headers={"Authorization": None}),
    "with an escape in the URL": case(False, "/ws/?cursor=%41"),
    "without a slash at its end": case(False, "/ws"),
    "a conversation without a slash": case(False, "/ws/chat/{id}"),
    "a conversation that nobody has": case(True, "/ws/chat/987654321/"),
    "a conversation with zeros": case(True, "/ws/chat/00{id}/"),
    "a conversation below zero": case(False, "/ws/chat/-1/"),
    "a conversation beyond all ids": case(False, f"/ws/chat/{'9' * 25}/"),
    "another path": case(False, "/ws/other/"),
    "not a member": case(True, SOCKET, headers={"Authorization": "Bearer {outsider}"}),
    "without a token": case(False, headers={"Authorization": None}),
    "with a bad token": case(True, headers={"Authorization": "Bearer a.b.c"}),
    "with an empty token": case(True, headers={"Authorization": "Bearer"}),
    "with another scheme": case(True, headers={"Authorization": "Basic abc"}),
    "with the scheme of Django": case(True, headers={"Authorization": "Token {access}"}),
    "with two tokens": case(False, lines=("Authorization: Bearer {access}",)),
    "a browser": case(True, headers=AS_BROWSER | {"Origin": "https://example.org"}),
    "a browser without the subprotocol": case(
        True, headers={"Authorization": None, "Sec-WebSocket-Protocol": "bearer.{access}"}
    ),
    "a browser that is not a member": case(
        True,
        SOCKET,
        headers={"Authorization": None, "Sec-WebSocket-Protocol": "chat.v1,bearer.{outsider}"},
    ),
    "a browser with a bad token": case(
        True, headers={"Authorization": None, "Sec-WebSocket-Protocol": "chat.v1, bearer.a.b.c"}
    ),
    "a browser with a bad parameter": case(True, "/ws/?x=1", headers=AS_BROWSER),
    "subprotocols without a token": case(
        False, headers={"Authorization": None, "Sec-WebSocket-Protocol": "chat.v1"}
    ),
    "both tokens": case(True, headers={"Sec-WebSocket-Protocol": "chat.v1, bearer.a.b.c"}),
    "another subprotocol": case(True, headers={"Sec-WebSocket-Protocol": "chat.v9"}),
    "an empty subprotocol": case(False, headers={"Sec-WebSocket-Protocol": ", ,"}),
    "any origin": case(True, headers={"Origin": "null"}),
    "two origins": case(False, lines=("Origin: https://a", "Origin: https://b")),
    "an old version": case(False, headers={"Sec-WebSocket-Version": "8"}),
    "no version": case(False, headers={"Sec-WebSocket-Version": None}),
    "a short key": case(False, headers={"Sec-WebSocket-Key": "abc"}),
    "no key": case(False, headers={"Sec-WebSocket-Key": None}),
    "no upgrade": case(False, headers={"Upgrade": None}),
    "another upgrade": case(False, headers={"Upgrade": "h2c"}),
    "upgrade in other letters": case(True, headers={"Upgrade": "WebSocket"}),
    "no connection": case(False, headers={"Connection": None}),
    "connection of Firefox": case(True, headers={"Connection": "keep-alive, Upgrade"}),
    "connection that closes": case(False, headers={"Connection": "close"}),
    "extensions": case(
        True,
        headers={
            "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits, x; a=b",
        },
    ),
    "broken extensions": case(False, headers={"Sec-WebSocket-Extensions": "permessage-deflate;"}),
    "headers of a proxy": case(
        True,
        headers={
            "Host": "chat.example.org",
            "X-Forwarded-For": "203.0.113.9, 10.0.0.1",
            "X-Forwarded-Proto": "https",
            "X-Real-IP": "203.0.113.9",
        },
    ),
    "Forwarded": case(False, headers={"Forwarded": "for=203.0.113.9"}),
    "a prefix of a proxy": case(False, headers={"X-Forwarded-Prefix": "/chat"}),
    "an id of the request": case(True, headers={"X-Request-ID": "from-the-proxy:1"}),
    "an id that is none": case(False, headers={"X-Request-ID": "not this one"}),
    "an id, and a refusal": case(
        True, headers={"X-Request-ID": "its-own", "Authorization": "Bearer a.b.c"}
    ),
    "names in small letters": case(True, lines=("user-agent: x", "accept-encoding:gzip")),
    "a header that is empty": case(True, headers={"Cookie": ""}),
    "a header with Persian": case(False, headers={"Cookie": "علی"}),
    "a line that is no header": case(False, lines=("nonsense",)),
    "a line that goes on": case(False, lines=("X-A: b", " c")),
    "a length": case(False, headers={"Content-Length": "0"}),
    "a body": case(False, headers={"Transfer-Encoding": "chunked"}, after=b"0\r\n\r\n"),
    "an expectation": case(False, headers={"Expect": "a lot"}),
    "two hosts": case(False, lines=("Host: other",)),
    "long headers": case(False, headers={"Cookie": "x" * MOST_BYTES}),
    "headers that are too long": case(False, headers={"Cookie": "x" * 9000}),
    "HTTP/1.0": case(False, version="HTTP/1.0"),
    "HTTP/1.2": case(False, version="HTTP/1.2"),
    "HEAD": case(False, method="HEAD"),
    "POST": case(False, method="POST"),
    "an absolute URL": case(False, "http://localhost/ws/"),
    "a frame with the head": case(False, after=masked(TEXT, b'{"type":"nonsense"}')),
    "a request after it": case(False, after=REST),
    "a request before it": case(False, before=b"GET /health/live HTTP/1.1\r\n\r\n"),
    "in two pieces": case(False, in_two=True),
}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """One, on SQLite."""
    folder = tmp_path_factory.mktemp("arrivals")
    with one_node(Settings(data_dir=folder, rate_limits=False)) as alone:
        yield alone


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of a busy machine may say nothing for long, and is waited for."""
    monkeypatch.setattr(arrivals, "QUIET_SECONDS", 60.0)


@pytest.fixture(scope="module")
def names(nodes: Nodes) -> dict[str, str]:
    talk, outsider = Talk(nodes), nodes.here.person("outsider")
    return {
        "access": talk.ali.access,
        "outsider": outsider.access,
        "id": talk.path.strip("/").split("/")[-1],
    }


def written(one: Case, names: dict[str, str]) -> bytes:
    headers: dict[str, str | None] = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        "Authorization": "Bearer {access}",
    }
    fields = [
        f"{name}: {value}" for name, value in (headers | one.headers).items() if value is not None
    ]
    lines = [f"{one.method} {one.path} {one.version}", *fields, *one.lines, "", ""]
    return "\r\n".join(lines).format(**names).encode()


async def said(nodes: Nodes, one: Case, head: bytes) -> bytes:
    """All that the server says, until it closes; the client closes what stays open."""
    async with await RawClient.connect(nodes.here.port) as client:
        if one.before:
            await client.send(one.before)
            await client.answer()
        if one.in_two:
            await client.send(head[:20])
            await asyncio.sleep(0.01)
            head = head[20:]
        await client.send(head + one.after)
        async with asyncio.timeout(60):
            first = await client.reader.readuntil(b"\r\n\r\n")
            await client.send(GOODBYE if b" 101 " in first.split(b"\r\n")[0] else REST)
            return first + await client.read_to_the_end()


def observed() -> dict[str, float]:
    """How often each kind of request was counted, and each kind of close."""
    found = {}
    for metric in (*metrics.http_seconds.collect(), *metrics.closes.collect()):
        for sample in metric.samples:
            if sample.name.endswith(("_count", "_total")) and "health" not in str(sample.labels):
                found[f"{sample.name} {sorted(sample.labels.items())}"] = sample.value
    return found


@pytest.mark.parametrize("name", CASES)
def test_both_paths_say_the_same(
    nodes: Nodes, names: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Status, headers, body, frames, close, what may follow on the connection, metrics, limits."""
    one = CASES[name]
    head = written(one, names)
    porter = nodes.here.app.ctx.porter
    read: list[PlainKnock] = []

    def reading(data: bytes) -> PlainKnock | None:
        knock: PlainKnock | None = original(data)
        if knock is not None:
            read.append(knock)
        return knock

    answers, counted = [], []
    taken: list[int] = []
    original = porter.read
    monkeypatch.setattr(nodes.here.app.ctx.services.requests, "take", taken.append)
    for reader in (reading, lambda _: None):
        monkeypatch.setattr(porter, "read", reader)
        before = observed()
        answers.append(VARYING.sub(b"", nodes.run(said(nodes, one, head))))
        nodes.run(until(lambda: len(nodes.here.app.ctx.payam.connections) == 0))
        after = observed()
        counted.append({key: value - before.get(key, 0) for key, value in after.items()})
    assert answers[0] == answers[1]
    assert {k: v for k, v in counted[0].items() if v} == {k: v for k, v in counted[1].items() if v}
    assert taken[: len(taken) // 2] * 2 == taken
    assert bool(read) == one.is_plain


def test_what_is_sent_before_the_answer_is_heard_after_it(
    nodes: Nodes, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than is read ahead, and none of it is lost."""
    pings = 2 * arrivals.EARLY_MAX // 100
    ping = masked(9, b"x" * 100)

    async def scenario() -> int:
        held = hold(monkeypatch, nodes.here.app.ctx.services.sessions, "identify_afresh")
        async with await RawClient.connect(nodes.here.port) as client:
            await client.send(written(Case(is_plain=True), names))
            await held.until_waiting()
            sending = asyncio.create_task(client.send(ping * pings + GOODBYE))
            await asyncio.sleep(0.05)
            held.release()
            got = await client.read_to_the_end()
            await sending
        return got.count(b"x" * 100)

    assert nodes.run(scenario()) == pings


def test_heads_that_are_there_at_once_are_read_a_few_at_a_time(
    nodes: Nodes, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be thousands. Everybody else has a turn in between."""
    porter = nodes.here.app.ctx.porter
    read = porter.read
    head = written(Case(is_plain=True), names)
    turn = 0
    is_over = asyncio.Event()
    reads: Counter[int] = Counter()

    def reading(data: bytes) -> PlainKnock | None:
        reads[turn] += 1
        found: PlainKnock | None = read(data)
        return found

    def count_turns() -> None:
        nonlocal turn
        turn += 1
        if not is_over.is_set():
            nodes.loop.call_soon(count_turns)

    async def scenario() -> None:
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(await RawClient.connect(nodes.here.port))
                for _ in range(2 * turns.PART)
            ]
            nodes.loop.call_soon(count_turns)
            for client in clients:
                client.writer.write(head)
            for client in clients:
                assert b" 101 " in await client.reader.readuntil(b"\r\n\r\n")
            is_over.set()

    monkeypatch.setattr(porter, "read", reading)
    nodes.run(scenario())
    assert reads.total() == 2 * turns.PART
    assert max(reads.values()) <= turns.PART


def test_who_leaves_during_the_handshake_leaves_nothing_behind(
    nodes: Nodes, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    payam = nodes.here.app.ctx.payam

    async def scenario() -> None:
        held = hold(monkeypatch, payam.services.conversations, "membership")
        async with await RawClient.connect(nodes.here.port) as client:
            await client.send(written(Case(is_plain=True, path=SOCKET), names))
            await held.until_waiting()
            assert len(payam.connections) == 1
        await until(lambda: len(payam.connections) == 0)
        held.release()

    nodes.run(scenario())


def test_a_client_that_says_nothing_is_left_to_sanic(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which answers late heads too, and limits how long they may take."""
    monkeypatch.setattr(arrivals, "QUIET_SECONDS", 0.0)
    begun = []
    made = ChatProtocol.connection_made

    def beginning(self: Any, transport: Any) -> None:
        begun.append(self)
        made(self, transport)

    monkeypatch.setattr(ChatProtocol, "connection_made", beginning)

    async def scenario() -> bytes:
        async with await RawClient.connect(nodes.here.port) as client:
            await until(lambda: bool(begun))
            await client.send(REST)
            return await client.read_to_the_end()

    assert nodes.run(scenario()).startswith(b"HTTP/1.1 200 ")


def test_what_is_logged_of_a_handshake_has_the_id_that_its_answer_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is met before Sanic sees the handshake, and Sanic's answer names it."""
    ids: list[str] = []

    def noted(*_: object) -> None:
        ids.append(get_contextvars().get("request_id", ""))

    with one_node(Settings(data_dir=tmp_path, max_connections=1)) as alone:
        talk = Talk(alone)
        names = {"access": talk.ali.access, "id": "0"}
        head = written(Case(is_plain=True), names)

        async def scenario() -> bytes:
            async with await RawClient.connect(alone.here.port) as first:
                await first.send(head)
                await first.reader.readuntil(b"\r\n\r\n")
                monkeypatch.setattr("chat.realtime.connections.say_hit", noted)
                return await said(alone, Case(is_plain=True), head)

        answer = alone.run(scenario())
    assert b" 429 " in answer
    assert f"x-request-id: {ids[0]}".encode() in answer.lower()
