"""What is done after each close code, against a server that closes with it at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from payam_client import ConversationClosed, Payam, Tokens
from tests.client.people import connect

SECONDS = 30  # keeps a test from hanging


class Closing:
    """Tells a client one change, and closes with `code`; the next time it stays."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        self.paths: list[str] = []

    async def __call__(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.paths.append(socket.request.path)
        await socket.send('{"type":"resumed","seq":3}')
        await socket.send('{"type":"from.the.future","seq":4}')
        await socket.send(
            '{"type":"chat.message","id":7,"sender":"sara","content":"hello",'
            '"timestamp":"2026-01-01T00:00:00Z","seq":4}'
        )
        if len(self.paths) == 1:
            await socket.close(self.code, self.reason)
        await socket.wait_closed()


@asynccontextmanager
async def closing(
    signed_in: tuple[Tokens, Tokens], code: int, reason: str = ""
) -> AsyncIterator[tuple[Payam, Closing]]:
    server = Closing(code, reason)
    async with serve(server, "127.0.0.1", 0) as listening, asyncio.timeout(SECONDS):
        port = listening.sockets[0].getsockname()[1]
        async with connect(f"http://127.0.0.1:{port}", signed_in[0]) as payam:
            yield payam, server


@pytest.mark.parametrize(
    ("code", "reason"), [(1001, ""), (1011, ""), (1012, "30"), (4408, "slow"), (4429, "too many")]
)
async def test_after_these_it_resumes_where_it_was(
    signed_in: tuple[Tokens, Tokens], code: int, reason: str
) -> None:
    async with closing(signed_in, code, reason) as (payam, server):
        his = payam.open(12, since=3)
        while len(server.paths) < 2:
            await asyncio.sleep(0.01)
        assert server.paths == ["/ws/chat/12/?since=3", "/ws/chat/12/?since=4"]
        assert his.state != "closed"


@pytest.mark.parametrize("code", [1003, 1007, 1009, 4400, 4404])
async def test_after_these_it_is_over(signed_in: tuple[Tokens, Tokens], code: int) -> None:
    """What was told before is still told, and then why there is no more."""
    async with closing(signed_in, code, "because") as (payam, server):
        his = payam.open(12, since=3)
        with pytest.raises(ConversationClosed, match=f"{code} .*because") as closed:
            async for _ in his:
                pass
        assert (closed.value.close_code, his.seq, len(server.paths)) == (code, 4, 1)
