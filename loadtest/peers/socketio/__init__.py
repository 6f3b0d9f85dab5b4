"""Socket.IO on Node, as a peer."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.installing import CACHE, install_once, run
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import PeerServer, running
from loadtest.peers.tables import create_tables

HERE = Path(__file__).parent


def install() -> None:
    files = [HERE / "package.json", HERE / "package-lock.json"]

    def steps(folder: Path) -> None:
        for file in files:
            shutil.copy(file, folder)
        run(folder, "npm", "ci", "--silent", "--no-audit", "--no-fund")

    install_once("socketio", "".join(file.read_text() for file in files), steps)


class SocketIOServer(PeerServer):
    name = "socketio"
    ready = ("/", 200)

    def __init__(self, backing: Backing, database: str) -> None:
        super().__init__()
        self.backing = backing
        self.database = database

    def program(self) -> Sequence[str]:
        return ["node", str(HERE / "server.js")]

    def environment(self) -> Mapping[str, str]:
        return {
            **super().environment(),
            "NODE_ENV": "production",
            "NODE_PATH": str(CACHE / "socketio" / "node_modules"),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATABASE_URL": self.database,
            "REDIS_URL": self.backing.redis.url,
            "JWT_SECRET": self.backing.secret,
        }


@contextmanager
def start(backing: Backing, crowd: Crowd) -> Iterator[Running]:
    with backing.database() as database:
        create_tables(database, crowd)
        with SocketIOServer(backing, database) as server:
            yield running(server)


SOCKETIO = Peer("socketio", "Socket.IO 4", "socketio", install, start)
