"""One Redis server: one connection listens to it, and one pool publishes on it."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from redis.exceptions import ResponseError

from chat.realtime.relay.redis_client import REDIRECTS, Patience, connect
from chat.realtime.relay.redis_outbox import Outbox
from chat.realtime.relay.redis_pulse import Pulse
from chat.realtime.relay.redis_reader import Reader
from chat.realtime.relay.redis_replies import replies
from chat.realtime.relay.redis_trouble import Trouble
from chat.realtime.relay.relay import RelayListener

FRESH = 1.0
"""For so many seconds after its last use a connection counts as alive."""


def ignore(*_: object) -> None:
    pass


class RedisNode:
    """`pulse` is the channel on which it receives what it published itself.

    `sharded`, `failed` and `lost` are as for `Reader`. `failed` is called for publishing too.
    """

    def __init__(
        self,
        url: str,
        pulse: bytes,
        patience: Patience,
        *,
        sharded: bool = False,
        failed: Callable[[], None] = ignore,
        lost: Callable[[bytes], None] = ignore,
    ) -> None:
        self._client = connect(url, patience)
        self._verb = b"SPUBLISH" if sharded else b"PUBLISH"
        self._failed = failed
        self._kept: Any = None
        self._published = 0.0
        self._is_suspect = False
        self.trouble = Trouble()
        self.outbox = Outbox(self.trouble, patience)
        self.pulse = Pulse(pulse, self.outbox.post)
        self.reader = Reader(
            self._client,
            self.pulse,
            self.trouble,
            patience,
            sharded=sharded,
            failed=self._stopped_listening,
            lost=lost,
        )

    async def run(self, listener: RelayListener) -> None:
        """Listen and publish until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.reader.run(listener))
                tasks.create_task(self.pulse.run())
                tasks.create_task(self.outbox.run(self._publish, listener.progress, self._failed))
        finally:
            await self._client.aclose()

    def _stopped_listening(self) -> None:
        self._is_suspect = True  # the publishing connection may be dead too, or lead elsewhere
        self._failed()

    async def _publish(self, messages: Sequence[tuple[bytes, bytes]]) -> list[int]:
        # Written by hand, because the client's pipeline takes twice as long.
        connection = await self._connection()
        is_whole = False
        refused = []
        try:
            commands = [command(self._verb, channel, payload) for channel, payload in messages]
            await connection.send_packed_command([b"".join(commands)])
            answers: list[Any] = []
            while len(answers) < len(messages):
                answers += await replies(connection)
            for place, answer in enumerate(answers):
                if isinstance(answer, REDIRECTS):
                    raise answer
                if isinstance(answer, ResponseError):
                    refused.append(place)
                    self.trouble.refused(self._verb, messages[place][0], answer)
            is_whole = True
        finally:
            if is_whole:
                self._kept, self._published = connection, monotonic()
            else:  # answers may still come, which nobody reads
                await connection.disconnect(nowait=True)
                await self._client.connection_pool.release(connection)

        return refused

    async def _connection(self) -> Any:
        """A connection that works. The pool checks it, which takes as long as publishing."""
        pool = self._client.connection_pool
        connection, self._kept = self._kept, None
        if connection is not None:
            if self._is_suspect:
                await connection.disconnect(nowait=True)
            elif monotonic() - self._published <= FRESH:
                return connection
            await pool.release(connection)
        self._is_suspect = False
        return await pool.get_connection()  # type: ignore[no-untyped-call]


def command(verb: bytes, channel: bytes, payload: bytes) -> bytes:
    """A command as Redis reads it. The client's own packing takes seven times as long.

    https://redis.io/docs/latest/develop/reference/protocol-spec/
    """
    return b"*3\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
        len(verb),
        verb,
        len(channel),
        channel,
        len(payload),
        payload,
    )
