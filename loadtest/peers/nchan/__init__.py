"""nginx with nchan, as a peer. Taken from Debian's packages without installing them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.filling import fill
from loadtest.peers.installing import CACHE, install_once, unpack_packages
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import PeerServer, running

CONFIGURATION = Path(__file__).parent / "nginx.conf"
PACKAGES = ("nginx", "libnginx-mod-nchan")
UNPACKED = CACHE / "nchan"


def install() -> None:
    install_once("nchan", " ".join(PACKAGES), lambda folder: unpack_packages(folder, PACKAGES))


class NchanServer(PeerServer):
    name = "nchan"
    ready = ("/health/ready", 200)

    def program(self) -> Sequence[str]:
        module = UNPACKED / "usr/lib/nginx/modules/ngx_nchan_module.so"
        file = self.directory / "nginx.conf"
        file.write_text(fill(CONFIGURATION, {"MODULE": module, "PORT": self.port}))
        nginx = str(UNPACKED / "usr/sbin/nginx")
        return [nginx, "-p", str(self.directory), "-c", str(file), "-e", "stderr"]


@contextmanager
def start(backing: Backing, crowd: Crowd) -> Iterator[Running]:
    del backing, crowd  # it stores nothing, and checks nobody
    with NchanServer() as server:
        yield running(server)


NCHAN = Peer("nchan", "nginx + nchan", "nchan", install, start, stores=False)
