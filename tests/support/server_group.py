"""Several servers that belong together."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.support.assembled import Assembled
from tests.support.redis_server import AWAY
from tests.support.server_process import ServerProcess

WAIT_SECONDS = 60
LOOK_SECONDS = 0.05

Server = TypeVar("Server", bound=ServerProcess)


class ServerGroup(Assembled):
    """A `with` block starts the servers together and stops all of them for good.

    A subclass starts each with `begin` in its `assemble`, which returns once they serve.
    """

    def begin(self, server: Server) -> Server:
        self._stack.enter_context(server)
        return server


def wait_until(is_so: Callable[[], bool], complaint: str) -> None:
    """Ask again and again, also while a server does not answer.

    Raises AssertionError with the complaint after 60 seconds.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            if is_so():
                return
        except AWAY:
            pass
        assert time.monotonic() < deadline, f"{complaint} after {WAIT_SECONDS} s"
        time.sleep(LOOK_SECONDS)
