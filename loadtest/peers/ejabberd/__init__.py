"""ejabberd on PostgreSQL, as a peer. Taken from Debian's packages without installing them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.filling import fill, of_database
from loadtest.peers.installing import CACHE, install_once, unpack_packages
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import PeerServer, running
from loadtest.targets.ejabberd import password_of

CONFIGURATION = Path(__file__).parent / "ejabberd.yml"
UNPACKED = CACHE / "ejabberd"
ERLANG = (
    *("asn1", "base", "base64url", "crypto", "eunit", "ftp", "goldrush", "idna", "inets"),
    *("jiffy", "jose", "lager", "mnesia", "odbc", "os-mon", "p1-acme", "p1-cache-tab"),
    *("p1-eimp", "p1-mqtree", "p1-pgsql", "p1-pkix", "p1-stringprep", "p1-stun", "p1-tls"),
    *("p1-utils", "p1-xml", "p1-xmpp", "p1-yaml", "p1-yconf", "p1-zlib", "proper"),
    *("public-key", "runtime-tools", "snmp", "ssl", "syntax-tools", "tftp", "tools"),
    *("unicode-util-compat", "xmerl"),
)
PACKAGES = ("ejabberd", "libltdl7", "libodbc2", *(f"erlang-{name}" for name in ERLANG))


ROOT = UNPACKED / "usr/lib/erlang"


def emulator() -> Path:
    """The folder of Erlang's own programs, which is named after its version."""
    return next(ROOT.glob("erts-*")) / "bin"


def install() -> None:
    install_once("ejabberd", " ".join(PACKAGES), lambda folder: unpack_packages(folder, PACKAGES))


class EjabberdServer(PeerServer):
    name = "ejabberd"
    ready = ("/", 404)

    def __init__(self, database: str) -> None:
        super().__init__()
        self.database = database

    def program(self) -> Sequence[str]:
        filled = fill(CONFIGURATION, {"PORT": self.port, **of_database(self.database)})
        (self.directory / "ejabberd.yml").write_text(filled)
        return [
            *(str(emulator() / "erlexec"), "-noinput", "+K", "true", "+P", "250000"),
            *("-mnesia", "dir", f'"{self.directory / "mnesia"}"', "-s", "ejabberd"),
        ]

    def environment(self) -> Mapping[str, str]:
        libraries = UNPACKED / "usr/lib/x86_64-linux-gnu"
        return {
            **super().environment(),
            # What Debian's `erl` sets, with the paths of an installed Erlang.
            "ROOTDIR": str(ROOT),
            "BINDIR": str(emulator()),
            "EMU": "beam",
            "PROGNAME": "erl",
            "ERL_LIBS": str(libraries),
            "ERL_MAX_PORTS": "32000",
            "LD_LIBRARY_PATH": str(libraries),
            "EJABBERD_CONFIG_PATH": str(self.directory / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(self.directory / "ejabberd.log"),
        }


@contextmanager
def start(backing: Backing, crowd: Crowd) -> Iterator[Running]:
    schema = (UNPACKED / "usr/share/ejabberd/sql/pg.sql").read_text()
    with backing.database() as database:
        with psycopg.connect(database) as connection:
            connection.execute(schema)
            users = [(f"u{number}", password_of(number)) for number in range(1, crowd.users + 1)]
            connection.cursor().executemany(
                "INSERT INTO users (username, password, serverkey, salt, iterationcount)"
                " VALUES (%s, %s, '', '', 0)",
                users,
            )
        with EjabberdServer(database) as server:
            yield running(server)


EJABBERD = Peer("ejabberd", "ejabberd", "ejabberd", install, start)
