"""nginx with nchan, as a peer. Taken from Debian's packages without installing them."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtest.crowd import Crowd
from loadtest.peers.backing import Backing
from loadtest.peers.installing import CACHE, install_once, run
from loadtest.peers.peer import Peer, Running
from loadtest.peers.server import PeerServer, running

CONFIGURATION = Path(__file__).parent / "nginx.conf"
PACKAGES = ("nginx", "libnginx-mod-nchan")
UNPACKED = CACHE / "nchan"
"""If nginx were installed, it would be started as a service, and stay on the machine."""


def install() -> None:
    def steps(folder: Path) -> None:
        if os.geteuid() == 0:  # apt's lists may be missing or old; only root may renew them
            run(folder, "apt-get", "-qq", "update")
        run(folder, "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *PACKAGES)
        for package in sorted(folder.glob("*.deb")):
            run(folder, "dpkg-deb", "--extract", package.name, ".")

    install_once("nchan", " ".join(PACKAGES), steps)


class NchanServer(PeerServer):
    name = "nchan"
    ready = ("/health/ready", 200)

    def program(self) -> Sequence[str]:
        module = UNPACKED / "usr/lib/nginx/modules/ngx_nchan_module.so"
        filled = CONFIGURATION.read_text()
        filled = filled.replace("@@MODULE@@", str(module)).replace("@@PORT@@", str(self.port))
        file = self.directory / "nginx.conf"
        file.write_text(filled)
        nginx = str(UNPACKED / "usr/sbin/nginx")
        return [nginx, "-p", str(self.directory), "-c", str(file), "-e", "stderr"]


@contextmanager
def start(backing: Backing, crowd: Crowd) -> Iterator[Running]:
    del backing, crowd  # it stores nothing, and checks nobody
    with NchanServer() as server:
        yield running(server)


NCHAN = Peer("nchan", "nginx + nchan", "nchan", install, start)
