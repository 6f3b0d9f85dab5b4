"""The relay over Redis Cluster, by sharded pub/sub.

Each channel is on the primary that has the slot of its name. Each primary is used like a single
server: one connection listens to it once a channel is wanted there, and one pool publishes on it.

When a primary fails, redirects, or drops a channel that has moved, the cluster is asked for the
present primaries. Everything then moves to its primary. Channels are subscribed there. Of messages
that were not published, only the `seq` to which they lead is published.
"""

import asyncio
from collections.abc import Iterator
from functools import partial

from redis.exceptions import RedisError

from chat.realtime.relay.cluster_map import Address, ClusterMap
from chat.realtime.relay.redis_client import (
    EVERYONE,
    FAILURES,
    PATIENCE,
    PULSE,
    Patience,
    Wanted,
    channel_of,
    pause_after,
    wanted_of,
)
from chat.realtime.relay.redis_node import RedisNode
from chat.realtime.relay.redis_outbox import Outbox
from chat.realtime.relay.redis_trouble import Trouble
from chat.realtime.relay.relay import Relay, RelayListener

LOOK_SECONDS = 0.01
REFRESH_SECONDS = 15.0
"""Seconds between two questions to the cluster. A primary that is cut off from the others does not
know that it is no primary any more.
"""


class ClusterRelay(Relay):
    has_others = True

    def __init__(self, url: str, patience: Patience = PATIENCE) -> None:
        self._patience = patience
        self._map = ClusterMap(url, self._patience)
        self._nodes: dict[Address, RedisNode] = {}
        self._running: dict[RedisNode, asyncio.Task[None]] = {}
        # Channels and messages without a primary. All are here until the cluster has answered.
        self._homeless: set[Wanted] = {EVERYONE}
        self._trouble = Trouble()
        self._unsent = Outbox(self._trouble, self._patience)
        self._stale = asyncio.Event()
        self._witness: Address | None = None
        """The server that last dropped a channel."""

    @property
    def is_connected(self) -> bool:
        nodes = self._nodes.values()
        return not self._homeless and all(node.reader.is_connected for node in nodes)

    @property
    def trouble(self) -> str:
        nodes = [node.trouble.last for node in self._nodes.values() if node.trouble.last]
        return (nodes or [self._trouble.last])[0]

    @property
    def backlog(self) -> int:
        return sum(outbox.backlog for outbox in self._outboxes())

    def publish(self, conversation_id: int, payload: bytes, seq: int | None) -> None:
        channel = channel_of(conversation_id)
        self._outbox_of(channel).post(channel, payload, seq)

    def announce(self, payload: bytes) -> None:
        self._outbox_of(EVERYONE).post(EVERYONE, payload, None)

    async def flush(self) -> None:
        while not all(outbox.is_empty for outbox in self._outboxes()):
            await asyncio.sleep(LOOK_SECONDS)

    def subscribe(self, conversation_id: int) -> None:
        self._settle(conversation_id)

    def unsubscribe(self, conversation_id: int) -> None:
        self._homeless.discard(conversation_id)
        node = self._node_of(channel_of(conversation_id))
        if node is not None and conversation_id in node.reader.wanted:
            node.reader.unsubscribe(conversation_id)

    async def run(self, listener: RelayListener) -> None:
        failures = 0
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._stale.clear()
                try:
                    await self._follow(listener, tasks)
                    failures = 0
                    self._trouble.over()
                except FAILURES as error:
                    what = "cannot learn who owns what in Redis Cluster"
                    self._trouble.failed(what, error, is_first=failures == 0)
                    failures += 1
                    self._stale.set()
                await asyncio.sleep(pause_after(failures))
                await self._wait_until_stale()

    async def _wait_until_stale(self) -> None:
        try:
            async with asyncio.timeout(REFRESH_SECONDS):
                await self._stale.wait()
        except TimeoutError:
            return

    async def _follow(self, listener: RelayListener, tasks: asyncio.TaskGroup) -> None:
        """Ask the cluster, and move everything to its present primary.

        Raises one of FAILURES if it does not answer, or has slots without a primary.
        """
        # Other servers may not know it yet, and would name this one again. If it is a replica by
        # now, it would accept the subscription, but would not get everything that is published.
        witness, self._witness = self._witness, None
        await self._map.refresh(first=witness)
        primaries = self._map.primaries
        for address in self._nodes.keys() - primaries:
            node = self._nodes.pop(address)
            self._homeless |= set(node.reader.wanted) - {node.pulse.channel}
            tasks.create_task(self._retire(node))
        for address in primaries - self._nodes.keys():
            node = RedisNode(
                self._map.url_of(address),
                self._map.name_at(address, PULSE),
                self._patience,
                sharded=True,
                failed=self._stale.set,
                lost=partial(self._lost, address),
            )
            self._nodes[address] = node
            self._running[node] = tasks.create_task(node.run(listener))
        for address, node in self._nodes.items():
            if self._map.owner(node.pulse.channel) != address:
                node.reader.move_pulse(self._map.name_at(address, PULSE))
            wanted = node.reader.wanted
            for one in [one for one in wanted if self._node_of(channel_of(one)) is not node]:
                node.reader.forget(one)
                self._homeless.add(one)
        homeless, self._homeless = self._homeless, set()
        for one in homeless:
            self._settle(one)
        for outbox in list(self._outboxes()):
            self._forward(outbox)
        if not self._map.is_whole:
            raise RedisError("some slots have no primary")

    async def _retire(self, node: RedisNode) -> None:
        task = self._running[node]
        task.cancel()
        await asyncio.wait([task])
        del self._running[node]
        self._forward(node.outbox)

    def _forward(self, outbox: Outbox) -> None:
        """Post everything that waits there again, on its present primary."""
        waiting, behind = outbox.empty()
        for channel, reached in behind.items():
            self._outbox_of(channel).fall_behind(channel, reached)
        for channel, payload, seq in waiting:
            self._outbox_of(channel).post(channel, payload, seq)

    def _settle(self, wanted: Wanted) -> None:
        node = self._node_of(channel_of(wanted))
        if node is None:
            self._homeless.add(wanted)
        else:
            node.reader.subscribe(wanted)

    def _lost(self, address: Address, channel: bytes) -> None:
        if not channel.startswith(PULSE):
            self._homeless.add(wanted_of(channel))
        self._witness = address
        self._stale.set()

    def _node_of(self, channel: bytes) -> RedisNode | None:
        address = self._map.owner(channel)
        return None if address is None else self._nodes.get(address)

    def _outbox_of(self, channel: bytes) -> Outbox:
        node = self._node_of(channel)
        return self._unsent if node is None else node.outbox

    def _outboxes(self) -> Iterator[Outbox]:
        """The outboxes of the primaries, of former ones, and the one without a primary."""
        yield self._unsent
        for node in self._running:
            yield node.outbox
