"""A real nginx with the shipped configuration, between real clients and a real Payam."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from http.client import HTTPConnection

import httpx
import pytest

from tests.contract.helpers import Pair
from tests.deploy.nginx_server import NginxServer, ProxiedServer
from tests.http.raw import RawClient, dechunked, parsed
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person
from tests.support.ports import free_port
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

MIB = 1024 * 1024
MOST = 25 * MIB
LOGINS = 3
"""Password attempts a minute for one name; an address may make ten times as many at once."""
ARRIVAL_SECONDS = 60  # keeps a test from hanging
NEVER = "3600"


@pytest.fixture(scope="module")
def proxied() -> Iterator[ProxiedServer]:
    """One process, limits on, whose idle sockets are pinged well before nginx gives them up."""
    with ProxiedServer({"RATE_LOGINS": str(LOGINS), "WS_PING_INTERVAL": "2"}) as server:
        yield server


@pytest.fixture
def unpinged() -> Iterator[ProxiedServer]:
    """One whose idle sockets hear nothing."""
    with ProxiedServer({"WS_PING_INTERVAL": NEVER}) as server:
        yield server


@pytest.fixture
async def visitors(proxied: ProxiedServer) -> AsyncIterator[People]:
    """Signs people up through nginx."""
    async with People(proxied) as people:
        yield people
    proxied.check_log()


async def talk(pair: Pair, text: str) -> None:
    """What Ali says reaches both sockets."""
    await pair.first.send({"type": "chat_message", "message": text})
    for socket in (pair.first, pair.second):
        assert (await socket.receive_type("chat.message"))["content"] == text


async def upload_path(person: Person) -> str:
    """The path of a new message's attachments."""
    messages = f"/api/conversations/{await person.begin_conversation()}/messages/"
    sent = await person.http.post(messages, json={"content": "look"})
    return f"{messages}{sent.json()['id']}/attachments/"


async def test_a_conversation_goes_through(visitors: People) -> None:
    """By sockets with a header or a subprotocol, and by REST, whose messages reach them."""
    pair = await Pair.of(visitors)
    await talk(pair, "سلام")
    posted = await pair.sara.http.post(pair.messages, json={"content": "hello"})
    assert posted.status_code == 201
    assert (await pair.first.receive_type("chat.message"))["content"] == "hello"
    browser = await pair.sara.connect(pair.conversation, as_browser=True)
    await pair.first.send({"type": "typing", "is_typing": True})
    assert (await browser.receive_type("user.typing"))["user"] == pair.ali.username


async def test_close_codes_come_through(visitors: People) -> None:
    """A client behind nginx learns why its socket ended."""
    ali = await visitors("ali")
    socket = await ali.connect(await ali.begin_conversation())
    await socket.connection.send(b"binary")
    assert await socket.closed() == 1003


async def test_an_upload_of_the_largest_size_is_accepted(visitors: People) -> None:
    """And comes back whole."""
    ali = await visitors("ali")
    path, content = await upload_path(ali), b"\x00\xff" * (MOST // 2)
    response = await ali.http.post(path, files={"file": ("large.bin", content)})
    assert response.status_code == 201, response.text
    assert response.json()["size"] == MOST
    assert (await ali.http.get(response.json()["url"])).content == content


@pytest.mark.parametrize(
    ("size", "detail"),
    [
        (MOST + 1, f"file: at most {MOST} bytes."),
        (MOST + MIB, f"file: at most {MOST} bytes."),
        (MOST + 10 * MIB, "The request is too large for the server."),
    ],
)
async def test_an_upload_above_it_is_refused_with_the_reason(
    visitors: People, size: int, detail: str
) -> None:
    """Payam names field and limit; far above it nginx refuses in the same form."""
    ali = await visitors("ali")
    path = await upload_path(ali)
    response = await ali.http.post(path, files={"file": ("large.bin", bytes(size))})
    assert response.status_code == 413
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.json()["code"], response.json()["detail"]) == ("too_large", detail)


async def test_another_body_that_is_too_large_is_refused_with_the_reason(visitors: People) -> None:
    """Payam's own answer, not nginx's."""
    ali = await visitors("ali")
    response = await ali.http.post("/api/conversations/", content=bytes(MIB + 1))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert response.headers["X-Request-ID"]


async def test_an_upload_reaches_payam_while_it_arrives(
    proxied: ProxiedServer, visitors: People
) -> None:
    """The client sends the second half only when Payam has begun to write the first."""
    ali = await visitors("ali")
    path = await upload_path(ali)
    incoming = proxied.directory / "data" / "attachments" / "incoming"
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'

    async def body() -> AsyncIterator[bytes]:
        yield head + bytes(MIB)
        async with asyncio.timeout(ARRIVAL_SECONDS):
            while not any(file.stat().st_size for file in incoming.iterdir()):
                await asyncio.sleep(0.02)
        yield bytes(MIB) + b"\r\n--cut--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=cut"}
    response = await ali.http.post(path, content=body(), headers=kind)
    assert response.status_code == 201, response.text
    assert response.json()["size"] == 2 * MIB


