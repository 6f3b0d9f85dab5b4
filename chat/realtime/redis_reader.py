"""One connection that listens to one server.

It is read frame by frame rather than through the library's PubSub, which reconnects
and resubscribes on its own and so hides that something was lost. A ping with a deadline
finds a server that hangs.
"""

import asyncio
import contextlib
import logging
import math
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable
from time import monotonic
from typing import Any

import redis.asyncio as aioredis

from chat.realtime.redis_client import (
    CHUNK,
    EVERYONE,
    FAILURES,
    PATIENCE,
    conversation_of,
    pause_after,
)
from chat.realtime.relay import RelayListener

log = logging.getLogger("payam.relay")


class Reader:
    """`wanted` are the channels to listen to. It connects once there is one.

    `sharded` is how one listens on a server of Redis Cluster. `failed` is told of each
    lost connection and each failed try; `lost` of a channel that the server no longer
    serves, which is then no longer wanted here.
    """

    def __init__(
        self,
        client: aioredis.Redis,
        *,
        sharded: bool,
        failed: Callable[[], None],
        lost: Callable[[bytes], None],
    ) -> None:
        self._client = client
        letter = "s" if sharded else ""
        self._message = f"{letter}message".encode()
        self._subscribe = f"{letter}subscribe".encode()
        self._unsubscribe = f"{letter}unsubscribe".encode()
        self._failed = failed
        self._lost = lost
        self._commands: deque[tuple[bytes, bytes]] = deque()
        self._wake = asyncio.Event()
        self._leaving: Counter[bytes] = Counter()
        """Channels left, as often as the server has yet to confirm."""
        self._heard = 0.0
        self._is_open = False
        self.wanted: dict[bytes, None] = {}
        self.is_connected = False

    def subscribe(self, channel: bytes) -> None:
        self.wanted[channel] = None
        self._order(self._subscribe, channel)

    def unsubscribe(self, channel: bytes) -> None:
        self.forget(channel)
        if self._is_open:
            self._leaving[channel] += 1
        self._order(self._unsubscribe, channel)

    def forget(self, channel: bytes) -> None:
        """Leave it to the server, which is no longer the one for it, to say so."""
        self.wanted.pop(channel, None)

    def _order(self, command: bytes, channel: bytes) -> None:
        if self._is_open:  # else all that is wanted is asked for when it is
            self._commands.append((command, channel))
        self._wake.set()

    async def run(self, listener: RelayListener) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            while not self.wanted:
                await self._wake.wait()
                self._wake.clear()
            connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                async with asyncio.timeout(PATIENCE):
                    await connection.connect()
                await self._subscribe_all(connection)
                await first_to_end(
                    self._read(connection, listener),
                    self._command(connection),
                    self._watch(connection),
                )
            except FAILURES as error:
                if self.is_connected:
                    failures = 0
                if failures == 0:
                    log.warning("not listening to Redis: %s", error)
            finally:
                self.is_connected = self._is_open = False
                with contextlib.suppress(*FAILURES):
                    await connection.disconnect(nowait=True)
            self._failed()
            await asyncio.sleep(pause_after(failures))
            failures += 1

    async def _subscribe_all(self, connection: Any) -> None:
        self._commands.clear()
        self._leaving.clear()
        self._is_open = True
        await self._send(connection, [(self._subscribe, channel) for channel in self.wanted])

    @staticmethod
    async def _send(connection: Any, commands: Iterable[tuple[bytes, bytes]]) -> None:
        # One channel a command: in a cluster those of one command must share a slot.
        left = deque(commands)
        while left:
            some = [left.popleft() for _ in range(min(CHUNK, len(left)))]
            async with asyncio.timeout(PATIENCE):
                await connection.send_packed_command(connection.pack_commands(some))

    async def _command(self, connection: Any) -> None:
        """Send subscriptions as they are asked for, in their order, many at once."""
        while True:
            commands = list(self._commands)
            self._commands.clear()
            await self._send(connection, commands)
            if not self._commands:
                self._wake.clear()
                await self._wake.wait()

    async def _read(self, connection: Any, listener: RelayListener) -> None:
        while True:
            reply = await connection.read_response(disable_decoding=True, timeout=math.inf)
            self._heard = monotonic()
            kind = reply[0]
            if kind == self._message:
                channel = reply[1]
                if channel == EVERYONE:
                    listener.announced(reply[2])
                else:
                    listener.relayed(conversation_of(channel), reply[2])
            elif kind == self._subscribe:
                self._subscribed(reply[1], listener)
            elif kind == self._unsubscribe:
                self._unsubscribed(reply[1])

    def _subscribed(self, channel: bytes, listener: RelayListener) -> None:
        if not self.is_connected:
            self.is_connected = True
            log.info("listening to Redis")
        if channel == EVERYONE:
            listener.interrupted()
        else:
            listener.subscribed([conversation_of(channel)])

    def _unsubscribed(self, channel: bytes) -> None:
        if self._leaving[channel] > 1:
            self._leaving[channel] -= 1
        elif channel in self._leaving:
            del self._leaving[channel]
        elif channel in self.wanted:
            self.forget(channel)
            self._lost(channel)

    async def _watch(self, connection: Any) -> None:
        """A server that hangs keeps its connections open: only silence gives it away."""
        while True:
            asked = monotonic()
            await asyncio.sleep(PATIENCE)
            if self._heard > asked:
                continue
            asked = monotonic()
            async with asyncio.timeout(PATIENCE):
                await connection.send_command("PING", check_health=False)
            await asyncio.sleep(PATIENCE)
            if self._heard < asked:
                raise TimeoutError("Redis does not answer")


async def first_to_end(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run them side by side until one ends, as it ends; the others end with it.

    A TaskGroup of Python 3.11 forgets that it was cancelled when a job fails just then.
    """
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        # What the others have to say once one has failed is the same, said twice.
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
