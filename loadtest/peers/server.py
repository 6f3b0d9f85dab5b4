"""A peer's server in a process of its own, on the server's core."""

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import ClassVar

from loadtest.peers.peer import Running
from tests.support.server_process import ServerProcess

SERVER_CORE, LOADER_CORE = 0, 1


class PeerServer(ServerProcess):
    """Base of the peers' servers. `program` runs on `port` of 127.0.0.1.

    The server is ready once `GET` of the path in `ready` is answered with the status there.
    """

    ready: ClassVar[tuple[str, int]]

    def program(self) -> Sequence[str]:
        raise NotImplementedError

    def command(self) -> Sequence[str]:
        return pinned(SERVER_CORE, self.program())

    def answers(self) -> bool:
        path, status = self.ready
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", path)
                return connection.getresponse().status == status
            except (OSError, HTTPException):  # refused, or still loading
                return False


def running(server: ServerProcess) -> Running:
    """The server, once it answers."""
    return Running(f"http://127.0.0.1:{server.port}", server.process.pid)


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """The command on one core, if there are two cores and `taskset`."""
    if (os.cpu_count() or 1) < 2 or shutil.which("taskset") is None:
        return list(command)
    return ["taskset", "--cpu-list", str(core), *command]
