"""One connection that listens to one server.

It does not use the library's PubSub, which reconnects and subscribes again by itself, and so hides
that something was lost. A ping with a deadline finds a server that hangs.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any

import redis.asyncio as aioredis
from redis.exceptions import ResponseError

from chat.realtime.relay.redis_client import (
    CHUNK,
    EVERYONE,
    FAILURES,
    PULSE,
    REDIRECTS,
    Channels,
    Patience,
    Wanted,
    channel_of,
    conversation_of,
    first_to_end,
    pause_after,
    wanted_of,
)
from chat.realtime.relay.redis_pulse import DEADLINE, Pulse
from chat.realtime.relay.redis_replies import replies
from chat.realtime.relay.redis_trouble import Trouble
from chat.realtime.relay.relay import RelayListener
from chat.realtime.relay.sentinels import sentinels_of

log = logging.getLogger("payam.relay")

PING = (b"PING", b"")


class Reader:
    """`wanted` are the channels to listen to. It connects once there is one.

    With `sharded` it uses the commands of Redis Cluster. `failed` is called for each lost
    connection and each failed try. `lost` is called with a channel that the server does not serve
    any more; it is then not wanted here any more.
    """

    def __init__(
        self,
        client: aioredis.Redis,
        pulse: Pulse,
        trouble: Trouble,
        patience: Patience,
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
        self.pulse = pulse
        self._trouble = trouble
        self._patience = patience
        self._commands: deque[tuple[bytes, bytes]] = deque()
        self._wake = asyncio.Event()
        self._asked: deque[tuple[bytes, bytes]] = deque()
        """Commands that the server has not answered yet, with their channels, in order."""
        self._refused: set[bytes] = set()
        """Wanted channels that the server refused."""
        self._heard = 0.0
        self._is_open = False
        self._is_listening = False
        self._was_silent = False
        self.wanted = Channels()
        self.wanted.add(pulse.channel)

    @property
    def is_connected(self) -> bool:
        """Whether it listens to all wanted channels, and receives what is published."""
        return self._is_listening and not self._refused and self.pulse.is_fresh

    def move_pulse(self, channel: bytes) -> None:
        """Use another channel for the pulse. The server does not serve the old one any more."""
        self.forget(self.pulse.channel)
        self.pulse.channel = channel
        self.subscribe(channel)

    def subscribe(self, wanted: Wanted) -> None:
        self.wanted.add(wanted)
        self._order(self._subscribe, channel_of(wanted))

    def unsubscribe(self, wanted: Wanted) -> None:
        self.forget(wanted)
        self._order(self._unsubscribe, channel_of(wanted))

    def forget(self, wanted: Wanted) -> None:
        """Drop a channel that this server does not serve any more. The server will say so."""
        self.wanted.discard(wanted)
        self._refused.discard(channel_of(wanted))

    def _order(self, command: bytes, channel: bytes) -> None:
        if self._is_open:  # otherwise all wanted channels are subscribed when it is open
            self._commands.append((command, channel))
        self._wake.set()

    async def run(self, listener: RelayListener) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                async with asyncio.timeout(self._patience.silence):
                    await connection.connect()
                await self._subscribe_all(connection)
                await first_to_end(
                    self._follow_master(connection),
                    self._read(connection, listener),
                    self._command(connection),
                    self._watch(connection),
                )
            except FAILURES as error:
                if self._is_listening:
                    failures = 0
                self._trouble.failed("not listening to Redis", error, is_first=failures == 0)
            finally:
                self._is_listening = self._is_open = False
                self.pulse.lost()
                with contextlib.suppress(*FAILURES):
                    await connection.disconnect(nowait=True)
            self._failed()
            await asyncio.sleep(pause_after(failures))
            failures += 1

    async def _subscribe_all(self, connection: Any) -> None:
        self._commands.clear()
        self._asked.clear()
        self._refused.clear()
        self._is_open = True
        wanted = [(self._subscribe, channel_of(one)) for one in self.wanted]
        await self._send(connection, wanted)

    async def _send(self, connection: Any, commands: Iterable[tuple[bytes, bytes]]) -> None:
        # One channel per command, because in a cluster those of one command must share a slot.
        left = deque(commands)
        while left:
            some = [left.popleft() for _ in range(min(CHUNK, len(left)))]
            self._asked += some
            async with asyncio.timeout(self._patience.silence):
                await connection.send_packed_command([b"".join([packed(*one) for one in some])])

    async def _command(self, connection: Any) -> None:
        """Send subscriptions in the order in which they are wanted, many at once."""
        while True:
            commands = list(self._commands)
            self._commands.clear()
            await self._send(connection, commands)
            if not self._commands:
                self._wake.clear()
                await self._wake.wait()

    async def _read(self, connection: Any, listener: RelayListener) -> None:
        while True:
            for reply in await replies(connection):
                self._heard = monotonic()
                if isinstance(reply, ResponseError):
                    if isinstance(reply, REDIRECTS) or not self._asked:
                        raise reply
                    self._refuse(reply)
                elif reply[0] == self._message:
                    channel = reply[1]
                    if channel == EVERYONE:
                        listener.announced(reply[2])
                    elif channel == self.pulse.channel:
                        self._pulsed(reply[2])
                    elif not channel.startswith(PULSE):
                        listener.relayed(conversation_of(channel), reply[2])
                else:
                    self._answered(reply, listener)

    def _answered(self, reply: Sequence[bytes], listener: RelayListener) -> None:
        kind = reply[0]
        if kind == self._subscribe:
            self._asked.popleft()
            self._subscribed(reply[1], listener)
        elif kind == self._unsubscribe:
            self._unsubscribed(reply[1])
        elif self._asked and self._asked[0] == PING:
            self._asked.popleft()

    def _pulsed(self, payload: bytes) -> None:
        was_connected = self.is_connected
        self.pulse.heard(payload)
        if self.is_connected and not was_connected:
            self._trouble.over()
            log.info("listening to Redis")

    def _refuse(self, error: ResponseError) -> None:
        """The server refused the oldest command. All other channels go on."""
        command, channel = self._asked.popleft()
        self._trouble.refused(command.upper(), channel, error)
        if command == self._subscribe and wanted_of(channel) in self.wanted:
            self._refused.add(channel)

    def _subscribed(self, channel: bytes, listener: RelayListener) -> None:
        self._is_listening = True
        self._refused.discard(channel)
        if channel == EVERYONE:
            listener.interrupted()
        elif channel == self.pulse.channel:
            self.pulse.subscribed()
        elif not channel.startswith(PULSE):
            listener.subscribed([conversation_of(channel)])

    def _unsubscribed(self, channel: bytes) -> None:
        if self._asked and self._asked[0] == (self._unsubscribe, channel):
            self._asked.popleft()
        elif wanted_of(channel) in self.wanted:
            self.forget(wanted_of(channel))
            self._lost(channel)

    async def _watch(self, connection: Any) -> None:
        """Watch for silence: a server that hangs keeps its connections open."""
        while True:
            asked = monotonic()
            await asyncio.sleep(self._patience.silence)
            for channel in list(self._refused):
                self._order(self._subscribe, channel)
            self._listen_for_pulse()
            if self._heard > asked:
                continue
            asked = monotonic()
            self._asked.append(PING)
            async with asyncio.timeout(self._patience.silence):
                await connection.send_command("PING", check_health=False)
            await asyncio.sleep(self._patience.silence)
            if self._heard < asked:
                raise TimeoutError("Redis does not answer")

    def _listen_for_pulse(self) -> None:
        is_silent = self._is_listening and not self.pulse.is_fresh
        if is_silent and not self._trouble.last:
            what = "what is published to Redis does not come back"
            error = TimeoutError(f"nothing for {DEADLINE:g} seconds")
            self._trouble.failed(what, error, is_first=not self._was_silent)
        self._was_silent = is_silent

    async def _follow_master(self, connection: Any) -> None:
        """End if the Sentinels name another server than this one."""
        sentinels = sentinels_of(self._client)
        while True:
            await asyncio.sleep(self._patience.patrol)
            if sentinels is not None:
                with contextlib.suppress(*FAILURES):
                    if await sentinels.have_another_than((connection.host, connection.port)):
                        log.info("the Sentinels name another master")
                        return


def packed(command: bytes, channel: bytes) -> bytes:
    """A command as Redis reads it; the client's own packing takes several times as long."""
    sizes = len(command), len(channel)
    return b"*2\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (sizes[0], command, sizes[1], channel)
