"""A private Redis that keeps nothing."""

import signal
from collections.abc import Sequence

import redis

from tests.support.server_process import ServerProcess


class RedisServer(ServerProcess):
    """`redis-server` from PATH, without persistence: a restart finds it empty."""

    name = "redis"
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        options = {"bind": "127.0.0.1", "port": str(self.port), "save": "", "appendonly": "no"}
        return ["redis-server", *(part for k, v in options.items() for part in (f"--{k}", v))]

    def answers(self) -> bool:
        with redis.Redis(port=self.port, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):  # refused, or still loading
                return False
