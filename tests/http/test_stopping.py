"""What a stop does to answers that are still being read, and to connections that wait."""

import asyncio

from tests.http.raw import RawClient, dechunked
from tests.support.payam_server import PayamServer
from tests.support.people import People, Person

MESSAGES = 60
PIECE, PAUSE = 16 * 1024, 0.04
"""A list of 1.2 MB in 3 s."""


async def long_list(ali: Person) -> str:
    """The path of a list of messages that is larger than all buffers on the way."""
    path = f"/api/conversations/{await ali.begin_conversation()}/messages/"
    for _ in range(MESSAGES):
        sent = await ali.http.post(path, json={"content": "س" * 10_000})
        assert sent.status_code == 201
    return path


async def ask(server: PayamServer, ali: Person, path: str) -> RawClient:
    client = await RawClient.connect(server.port, is_slow=True)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ali.access}\r\n\r\n"
    await client.send(head.encode())
    await client.reader.readuntil(b"\r\n\r\n")
    return client


async def test_an_answer_under_way_is_read_to_its_end() -> None:
    """As far as GRACEFUL_TIMEOUT allows."""
    with PayamServer({"RATE_LIMITS": "off", "GRACEFUL_TIMEOUT": "50"}) as server:
        async with People(server) as people:
            ali = await people("ali")
            path = await long_list(ali)
            whole = (await ali.http.get(path)).content
            async with await ask(server, ali, path) as client:
                stopping = asyncio.create_task(asyncio.to_thread(server.stop))
                body = await client.read_to_the_end(piece=PIECE, pause=PAUSE)
                assert dechunked(body) == whole
                await stopping
        assert "cut off" not in server.log()


async def test_one_that_is_not_is_cut_off_and_logged() -> None:
    """A client that reads nothing does not keep the server from stopping."""
    with PayamServer({"RATE_LIMITS": "off", "GRACEFUL_TIMEOUT": "1"}) as server:
        async with People(server) as people:
            ali = await people("ali")
            path = await long_list(ali)
            async with await ask(server, ali, path):
                await asyncio.to_thread(server.stop)
        lines = [line for line in server.log().splitlines() if "was cut off" in line]
        assert len(lines) == 1
        assert f"GET {path} was cut off: the server stops" in lines[0]
