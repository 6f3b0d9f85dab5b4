"""Logs, counts and remembers problems between this process and a Redis server."""

import logging
from math import inf
from time import monotonic

from redis.exceptions import AuthenticationError, NoPermissionError

from chat import metrics

log = logging.getLogger("payam.relay")

SILENT_SECONDS = 60.0
"""A command that is refused again is logged only after so long, because each message may be
refused.
"""
RIGHTS = (
    "its user needs the rights (ACL) +subscribe +unsubscribe +publish +ping &chat_*,"
    " on a cluster also +ssubscribe +sunsubscribe +spublish +cluster|slots"
)
SENTINEL = "REDIS_URL names a Sentinel: write redis+sentinel://host:port/master"


class Trouble:
    """`last` is the last problem in one line. It is empty while there is none."""

    def __init__(self) -> None:
        self.last = ""
        self._said: dict[bytes, float] = {}

    def refused(self, command: bytes, channel: bytes, error: Exception) -> None:
        """The server answered this command with an error."""
        metrics.relay_refusals.labels(command.decode()).inc()
        where = f" on {channel.decode()}" if channel else ""
        self.last = f"Redis refuses {command.decode()}{where}: {advised(error)}"
        now = monotonic()
        if now - self._said.get(command, -inf) >= SILENT_SECONDS:
            self._said[command] = now
            log.error("%s", self.last)

    def failed(self, what: str, error: Exception, *, is_first: bool) -> None:
        """A connection could not be made, or broke. It is logged only if `is_first`."""
        self.last = f"{what}: {advised(error) or type(error).__name__}"
        if is_first:
            level = logging.ERROR if isinstance(error, AuthenticationError) else logging.WARNING
            log.log(level, "%s", self.last)

    def over(self) -> None:
        self.last = ""


def advised(error: Exception) -> str:
    said = " ".join(str(error).split())
    if isinstance(error, NoPermissionError):
        return f"{said}; {RIGHTS}"
    return f"{said}; {SENTINEL}" if "accepted by Sentinel" in said else said
