"""An app's copy of all of a user's conversations, put together from what `/ws/` sends.

It is `wide_client.py` with conversations that come and go: those that begin are read over HTTP,
those that the user leaves are dropped.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.http_client import http_client

Frame = dict[str, Any]

SECONDS = 60  # keeps a test from hanging
LOOK_SECONDS = 0.005
AGAIN_SECONDS = 0.1
UNAVAILABLE = 503
LOST = (1006, 1011)
"""Codes of a connection that was cut, or whose pings nobody answered."""


@dataclass
class Copy:
    """One conversation: how far it has come, and the seq and the text of each message by id.

    The text of a deleted message is None.
    """

    seq: int
    messages: dict[int, tuple[int, str | None]] = field(default_factory=dict)

    @property
    def texts(self) -> dict[int, str | None]:
        return {id_: text for id_, (_, text) in sorted(self.messages.items())}

    def take(self, frame: Frame) -> None:
        """A change; one that is known already is passed over."""
        seq, kind = frame["seq"], frame["type"]
        self.seq = max(self.seq, seq)
        if kind == "chat.message":
            id_, text = frame["id"], None if frame.get("is_deleted") else frame["content"]
        elif kind == "message.edited":
            id_, text = frame["message"]["id"], frame["message"]["content"]
        elif kind == "message.deleted":
            id_, text = frame["message_id"], None
        else:
            return
        if seq > self.messages.get(id_, (0, None))[0]:
            self.messages[id_] = (seq, text)


class Phone:
    """`conversations` is the copy, by id. `anew` counts cursors that could not be compared."""

    def __init__(self, http_url: str, ws_url: str, token: str) -> None:
        self.conversations: dict[int, Copy] = {}
        self.anew = 0
        self._url = ws_url
        self._token = token
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http_url = http_url
        self._cursor: str | None = None
        self._epoch: str | None = None
        self._reached: dict[int, int] = {}
        """How far each conversation has been brought since the last resume."""
        self._waiting: list[Frame] | None = None
        """What came before the answer to a resume."""
        self._is_by_numbers = False
        self._reading: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    async def come(self, *, by_numbers: bool) -> None:
        """Connect, and return once what was missed is there."""
        is_first = self._cursor is None
        self._reached, self._waiting = {}, []
        by_cursor = not is_first and not by_numbers
        query = f"?{urlencode({'cursor': self._cursor})}" if by_cursor else ""
        self._socket = await self._connect(f"{self._url}/ws/{query}")
        self._reading = asyncio.create_task(self._read(self._socket))
        self._is_by_numbers = not by_cursor
        if self._is_by_numbers:
            await self._resume(self._numbers())
        await self.until(lambda: self._waiting is None)

    async def _connect(self, url: str) -> ClientConnection:
        """Try again where the server has not noticed yet that its database is back."""
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    return await connect(
                        url,
                        additional_headers=self._headers,
                        max_queue=None,
                        proxy=None,
                        open_timeout=60,
                    )
                except InvalidStatus as refused:
                    if refused.response.status_code != UNAVAILABLE:
                        raise
                    await asyncio.sleep(AGAIN_SECONDS)

    async def resume(self, *, by_numbers: bool) -> None:
        """On the connection that is there, as after a sleep."""
        self._reached, self._waiting, self._is_by_numbers = {}, [], True
        cursor = {"type": "resume", "cursor": self._cursor}
        await self._resume(self._numbers() if by_numbers else cursor)
        await self.until(lambda: self._waiting is None)

    async def go(self) -> None:
        """Lose the connection, without a close."""
        if self._socket is None:
            return
        socket, self._socket = self._socket, None
        socket.transport.abort()
        await socket.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
            if not self._reading.cancelled():
                self._reading.result()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Come back where the connection is lost meanwhile.

        Raises what went wrong with a frame, and AssertionError after a minute.
        """
        try:
            async with asyncio.timeout(SECONDS):
                while not is_so():
                    if self._reading is not None and self._reading.done():
                        self._reading.result()
                        await self.come(by_numbers=False)
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"still {self.conversations}, waiting {self._waiting}") from None

    def _numbers(self) -> Frame:
        since = {str(id_): copy.seq for id_, copy in self.conversations.items()}
        return {"type": "resume", "since": since, "epoch": self._epoch}

    async def _resume(self, frame: Frame) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):  # whoever waits for the answer comes back
            await self._socket.send(json.dumps(frame))

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                await self._came(json.loads(text))
        assert socket.close_code in LOST, f"{socket.close_code} {socket.close_reason}"

    async def _came(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind in ("hello", "cursor"):
            if self._waiting is None:
                self._keep(frame)
        elif kind == "resumed":
            await self._take_all(self._waiting or [])
            self._keep(frame)
            self._waiting = None
        elif kind == "positions":
            self.anew += 1
            self._reached, self._is_by_numbers = {}, True
            await self._resume(self._numbers())  # which also brings what began and what it left
        elif kind in ("message.read", "presence", "typing"):
            pass
        elif self._waiting is not None:
            self._waiting.append(frame)
        else:
            await self._take(frame)

    def _keep(self, frame: Frame) -> None:
        self._cursor = frame["cursor"]
        self._epoch = frame.get("epoch", self._epoch)

    async def _take_all(self, waiting: list[Frame]) -> None:
        """After a resume by numbers, later changes may have come first.

        What came before a conversation was created or removed is part of that.
        """
        taken: dict[tuple[int, int], Frame] = {}
        for frame in waiting:
            if self._is_by_numbers and "seq" in frame:
                taken[frame["conversation"], frame["seq"]] = frame
                continue
            await self._take(frame)
            if self._is_by_numbers:
                gone = id_of(frame)
                taken = {place: one for place, one in taken.items() if place[0] != gone}
        for place in sorted(taken):
            await self._take(taken[place])

    async def _take(self, frame: Frame) -> None:
        kind, conversation = frame["type"], frame["conversation"]
        if kind == "conversation.created":
            id_ = conversation["id"]
            self.conversations[id_] = await self._read_all(id_)
            self._reached[id_] = conversation["seq"]
        elif kind == "conversation.removed":
            self.conversations.pop(conversation, None)
            self._reached.pop(conversation, None)
        else:
            assert "seq" in frame, frame
            assert conversation in self.conversations, f"not one of its own: {frame}"
            reached = self._reached.get(conversation, 0)
            assert frame["seq"] > reached, f"{frame} came after seq {reached}"
            self._reached[conversation] = frame["seq"]
            self.conversations[conversation].take(frame)

    async def _read_all(self, conversation: int) -> Copy:
        copy = Copy(0)
        path = f"{self._http_url}/api/conversations/{conversation}/messages/"
        async with http_client("", headers=self._headers) as http:
            answer = await http.get(path, params={"limit": 100})
        if answer.status_code == 404:  # it was lost again meanwhile, which the next frames say
            return copy
        for one in answer.raise_for_status().json():
            text = None if one["is_deleted"] else one["content"]
            copy.messages[one["id"]] = (one["seq"], text)
        return copy


def id_of(frame: Frame) -> int:
    """The conversation of a frame, which `conversation.created` has whole."""
    conversation = frame["conversation"]
    id_: int = conversation["id"] if isinstance(conversation, dict) else conversation
    return id_
