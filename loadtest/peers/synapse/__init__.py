"""Matrix Synapse on PostgreSQL, as a peer of users with many conversations."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.filling import fill, of_database
from loadtest.peers.installing import CACHE, install_packages
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import PeerServer, running
from loadtest.peers.synapse.kept import restore
from loadtest.peers.synapse.returns import measure
from loadtest.peers.synapse.rooms import LIVELY, ROOMS, USERS, make_rooms

HERE = Path(__file__).parent
FOLDER = CACHE / "synapse"
PYTHON = FOLDER / "bin" / "python"
DUMP = FOLDER / f"{ROOMS}-rooms-{LIVELY}-of-{USERS}.dump"


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
        # A room's events are signed with the key, so it is kept as long as the rooms.
        ours["KEY"] = FOLDER / "signing.key"
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


class FillingServer(SynapseServer):
    """Makes the rooms: on any core, and without a wait for the disk at each commit."""

    def command(self) -> Sequence[str]:
        return self.program()

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "PGOPTIONS": "-c synchronous_commit=off"}


def fill_database(backing: Backing, database: str) -> None:
    with FillingServer(backing, database) as server:
        make_rooms(running(server).url, backing.secret)


@contextmanager
def start(backing: Backing, crowd: Crowd) -> Iterator[Running]:
    del crowd  # users and rooms are made over its own interface
    with backing.database() as database:
        restore(backing, DUMP, database, partial(fill_database, backing))
        with SynapseServer(backing, database) as server:
            yield running(server)


SYNAPSE = Peer("synapse", "Synapse", "synapse", install, start, measures=measure)
