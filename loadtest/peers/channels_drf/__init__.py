"""Django Channels and Django REST framework on uvicorn, as a peer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.installing import CACHE, install_packages
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import PeerServer, running
from loadtest.peers.tables import create_tables

HERE = Path(__file__).parent


def install() -> None:
    install_packages("channels_drf", HERE / "requirements.txt")


class ChannelsServer(PeerServer):
    name = "channels"
    ready = ("/api/conversations/", 401)

    def __init__(self, backing: Backing, database: str) -> None:
        super().__init__()
        self.backing = backing
        self.database = database

    def program(self) -> Sequence[str]:
        python = str(CACHE / "channels_drf" / "bin" / "python")
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--app-dir", str(HERE)]
        options += ["--lifespan", "off", "--log-level", "warning", "--backlog", "4096"]
        return [python, "-m", "uvicorn", *options, "app:application"]

    def environment(self) -> Mapping[str, str]:
        url = urlsplit(self.database)
        return {
            **super().environment(),
            "DATABASE_HOST": url.hostname or "",
            "DATABASE_PORT": str(url.port),
            "DATABASE_USER": url.username or "",
            "DATABASE_PASSWORD": unquote(url.password or ""),
            "DATABASE_NAME": url.path.removeprefix("/"),
            "REDIS_URL": self.backing.redis.url,
            "JWT_SECRET": self.backing.secret,
        }


@contextmanager
def start(backing: Backing, crowd: Crowd) -> Iterator[Running]:
    with backing.database() as database:
        create_tables(database, crowd)
        with ChannelsServer(backing, database) as server:
            yield running(server)


CHANNELS = Peer("channels", "Channels + DRF", "channels", install, start)
