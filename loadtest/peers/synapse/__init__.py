"""Matrix Synapse on PostgreSQL, as a peer of users with many conversations."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.filling import fill, of_database
from loadtest.peers.installing import CACHE, install_packages
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import PeerServer, running
from loadtest.peers.synapse.returns import measure

HERE = Path(__file__).parent
PYTHON = CACHE / "synapse" / "bin" / "python"


def install() -> None:
    install_packages("synapse", HERE / "requirements.txt")


class SynapseServer(PeerServer):
    name = "synapse"
    ready = ("/_matrix/client/versions", 200)

    def __init__(self, backing: Backing, database: str) -> None:
        super().__init__()
        self.backing = backing
        self.database = database

    def program(self) -> Sequence[str]:
        return [str(PYTHON), "-m", "synapse.app.homeserver", "-c", str(self.file)]

    @property
    def file(self) -> Path:
        return self.directory / "homeserver.yaml"

    def start(self) -> None:
        ours = {"FOLDER": self.directory, "SECRET": self.backing.secret, "PORT": self.port}
        filled = fill(HERE / "homeserver.yaml", {**ours, **of_database(self.database)})
        self.file.write_text(filled)
        (self.directory / "log.yaml").write_text((HERE / "log.yaml").read_text())
        subprocess.run(
            [*self.program(), "--generate-keys"],
            cwd=self.directory,
            env=dict(self.environment()),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        super().start()


@contextmanager
def start(backing: Backing, crowd: Crowd) -> Iterator[Running]:
    del crowd  # users and rooms are made over its own interface
    with backing.database() as database, SynapseServer(backing, database) as server:
        yield running(server)


SYNAPSE = Peer("synapse", "Synapse", "synapse", install, start, measures=measure)
