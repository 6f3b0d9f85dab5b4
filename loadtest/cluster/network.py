"""Machines that are network namespaces, all on one switch, which is a bridge.

Each has an address of its own, and its cable can be pulled: then packets are lost without a word,
as between real machines. The loader and nginx stay outside, at the switch's own address. Linux
only, and only for root.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.assembled import Assembled

CLONE_NEWNET = 0x40000000
OWN = Path("/proc/thread-self/ns/net")
NAMED = Path("/run/netns")
RANGE = "198.18"
"""Addresses for such measurements (RFC 2544): nobody's real network has them."""
SWITCH = 254


class NoNetwork(Exception):
    """Namespaces cannot be made here. The text is one line."""


class Machine:
    """What is started within `inside` runs on this machine, and sees no other network."""

    def __init__(self, name: str, address: str, cable: str) -> None:
        self.name = name
        self.address = address
        self._cable = cable
        """The switch's end of it."""

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The calling thread is on the machine meanwhile, with the processes that it starts."""
        with OWN.open() as before, (NAMED / self.name).open() as there:
            enter(there.fileno())
            try:
                yield
            finally:
                enter(before.fileno())

    def cut_off(self) -> None:
        """Pull its cable: nothing comes in or goes out, and nobody gets to know."""
        ip("link", "set", self._cable, "down")

    def plug_in(self) -> None:
        """Put the cable back."""
        ip("link", "set", self._cable, "up")


class Network(Assembled):
    """A `with` block makes the machines, and removes them with everything that is theirs."""

    def __init__(self, machines: int) -> None:
        super().__init__()
        run, subnet = os.getpid(), f"{RANGE}.{os.getpid() % 256}"
        self._switch = f"pb{run}"
        self.address = f"{subnet}.{SWITCH}"
        """The switch's own, for those who are outside."""
        self.machines = [
            Machine(f"payam-{run}-{number}", f"{subnet}.{number}", f"pv{run}-{number}")
            for number in range(1, machines + 1)
        ]

    def assemble(self) -> None:
        if os.geteuid() != 0:
            raise NoNetwork("only root may make network namespaces")
        ip("link", "add", self._switch, "type", "bridge")
        self._stack.callback(ip, "link", "del", self._switch)
        ip("addr", "add", f"{self.address}/24", "dev", self._switch)
        ip("link", "set", self._switch, "up")
        for one in self.machines:
            cable = one._cable
            ip("netns", "add", one.name)
            self._stack.callback(ip, "netns", "del", one.name)
            ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", one.name)
            self._stack.callback(ip, "link", "del", cable)
            ip("link", "set", cable, "master", self._switch, "up")
            ip("-n", one.name, "addr", "add", f"{one.address}/24", "dev", "eth0")
            ip("-n", one.name, "link", "set", "eth0", "up")
            ip("-n", one.name, "link", "set", "lo", "up")


def ip(*arguments: str) -> None:
    """Run `ip`. Raises NoNetwork."""
    program = shutil.which("ip")
    if program is None:
        raise NoNetwork("there is no `ip`; Debian has it in iproute2")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoNetwork(f"ip {' '.join(arguments)}: {' '.join(done.stderr.split())}")


def enter(namespace: int) -> None:
    """Move the calling thread into the namespace with this descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise NoNetwork(f"a namespace cannot be entered: {os.strerror(number)}")
