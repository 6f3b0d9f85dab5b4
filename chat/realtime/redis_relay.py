"""The relay over Redis pub/sub, through redis.asyncio (what aioredis became).

One connection listens, one pool publishes. The listening connection is read frame by
frame rather than through the library's PubSub, which reconnects and resubscribes on
its own and so hides that something was lost. A ping with a deadline finds a server
that hangs. What could not be published is remembered as "this conversation has come as
far as that", and told when Redis is back; so memory is bounded by conversations, and
listeners read the rest from the database.
"""

import asyncio
import contextlib
import logging
import math
from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import Any

import redis.asyncio as aioredis
from redis.exceptions import RedisError

from chat.realtime.relay import Relay, RelayListener

log = logging.getLogger("payam.relay")

PREFIX = b"chat_"
EVERYONE = b"payam_everyone"
CHUNK = 500
"""Channels in one command, messages in one pipeline."""
PATIENCE = 3.0
"""Seconds of silence before a ping, and again until the connection is given up."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between tries to connect; the last goes on."""
LOOK_SECONDS = 0.01
OUTBOX_MAX = 50_000
FAILURES = (RedisError, OSError, asyncio.TimeoutError)


class RedisRelay(Relay):
    has_others = True

    def __init__(self, url: str) -> None:
        # RESP2: pub/sub messages are read twice as fast as with RESP3.
        self._client = aioredis.Redis.from_url(
            url, protocol=2, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )
        self._wanted: set[int] = set()
        self._commands: deque[tuple[str, int]] = deque()
        self._commands_wake = asyncio.Event()
        self._outbox: deque[tuple[bytes, bytes, int | None]] = deque()
        self._behind: dict[bytes, int] = {}
        self._outbox_wake = asyncio.Event()
        self._is_publishing = False
        self._heard = 0.0
        self.is_connected = False

    def publish(self, conversation_id: int, payload: bytes, seq: int | None) -> None:
        self._post(b"%s%d" % (PREFIX, conversation_id), payload, seq)

    def announce(self, payload: bytes) -> None:
        self._post(EVERYONE, payload, None)

    async def flush(self) -> None:
        while self._outbox or self._behind or self._is_publishing:
            await asyncio.sleep(LOOK_SECONDS)

    def subscribe(self, conversation_id: int) -> None:
        self._wanted.add(conversation_id)
        self._commands.append(("SUBSCRIBE", conversation_id))
        self._commands_wake.set()

    def unsubscribe(self, conversation_id: int) -> None:
        self._wanted.discard(conversation_id)
        self._commands.append(("UNSUBSCRIBE", conversation_id))
        self._commands_wake.set()

    async def run(self, listener: RelayListener) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_listening(listener))
                tasks.create_task(self._keep_publishing(listener))
        finally:
            await self._client.aclose()

    def _post(self, channel: bytes, payload: bytes, seq: int | None) -> None:
        if len(self._outbox) >= OUTBOX_MAX:
            self._set_aside(self._outbox.popleft())
        self._outbox.append((channel, payload, seq))
        self._outbox_wake.set()

    def _set_aside(self, item: tuple[bytes, bytes, int | None]) -> None:
        """Keep of an unpublished message only how far its conversation has come."""
        channel, _, seq = item
        if seq is not None:
            self._behind[channel] = max(seq, self._behind.get(channel, 0))

    async def _keep_publishing(self, listener: RelayListener) -> None:
        failures = 0
        while True:
            await self._outbox_wake.wait()
            self._outbox_wake.clear()
            while self._outbox or self._behind:
                self._is_publishing = True
                try:
                    await self._publish_some(listener)
                    failures = 0
                except FAILURES as error:
                    if failures == 0:
                        log.warning("cannot publish to Redis: %s", error)
                    await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                    failures += 1
                finally:
                    self._is_publishing = False

    async def _publish_some(self, listener: RelayListener) -> None:
        behind = dict(list(self._behind.items())[:CHUNK])
        some = [self._outbox.popleft() for _ in range(min(CHUNK, len(self._outbox)))]
        pipeline = self._client.pipeline(transaction=False)
        for channel, seq in behind.items():
            pipeline.publish(channel, listener.progress(seq))
        for channel, payload, _ in some:
            pipeline.publish(channel, payload)
        try:
            async with asyncio.timeout(PATIENCE):
                await pipeline.execute()
        except FAILURES:
            for item in some:
                if item[0] == EVERYONE:  # nobody would find it in the database in time
                    self._outbox.append(item)
                else:
                    self._set_aside(item)
            raise
        for channel, seq in behind.items():
            if self._behind.get(channel) == seq:
                del self._behind[channel]

    async def _keep_listening(self, listener: RelayListener) -> None:
        failures = 0
        while True:
            connection = self._client.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            try:
                async with asyncio.timeout(PATIENCE):
                    await connection.connect()
                await self._subscribe_all(connection)
                failures = 0
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read(connection, listener))
                    tasks.create_task(self._command(connection))
                    tasks.create_task(self._watch(connection))
            except* FAILURES as group:
                if failures == 0:
                    log.warning("not listening to Redis: %s", group.exceptions[0])
            finally:
                self.is_connected = False
                with contextlib.suppress(*FAILURES):
                    await connection.disconnect(nowait=True)
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1

    async def _subscribe_all(self, connection: Any) -> None:
        self._commands.clear()
        await connection.send_command("SUBSCRIBE", EVERYONE)
        await self._send(connection, "SUBSCRIBE", self._wanted)

    @staticmethod
    async def _send(connection: Any, command: str, conversation_ids: Iterable[int]) -> None:
        channels = [b"%s%d" % (PREFIX, id_) for id_ in conversation_ids]
        for start in range(0, len(channels), CHUNK):
            await connection.send_command(command, *channels[start : start + CHUNK])

    async def _command(self, connection: Any) -> None:
        """Send subscriptions as they are asked for, in their order, many at once."""
        while True:
            await self._commands_wake.wait()
            self._commands_wake.clear()
            while self._commands:
                command, conversation_id = self._commands.popleft()
                ids = [conversation_id]
                while self._commands and self._commands[0][0] == command:
                    ids.append(self._commands.popleft()[1])
                await self._send(connection, command, ids)

    async def _read(self, connection: Any, listener: RelayListener) -> None:
        while True:
            reply = await connection.read_response(disable_decoding=True, timeout=math.inf)
            self._heard = monotonic()
            kind = reply[0]
            if kind == b"message":
                channel = reply[1]
                if channel == EVERYONE:
                    listener.announced(reply[2])
                else:
                    listener.relayed(int(channel[len(PREFIX) :]), reply[2])
            elif kind == b"subscribe":
                if reply[1] == EVERYONE:
                    self.is_connected = True
                    log.info("listening to Redis")
                    listener.interrupted()
                else:
                    listener.subscribed([int(reply[1][len(PREFIX) :])])

    async def _watch(self, connection: Any) -> None:
        """A server that hangs keeps its connections open: only silence gives it away."""
        self._heard = monotonic()
        while True:
            await asyncio.sleep(PATIENCE)
            if monotonic() - self._heard < PATIENCE:
                continue
            await connection.send_command("PING", check_health=False)
            await asyncio.sleep(PATIENCE)
            if monotonic() - self._heard >= PATIENCE:
                raise TimeoutError("Redis does not answer")
