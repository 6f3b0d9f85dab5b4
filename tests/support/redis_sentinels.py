"""Private Sentinels that watch a private master and its replica."""

import signal
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Self

import redis

from tests.support.redis_cluster import wait_until
from tests.support.redis_server import RedisServer

NAME = "mymaster"
SENTINELS = 3
QUORUM = 2
DOWN_AFTER_MS = 500
FAILOVER_TIMEOUT_MS = 2000
PASSWORD = "p@ss:word/"  # what a URL must escape


class Watched(RedisServer):
    """A Redis that asks for a password, and follows `master` if there is one."""

    name = "redis-watched"

    def __init__(self, master: "Watched | None" = None) -> None:
        super().__init__()
        self.master = master

    def command(self) -> Sequence[str]:
        options = {"requirepass": PASSWORD, "masterauth": PASSWORD, "repl-diskless-sync-delay": "0"}
        if self.master is not None:
            options["replicaof"] = f"127.0.0.1 {self.master.port}"
        return [*super().command(), *(part for k, v in options.items() for part in (f"--{k}", v))]

    def ask(self, *command: str | int) -> Any:
        """Its reply to one command, as text."""
        with redis.Redis(
            port=self.port, password=PASSWORD, socket_timeout=5, decode_responses=True
        ) as client:
            return client.execute_command(*command)

    def answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except (redis.ConnectionError, redis.TimeoutError):
            return False


class Sentinel(RedisServer):
    """One of those that watch."""

    name = "redis-sentinel"
    stop_signal = signal.SIGTERM

    def __init__(self, master: Watched) -> None:
        super().__init__()
        self.configuration = self.directory / "sentinel.conf"
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {self.directory}",
            f"sentinel monitor {NAME} 127.0.0.1 {master.port} {QUORUM}",
            f'sentinel auth-pass {NAME} "{PASSWORD}"',
            f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {NAME} {FAILOVER_TIMEOUT_MS}",
        ]
        self.configuration.write_text("\n".join(lines) + "\n")

    def command(self) -> Sequence[str]:
        return ["redis-server", str(self.configuration), "--sentinel"]

    def ask(self, *command: str) -> Any:
        with redis.Redis(port=self.port, socket_timeout=5, decode_responses=True) as client:
            return client.execute_command(*command)


class RedisSentinels:
    """A master, a replica and three Sentinels; a `with` block starts and stops them."""

    def __init__(self) -> None:
        self.servers: list[Watched] = []
        self.sentinels: list[Sentinel] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            master = self._stack.enter_context(Watched())
            self.servers = [master, self._stack.enter_context(Watched(master))]
            for _ in range(SENTINELS):
                self.sentinels.append(self._stack.enter_context(Sentinel(master)))
            self.wait_until_watched()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

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
