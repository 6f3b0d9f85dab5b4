"""One end of a chat socket, in a test's hands."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed


class Socket:
    """A connected websocket that speaks JSON frames.

    The timeouts, in seconds, only keep a test from hanging; they raise AssertionError. Frames of
    the types in `passed_over` are dropped: a `cursor` may come at any time.
    """

    def __init__(self, connection: ClientConnection, passed_over: Iterable[str] = ()) -> None:
        self.connection = connection
        self.passed_over = set(passed_over)

    @property
    def local_port(self) -> int:
        """The client's port, by which a server's process is found."""
        port: int = self.connection.local_address[1]
        return port

    async def send(self, frame: dict[str, Any]) -> None:
        await self.connection.send(json.dumps(frame))

    async def receive(self, timeout: float = 60) -> dict[str, Any]:  # noqa: ASYNC109 - fails the test
        """The next frame."""
        try:
            async with asyncio.timeout(timeout):
                return await self._next()
        except TimeoutError:
            raise AssertionError(f"no frame came in {timeout} s") from None
        except ConnectionClosed as closed:
            raise AssertionError(f"closed instead of a frame: {closed}") from None

    async def _next(self) -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = json.loads(await self.connection.recv(decode=True))
            if frame["type"] not in self.passed_over:
                return frame

    async def receive_type(self, kind: str, timeout: float = 60) -> dict[str, Any]:  # noqa: ASYNC109 - fails the test
        """The next frame whose `type` is `kind`; those before it are dropped."""
        others: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(timeout):
                while True:
                    frame = await self.receive(timeout + 1)
                    if frame["type"] == kind:
                        return frame
                    others.append(frame)
        except TimeoutError:
            raise AssertionError(f"no {kind} came in {timeout} s, but {others}") from None
        except AssertionError as failure:
            raise AssertionError(f"no {kind} but {others}, then: {failure}") from None

    async def receive_resumed(self) -> int:
        """The next frame, which must be `resumed`; its seq."""
        frame = await self.receive()
        assert frame["type"] == "resumed", f"{frame} came instead of resumed"
        seq: int = frame["seq"]
        return seq

    async def expect_nothing(self, seconds: float = 0.3) -> None:
        """Fail when a frame comes, or the socket closes, in this time."""
        try:
            async with asyncio.timeout(seconds):
                frame = await self._next()
        except TimeoutError:
            return
        except ConnectionClosed as closed:
            raise AssertionError(f"closed instead of staying silent: {closed}") from None
        raise AssertionError(f"expected nothing, but this came: {frame!r}")

    async def until_closed(self, timeout: float = 60) -> list[dict[str, Any]]:  # noqa: ASYNC109 - fails the test
        """Every frame that comes before the close."""
        frames: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(timeout):
                while True:
                    frames.append(json.loads(await self.connection.recv()))
        except ConnectionClosed:
            return frames
        except TimeoutError:
            raise AssertionError(f"still open after {timeout} s") from None

    async def closed(self, timeout: float = 60) -> int:  # noqa: ASYNC109 - fails the test
        """Wait until the server has closed it; the close code. Frames left unread are dropped."""
        try:
            async with asyncio.timeout(timeout):
                await self.connection.wait_closed()
        except TimeoutError:
            raise AssertionError(f"still open after {timeout} s") from None
        code = self.connection.close_code
        assert code is not None
        return code

    async def close(self) -> None:
        await self.connection.close()
