"""Which worker serves whom: the kernel gives a crowd that comes at once to one of them.

A proof about two workers needs the two people of a conversation on different ones.
Linux only: it reads /proc.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def owners(pids: Iterable[int]) -> dict[int, int]:
    """For the client's port of each connection to one of these processes, the process.

    The columns are described in the kernel's Documentation/networking/proc_net_tcp.rst.
    """
    ports = {}
    for line in (PROC / "net" / "tcp").read_text().splitlines()[1:]:
        columns = line.split()
        ports[columns[9]] = int(columns[2].rpartition(":")[2], 16)
    return {ports[inode]: pid for pid in pids for inode in sockets_of(pid) if inode in ports}


def sockets_of(pid: int) -> set[str]:
    """Inodes of the sockets that the process has open."""
    found = set()
    with suppress(FileNotFoundError):  # it ended meanwhile
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            with suppress(FileNotFoundError):
                target = os.readlink(descriptor)
                if target.startswith("socket:["):
                    found.add(target.removeprefix("socket:[").removesuffix("]"))
    return found
