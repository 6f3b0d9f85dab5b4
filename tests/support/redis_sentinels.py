"""Private Sentinels that watch a private master and its replica."""

from collections.abc import Mapping, Sequence

from tests.support.redis_server import RedisServer
from tests.support.server_group import ServerGroup, wait_until

NAME = "mymaster"
SENTINELS = 3
QUORUM = 2
DOWN_AFTER_MS = 500
CALM_MS = 60_000
"""The same where nothing is to fail."""
FAILOVER_TIMEOUT_MS = 2000
PASSWORD = "p@ss:word/"  # what a URL must escape


class Watched(RedisServer):
    """A Redis that asks for a password, and follows `master` if there is one."""

    name = "redis-watched"
    password = PASSWORD

    def __init__(self, master: "Watched | None" = None) -> None:
        super().__init__()
        self.master = master

    def configuration(self) -> Mapping[str, str]:
        follows = {"replicaof": f"127.0.0.1 {self.master.port}"} if self.master else {}
        return {
            **super().configuration(),
            "requirepass": PASSWORD,
            "masterauth": PASSWORD,
            "repl-diskless-sync-delay": "0",
            **follows,
        }


class Sentinel(RedisServer):
    """One of those that watch."""

    name = "redis-sentinel"

    def __init__(self, master: Watched) -> None:
        super().__init__()
        self.file = self.directory / "sentinel.conf"
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {self.directory}",
            f"sentinel monitor {NAME} 127.0.0.1 {master.port} {QUORUM}",
            f'sentinel auth-pass {NAME} "{PASSWORD}"',
            f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {NAME} {FAILOVER_TIMEOUT_MS}",
        ]
        self.file.write_text("\n".join(lines) + "\n")

    def command(self) -> Sequence[str]:
        return ["redis-server", str(self.file), "--sentinel"]


class RedisSentinels(ServerGroup):
    """A master, a replica and three Sentinels."""

    servers: list[Watched]
    sentinels: list[Sentinel]

    def assemble(self) -> None:
        master = self.begin(Watched())
        self.servers = [master, self.begin(Watched(master))]
        self.sentinels = [self.begin(Sentinel(master)) for _ in range(SENTINELS)]
        self.wait_until_watched()

    @property
    def hosts(self) -> str:
        return ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)

    @property
    def url(self) -> str:
        """As REDIS_URL takes it."""
        return f"redis+sentinel://:p%40ss%3Aword%2F@{self.hosts}/{NAME}"

    def master(self) -> Watched:
        """Who is the master now, as the first Sentinel says."""
        _, port = self.sentinels[0].ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
        return next(server for server in self.servers if server.port == int(port))

    def calm(self) -> None:
        """From now on no Sentinel changes the master, though the machine keeps it waiting."""
        for sentinel in self.sentinels:
            sentinel.ask("SENTINEL", "SET", NAME, "down-after-milliseconds", CALM_MS)

    def wait_until_watched(self) -> None:
        """Wait until each Sentinel knows the others, and a replica that may take over."""

        def is_watched() -> bool:
            return all(self._knows_all(sentinel) for sentinel in self.sentinels)

        wait_until(is_watched, "the Sentinels do not know each other")

    def _knows_all(self, sentinel: Sentinel) -> bool:
        master = sentinel.ask("SENTINEL", "MASTER", NAME)
        replicas = sentinel.ask("SENTINEL", "REPLICAS", NAME)
        healthy = [one for one in replicas if one["flags"] == "slave"]
        return int(master["num-other-sentinels"]) == SENTINELS - 1 and [
            one["master-link-status"] for one in healthy
        ] == ["ok"]
