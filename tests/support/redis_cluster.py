"""A private Redis Cluster that keeps nothing: three primaries, each with a replica."""

from collections.abc import Mapping

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.server_group import ServerGroup, wait_until

PRIMARIES = 3
NODE_TIMEOUT_MS = 1000
"""Silence after which a server counts as failed; soon after, its replica is promoted."""
CALM_MS = 15_000
"""The same in a cluster in which nothing is to fail, also where the machine keeps a server waiting
for a second.
"""


class ClusterNode(RedisServer):
    """One server of a cluster; a restart finds it empty, but still the one it was."""

    name = "redis-cluster"

    def __init__(self) -> None:
        super().__init__()
        self.bus_port = free_port()
        self.node_timeout = NODE_TIMEOUT_MS

    def configuration(self) -> Mapping[str, str]:
        return {
            **super().configuration(),
            "cluster-enabled": "yes",
            "cluster-port": str(self.bus_port),
            "cluster-node-timeout": str(self.node_timeout),
            # However long it has been without its primary, a replica may take over.
            "cluster-replica-validity-factor": "0",
            "repl-diskless-sync-delay": "0",
        }

    @property
    def id(self) -> str:
        """The cluster's name for it."""
        return str(self.ask("CLUSTER", "MYID"))

    @property
    def is_running(self) -> bool:
        return self._process is not None


class RedisCluster(ServerGroup):
    """Six servers on free ports."""

    nodes: list[ClusterNode]

    def assemble(self) -> None:
        self.nodes = [self.begin(self.node(place)) for place in range(2 * PRIMARIES)]
        self._join()

    def node(self, place: int) -> ClusterNode:
        """The server of that place: first those that begin as primaries, then their replicas."""
        return ClusterNode()

    @property
    def url(self) -> str:
        """As REDIS_URL takes it; it names every server, since any may be away."""
        return f"redis://{','.join(f'{node.host}:{node.port}' for node in self.nodes)}?cluster=true"

    def primaries(self) -> list[ClusterNode]:
        """Who owns slots, in the order of their first ones."""
        return list(dict.fromkeys(owner for _, _, owner in self._slots()))

    def primary_of(self, name: str) -> ClusterNode:
        """The server that this key or channel belongs to."""
        slot = key_slot(name.encode())
        return next(owner for first, last, owner in self._slots() if first <= slot <= last)

    def replica_of(self, primary: ClusterNode) -> ClusterNode:
        """The server that follows it."""
        roles = {node: node.ask("ROLE") for node in self.nodes if node.is_running}
        return next(
            node for node, role in roles.items() if role[0] == "slave" and role[2] == primary.port
        )

    def move_slot_of(self, name: str, to: ClusterNode) -> None:
        """Give the slot of this name, which has no keys, to another primary."""
        slot, source = key_slot(name.encode()), self.primary_of(name)
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id)
        for node in (to, source):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", to.id)

    def fail_after(self, milliseconds: int) -> None:
        """From now on a server counts as failed after so long a silence."""
        for node in self.nodes:
            node.node_timeout = milliseconds
            if node.is_running:
                node.ask("CONFIG", "SET", "cluster-node-timeout", milliseconds)

    def wait_until_whole(self) -> None:
        """Wait until the servers that run agree that every slot is served.

        Raises AssertionError after 60 seconds.
        """

        def is_whole() -> bool:
            running = [node for node in self.nodes if node.is_running]
            return all(
                owner.is_running for node in running for _, _, owner in self._slots_as_of(node)
            ) and all("cluster_state:ok" in node.ask("CLUSTER", "INFO") for node in running)

        wait_until(is_whole, "the cluster is not whole")

    def wait_for_replicas(self) -> None:
        """Wait until each primary has a replica that can take its place."""

        def is_ready() -> bool:
            roles = [node.ask("ROLE") for node in self.nodes]
            ready = [role[2] for role in roles if role[0] == "slave" and role[3] == "connected"]
            return sorted(ready) == sorted(node.port for node in self.primaries())

        wait_until(is_ready, "a primary has no replica")

    def _join(self) -> None:
        first, *others = self.nodes
        share = -(-REDIS_CLUSTER_HASH_SLOTS // PRIMARIES)
        for place, node in enumerate(self.nodes[:PRIMARIES]):
            last = min((place + 1) * share, REDIS_CLUSTER_HASH_SLOTS) - 1
            node.ask("CLUSTER", "ADDSLOTSRANGE", place * share, last)
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", place + 1)
        for node in others:
            node.ask("CLUSTER", "MEET", first.host, first.port, first.bus_port)
        everyone = f"cluster_known_nodes:{len(self.nodes)}"
        wait_until(
            lambda: all(everyone in node.ask("CLUSTER", "INFO") for node in self.nodes),
            "the servers have not all met",
        )
        for place, node in enumerate(self.nodes[PRIMARIES:]):
            node.ask("CLUSTER", "REPLICATE", self.nodes[place].id)
        self.wait_until_whole()
        self.wait_for_replicas()

    def _slots(self) -> list[tuple[int, int, ClusterNode]]:
        return self._slots_as_of(next(node for node in self.nodes if node.is_running))

    def _slots_as_of(self, node: ClusterNode) -> list[tuple[int, int, ClusterNode]]:
        """First and last slot of each range, and who owns it."""
        by_port = {one.port: one for one in self.nodes}
        rows = node.ask("CLUSTER", "SLOTS")
        return sorted(
            ((first, last, by_port[primary[1]]) for first, last, primary, *_ in rows),
            key=lambda row: row[0],
        )
