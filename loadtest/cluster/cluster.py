"""Payam on three machines, with everything that it stands on.

Each machine has workers of Payam, a PgBouncer, a Redis that begins as a primary, and the replica of
another machine's. PostgreSQL is on the first, its synchronous standby on the second. nginx and the
clients are outside.
"""

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from loadtest.cluster.network import Machine, Network
from loadtest.cluster.servers import Node, PgBouncer, Postgres, Redis
from tests.deploy.nginx_server import NginxServer
from tests.faults.deployment import Seeded
from tests.support.assembled import Assembled
from tests.support.redis_cluster import PRIMARIES, ClusterNode, RedisCluster
from tests.support.server_process import ServerProcess

MACHINES = PRIMARIES
DATABASE = "payam"

Server = TypeVar("Server", bound=ServerProcess)


class RedisOnMachines(RedisCluster):
    def __init__(self, machines: Sequence[Machine]) -> None:
        super().__init__()
        self._machines = machines

    def node(self, place: int) -> ClusterNode:
        """A primary on each machine, and its replica on the next."""
        return Redis(self._machines[(place + place // PRIMARIES) % MACHINES])


class Nginx(NginxServer):
    """The shipped configuration, on the switch's address."""

    def __init__(self, host: str, upstreams: Sequence[str]) -> None:
        self.host = host
        super().__init__(upstreams)


class People(Seeded):
    """Who talks on the cluster, and what its database says."""

    def __init__(self, cluster: "Cluster", conversations: int, users: int) -> None:
        url = cluster.primary.url(DATABASE)
        super().__init__(cluster.nodes[0], conversations, users=users, database_url=url)
        self._cluster = cluster

    @property
    def ws_url(self) -> str:
        return f"ws://{self._cluster.front.address}"

    @property
    def spreads(self) -> bool:
        """nginx spreads them, over processes of other machines."""
        return False

    def check_log(self) -> None:
        for node in self._cluster.nodes:
            node.check_log()


class Cluster(Assembled):
    """A `with` block starts all of it, and leaves nothing behind.

    `primary` and `standby` are PostgreSQL's, whoever is which by now.
    """

    primary: Postgres
    standby: Postgres
    redis: RedisOnMachines
    nodes: Sequence[Node]
    front: Nginx

    def __init__(self, workers: int, conversations: int, users: int) -> None:
        super().__init__()
        self.network = Network(MACHINES)
        self._workers, self._conversations, self._users = workers, conversations, users

    @property
    def machines(self) -> Sequence[Machine]:
        return self.network.machines

    def assemble(self) -> None:
        self._stack.enter_context(self.network)
        first, second, *_ = self.machines
        self.primary = self._begin(Postgres(first))
        database = self.primary.create_database(DATABASE)
        self.standby = self._begin(Postgres(second, self.primary))
        self.primary.wait_for_standby()
        self.redis = self._stack.enter_context(RedisOnMachines(self.machines))
        self.poolers = [self._begin(PgBouncer(one, self.primary)) for one in self.machines]
        shared = {
            "RATE_LIMITS": "off",
            "JWT_SECRET": secrets.token_urlsafe(48),
            "REDIS_URL": self.redis.url,
            "TRUSTED_PROXIES": self.network.address,
        }
        self.nodes = [
            Node(one, {**shared, "DATABASE_URL": pooler.before(database)}, self._workers)
            for one, pooler in zip(self.machines, self.poolers, strict=True)
        ]
        for node in self.nodes:
            self._stack.callback(node.close)
            # All machines mount the same folder.
            node.settings["DATA_DIR"] = self.nodes[0].settings["DATA_DIR"]
        self.people = People(self, self._conversations, self._users)
        self.people.fill()
        with ThreadPoolExecutor(MACHINES) as together:
            list(together.map(Node.start, self.nodes))
        self.front = Nginx(self.network.address, [node.address for node in self.nodes])
        self._begin(self.front)

    def _begin(self, server: Server) -> Server:
        self._stack.enter_context(server)
        return server

    def fail_over(self) -> None:
        """The primary is gone, as a crash leaves it. The standby takes its place."""
        self.primary.kill()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        self.people.database_url = self.primary.url(DATABASE)
        for pooler in self.poolers:
            pooler.lead_to(self.primary)

    def complete(self) -> None:
        """Who was the primary becomes the standby of the new one."""
        self.standby.follow(self.primary)
        self.primary.wait_for_standby()
