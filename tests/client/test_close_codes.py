"""What is done after each close code, against a server that closes with it at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from payam_client import ConversationClosed, Payam, Tokens
from tests.client.people import connect

SECONDS = 60  # keeps a test from hanging


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
    signed_in: tuple[Tokens, Tokens], server: Callable[[ServerConnection], Awaitable[None]]
) -> AsyncIterator[Payam]:
    async with serve(server, "127.0.0.1", 0) as listening, asyncio.timeout(SECONDS):
        port = listening.sockets[0].getsockname()[1]
        async with connect(f"http://127.0.0.1:{port}", signed_in[0]) as payam:
            yield payam


@pytest.mark.parametrize(
    ("code", "reason"), [(1001, ""), (1011, ""), (1012, "30"), (4408, "slow"), (4429, "too many")]
)
async def test_after_these_it_resumes_where_it_was(
    signed_in: tuple[Tokens, Tokens], code: int, reason: str
) -> None:
    server = Closing(code, reason)
    async with closing(signed_in, server) as payam:
        his = payam.open(12, since=3)
        while len(server.paths) < 2:
            await asyncio.sleep(0.01)
        assert server.paths == ["/ws/chat/12/?since=3", "/ws/chat/12/?since=4"]
        assert his.state != "closed"


@pytest.mark.parametrize("code", [1003, 1007, 1009, 4400, 4404])
async def test_after_these_it_is_over(signed_in: tuple[Tokens, Tokens], code: int) -> None:
    """What was sent before still comes, and then why there is no more."""
    server = Closing(code, "because")
    async with closing(signed_in, server) as payam:
        his = payam.open(12, since=3)
        with pytest.raises(ConversationClosed, match=f"{code} .*because") as closed:
            async for _ in his:
                pass
        assert (closed.value.close_code, his.seq, len(server.paths)) == (code, 4, 1)


HELLO = '{"type":"hello","user":{"id":1,"username":"ali"},"epoch":"b7c2","cursor":"one"}'


class ClosingAccount(Closing):
    """The same on the socket for everything. It also answers a return by a cursor."""

    async def __call__(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.paths.append(socket.request.path)
        await socket.send(HELLO)
        await socket.send('{"type":"cursor","cursor":"two"}')
        if len(self.paths) == 1:
            await socket.close(self.code, self.reason)
        else:
            await socket.send('{"type":"resumed","cursor":"three","epoch":"b7c2"}')
        await socket.wait_closed()


@pytest.mark.parametrize(
    ("code", "reason"), [(1001, ""), (1011, ""), (1012, "30"), (4408, "slow"), (4429, "too many")]
)
async def test_after_these_an_account_returns_with_its_cursor(
    signed_in: tuple[Tokens, Tokens], code: int, reason: str
) -> None:
    server = ClosingAccount(code, reason)
    async with closing(signed_in, server) as payam, payam.account() as account:
        while account.state != "open" or len(server.paths) < 2:
            await asyncio.sleep(0.01)
        assert server.paths == ["/ws/", "/ws/?cursor=two"]


@pytest.mark.parametrize("code", [1003, 1007, 1009, 4400])
async def test_after_these_an_account_is_over(signed_in: tuple[Tokens, Tokens], code: int) -> None:
    server = ClosingAccount(code, "because")
    async with closing(signed_in, server) as payam, payam.account() as account:
        with pytest.raises(ConversationClosed, match=f"{code} .*because") as closed:
            async for _ in account:
                pass
        assert (closed.value.close_code, server.paths) == (code, ["/ws/"])