async def test_a_client_that_reads_slowly_gets_the_whole_answer() -> None:
    """For longer than nginx and Payam, which are impatient here, wait for one that does not."""
    impatient = {
        "send_timeout 120s": "send_timeout 5s",
        "proxy_read_timeout 60s": "proxy_read_timeout 5s",
    }
    settings = {"SEND_TIMEOUT": "5", "RATE_LIMITS": "off"}
    with ProxiedServer(settings, changes=impatient) as server:
        async with People(server) as people:
            ali = await people("ali")
            path = f"/api/conversations/{await ali.begin_conversation()}/messages/"
            for _ in range(100):
                sent = await ali.http.post(path, json={"content": "س" * 10_000})
                assert sent.status_code == 201
            whole = (await ali.http.get(path)).content
            head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ali.access}\r\n"

            async def get(connection: str) -> bytes:
                async with await RawClient.connect(server.nginx.port, is_slow=True) as client:
                    await client.send(f"{head}Connection: {connection}\r\n\r\n".encode())
                    got = b""
                    while not got.endswith(b"\r\n0\r\n\r\n"):
                        piece = await client.reader.read(16 * 1024)
                        assert piece, f"cut off after {len(got)} of {len(whole)} bytes"
                        got += piece
                        await asyncio.sleep(0.06)
                    return dechunked(parsed(got).body)

            assert set(await asyncio.gather(get("close"), get("keep-alive"))) == {whole}


async def test_limits_count_the_real_address(proxied: ProxiedServer) -> None:
    """Whoever invents another X-Forwarded-For each time is stopped; the neighbour is not."""
    wrong = {"username": "", "password": ""}  # counted, and refused before any work

    def client(address: str) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(local_address=address)
        return httpx.AsyncClient(base_url=proxied.url, transport=transport)

    async with client("127.0.0.2") as forger, client("127.0.0.3") as neighbour:
        for attempt in range(LOGINS * 10 * 10):
            forged = {"X-Forwarded-For": f"203.0.113.{attempt % 250}, 198.51.100.{attempt % 250}"}
            response = await forger.post("/api/users/", json=wrong, headers=forged)
            if response.status_code == 429:
                break
            assert response.status_code == 400
        assert response.status_code == 429, "a forged address was believed each time"
        assert (await neighbour.post("/api/users/", json=wrong)).status_code == 400


async def test_pings_keep_an_idle_socket(unpinged: ProxiedServer, visitors: People) -> None:
    """nginx cuts off a silent socket of a Payam that does not ping; one that is pinged stays."""
    pair = await Pair.of(visitors)
    async with People(unpinged) as people:
        reza = await people("reza")
        abandoned = await reza.connect(await reza.begin_conversation())
        assert await abandoned.closed(timeout=60) == 1006
    await talk(pair, "still here")


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "//metrics", "/./metrics", "/%6detrics", "/a/../metrics"]
)
def test_metrics_are_kept_from_outside(proxied: ProxiedServer, path: str) -> None:
    """nginx refuses however the path is written, although Payam itself answers."""

    def get(port: int, path: str) -> tuple[int, bool]:
        with closing(HTTPConnection("127.0.0.1", port, timeout=ARRIVAL_SECONDS)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, b"payam_connections" in response.read()

    assert get(proxied.port, "/metrics") == (200, True)
    assert get(proxied.nginx.port, path) == (404, False)


async def test_a_search_is_not_in_the_log(proxied: ProxiedServer, visitors: People) -> None:
    """The access log has the path and the request's id, and nothing that people look for."""
    ali = await visitors("ali")
    request_id = {"X-Request-ID": "looked-for-in-the-log"}
    await ali.http.get("/api/users/?search=secretfriend", headers=request_id)
    async with asyncio.timeout(ARRIVAL_SECONDS):
        while "looked-for-in-the-log" not in proxied.nginx.access_log.read_text():
            await asyncio.sleep(0.02)
    log = proxied.nginx.access_log.read_text()
    assert '"GET /api/users/" 200' in log
    assert "secretfriend" not in log


def test_while_payam_is_away_the_answer_says_so() -> None:
    """In the form that all errors have, with the time to wait."""
    with NginxServer([f"127.0.0.1:{free_port()}"]) as nginx:
        response = httpx.get(f"http://127.0.0.1:{nginx.port}/health/ready", trust_env=False)
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"] == "1"


async def test_sockets_spread_over_the_nodes_and_outlive_one(
    postgres_server: PostgresServer, migrated_template: str, redis_server: RedisServer
) -> None:
    """Who has fewer gets the next, so a node that was restarted is not left empty."""
    settings = {
        "DATABASE_URL": postgres_server.create_database(template=migrated_template),
        "REDIS_URL": redis_server.url,
        "JWT_SECRET": "the same for both nodes, as it must be",
        # While a node restarts, the proxy must hear something of the other one's sockets.
        "WS_PING_INTERVAL": "2",
    }
    with PayamServer(settings) as other, ProxiedServer(settings, others=[other]) as proxied:
        async with People(proxied) as people:
            pair = await Pair.of(people)
            more = [await person.connect(pair.conversation) for person in (pair.ali, pair.sara)]
            sockets = (pair.first, pair.second, *more)
            await asyncio.to_thread(other.stop)
            async with asyncio.timeout(ARRIVAL_SECONDS):
                while len(gone := [s for s in sockets if s.connection.close_code]) < 2:
                    await asyncio.sleep(0.02)
            (left, *rest) = set(sockets) - set(gone)
            assert len(rest) == 1
            assert [socket.connection.close_code for socket in gone] == [1012, 1012]

            await asyncio.to_thread(other.start)
            back = [await person.connect(pair.conversation) for person in (pair.ali, pair.sara)]
            await back[0].send({"type": "chat_message", "message": "from node to node"})
            for socket in (left, *back):
                frame = await socket.receive_type("chat.message")
                assert frame["content"] == "from node to node"
            await asyncio.to_thread(other.stop)
            assert [await socket.closed() for socket in back] == [1012, 1012]
