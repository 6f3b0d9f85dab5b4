"""uWebSockets (C++), by socketify, as a peer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.installing import CACHE, install_packages
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import PeerServer, running

HERE = Path(__file__).parent


def install() -> None:
    install_packages("uwebsockets", HERE / "requirements.txt")


class UWebSocketsServer(PeerServer):
    name = "uwebsockets"
    ready = ("/", 200)

    def program(self) -> Sequence[str]:
        return [str(CACHE / "uwebsockets" / "bin" / "python"), str(HERE / "app.py")]

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "PORT": str(self.port)}


@contextmanager
def start(backing: Backing, crowd: Crowd) -> Iterator[Running]:
    del backing, crowd  # it stores nothing, and checks nobody
    with UWebSocketsServer() as server:
        yield running(server)


UWEBSOCKETS = Peer("uwebsockets", "uWebSockets", "uwebsockets", install, start, stores=False)
