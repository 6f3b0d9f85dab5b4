"""A private Redis that keeps nothing."""

import signal
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import redis

from tests.support.server_process import ServerProcess

AWAY = (redis.ConnectionError, redis.TimeoutError)
"""Raised of a server that refuses connections, or still loads."""


class RedisServer(ServerProcess):
    """`redis-server` from PATH, without persistence: a restart finds it empty.

    A subclass adds to `configuration` and may ask for a `password`.
    """

    name = "redis"
    stop_signal = signal.SIGTERM
    password: ClassVar[str | None] = None

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    def configuration(self) -> Mapping[str, str]:
        return {"bind": self.host, "port": str(self.port), "save": "", "appendonly": "no"}

    def command(self) -> Sequence[str]:
        pairs = self.configuration().items()
        return ["redis-server", *(part for name, value in pairs for part in (f"--{name}", value))]

    def ask(self, *command: str | int) -> Any:
        """The server's reply to one command, as text."""
        with redis.Redis(
            self.host, self.port, password=self.password, socket_timeout=5, decode_responses=True
        ) as client:
            return client.execute_command(*command)

    def answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except AWAY:
            return False
