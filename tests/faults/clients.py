"""A client of the protocol as an app would write it: it never gives up, and loses nothing.

It resumes after the highest seq that a change has brought it (an ack is no such change:
others' changes before it may still be on their way), keeps each message until its ack,
and gives what is not acked again after each new connection. The ledger notes all of it.
"""

import asyncio
import itertools
import json
import random
import secrets
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tests.faults.ledger import Ledger

HANDSHAKE_SECONDS = 10
PING_SECONDS = 2
"""An app on a phone would ask less often whether anybody is there; the proof is the same."""
LOOK_SECONDS = 0.01
PAUSES = (0.05, 0.1, 0.2, 0.4)
"""Seconds between tries to connect, more or less; the last goes on."""
PASSING = {"unavailable", "outcome_unknown", "rate_limited"}
FOR_GOOD = {1003, 1007, 1009, 4400, 4401, 4404}
"""Close codes after which trying again is no use."""
EDIT_EVERY, DELETE_EVERY = 10, 25
"""Of a client's messages, so many are changed once they are acked."""


class Client:
    """Somebody at one socket.

    A subclass says where it connects, and what it makes of what comes. `unacked` holds what waits
    for its ack, by key.
    """

    def __init__(
        self,
        url: str,
        token: str,
        name: str,
        conversations: Iterable[int],
        ledger: Ledger,
        *,
        changes: bool,
    ) -> None:
        """`url` is that of the server; with `changes` it edits and deletes now and then."""
        self.name = name
        self.unacked: dict[str, dict[str, Any]] = {}
        self.views = {one: ledger.view(name, one) for one in conversations}
        """What it has made of each conversation."""
        self.connections = 0
        self.codes: list[int] = []
        """Close codes so far."""
        self.refusals: list[str] = []
        """Codes of the `error` frames so far."""
        self.anew = 0
        """How often the server could not compare its cursor, and sent `positions`."""
        self._server = url
        self._token = token
        self._ledger = ledger
        self._changes = changes
        self._mark = secrets.token_hex(4)  # keys are for ever, and so for one round alone
        self._numbers = itertools.count(1)
        self._turns = itertools.cycle(self.views)
        self._asks: deque[dict[str, Any]] = deque()
        self._due: deque[str] = deque()
        self._wake = asyncio.Event()
        self._socket: ClientConnection | None = None

    def url(self) -> str:
        """Where to connect, with what it has so far."""
        raise NotImplementedError

    def began(self) -> list[dict[str, Any]]:
        """A connection is there: the frames to send first."""
        return []

    def came(self, frame: dict[str, Any]) -> None:
        """A frame that is neither an ack nor an error."""
        raise NotImplementedError

    def addressed(self, conversation: int, frame: dict[str, Any]) -> dict[str, Any]:
        """The frame, as the socket takes it for this conversation."""
        raise NotImplementedError

    @property
    def port(self) -> int:
        """Its end of the present connection; 0 while there is none."""
        if self._socket is None:
            return 0
        port: int = self._socket.local_address[1]
        return port

    async def reconnect(self) -> None:
        """Hang up, and wait until it is back."""
        times = self.connections + 1
        if self._socket is not None:
            await self._socket.close()
        await self.connected(times)

    def say(self) -> None:
        """Give a message to the server, as soon as there is one; in each conversation in turn."""
        conversation, number = next(self._turns), next(self._numbers)
        key = f"{self.name}-{self._mark}-{number}"
        text = f"{key} سلام"
        self._ledger.sent(key, conversation, text)
        frame = {"type": "chat_message", "message": text, "client_id": key}
        self._give(key, self.addressed(conversation, frame))

    async def connected(self, times: int = 1) -> None:
        """Wait until it is, and has been so often."""
        while self.connections < times or self._socket is None:
            await asyncio.sleep(LOOK_SECONDS)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        for pause in self._pauses():
            try:
                async with connect(
                    f"{self._server}{self.url()}",
                    additional_headers={"Authorization": f"Bearer {self._token}"},
                    open_timeout=HANDSHAKE_SECONDS,
                    close_timeout=1,
                    ping_interval=PING_SECONDS,
                    ping_timeout=PING_SECONDS,
                    max_queue=None,
                    compression=None,
                    proxy=None,
                ) as socket:
                    self._began(socket)
                    await self._talk(socket)
            except InvalidStatus as refused:
                if refused.response.status_code < 500:
                    self._ledger.failed(f"{self.name} was refused: {refused}")
                    return
                await asyncio.sleep(pause)
            except (OSError, InvalidHandshake, TimeoutError):
                await asyncio.sleep(pause)
            else:
                if self._is_over(socket):
                    return
                await asyncio.sleep(self._delay(socket, pause))

    def _pauses(self) -> Iterator[float]:
        """Longer from try to try, and short again after a success; never all at one time."""
        tries, connections = 0, 0
        while True:
            yield PAUSES[min(tries, len(PAUSES) - 1)] * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
            tries = 0 if self.connections > connections else tries + 1
            connections = self.connections

    def _began(self, socket: ClientConnection) -> None:
        self.connections += 1
        self._socket = socket
        self._asks = deque(self.began())
        self._due = deque(self.unacked)
        self._wake.set()

    async def _talk(self, socket: ClientConnection) -> None:
        """Read and write until the connection is gone."""
        writing = asyncio.create_task(self._write(socket))
        try:
            with suppress(ConnectionClosed):
                while True:
                    self._read(json.loads(await socket.recv()))
        finally:
            self._socket = None
            writing.cancel()
            await asyncio.wait([writing])

    async def _write(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                while self._asks:
                    await socket.send(json.dumps(self._asks.popleft()))
                while self._due:
                    waiting = self.unacked.get(self._due.popleft())
                    if waiting is not None:
                        await socket.send(json.dumps(waiting))
                self._wake.clear()
                await self._wake.wait()

    def _is_over(self, socket: ClientConnection) -> bool:
        code = socket.close_code or 1006
        self.codes.append(code)
        if code in FOR_GOOD:
            self._ledger.failed(f"{self.name} was sent away: {code} {socket.close_reason}")
        return code in FOR_GOOD

    @staticmethod
    def _delay(socket: ClientConnection, pause: float) -> float:
        """A restarting server says how long to wait, in milliseconds."""
        reason = socket.close_reason or ""
        return int(reason) / 1000 if socket.close_code == 1012 and reason.isdigit() else pause

    def _read(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "ack":
            self._acked(frame)
        elif frame["type"] == "error":
            self._refused(frame)
        else:
            self.came(frame)

    def _acked(self, frame: dict[str, Any]) -> None:
        key: str = frame.get("client_id") or frame["ref"]
        self._ledger.acked(key, frame["id"], frame["seq"])
        sent = self.unacked.pop(key, None)
        if self._changes and sent is not None and sent["type"] == "chat_message":
            self._change(key, self._ledger.conversation_of(key), frame["id"])

    def _change(self, key: str, conversation: int, id_: int) -> None:
        """Edit some of what is acked, delete some."""
        number = int(key.rpartition("-")[2])
        change = self.addressed(conversation, {"message_id": id_, "ref": f"{key}-change"})
        if number % DELETE_EVERY == 0:
            change.update(type="delete_message")
        elif number % EDIT_EVERY == 0:
            change.update(type="edit_message", content=f"{key} edited")
        else:
            return
        self._ledger.changed(change["ref"], key, change.get("content"))
        self._give(change["ref"], change)

    def _refused(self, frame: dict[str, Any]) -> None:
        self.refusals.append(frame["code"])
        key = frame.get("client_id") or frame.get("ref")
        if frame["code"] not in PASSING or key is None:
            self._ledger.failed(f"{self.name} was answered with {frame}")
        else:
            delay = frame.get("retry_after", PAUSES[-1])
            asyncio.get_running_loop().call_later(delay, self._again, key)

    def ask(self, frame: dict[str, Any]) -> None:
        """Send it on this connection, and on no other."""
        self._asks.append(frame)
        self._wake.set()

    def _give(self, key: str, frame: dict[str, Any]) -> None:
        self.unacked[key] = frame
        self._again(key)

    def _again(self, key: str) -> None:
        self._due.append(key)
        self._wake.set()


class InOneConversation(Client):
    """On `/ws/chat/<id>/`."""

    @property
    def conversation(self) -> int:
        [conversation] = self.views
        return conversation

    def url(self) -> str:
        return f"/ws/chat/{self.conversation}/?since={self.views[self.conversation].seq}"

    def came(self, frame: dict[str, Any]) -> None:
        self._ledger.saw(self.views[self.conversation], frame)

    def addressed(self, conversation: int, frame: dict[str, Any]) -> dict[str, Any]:
        return frame
