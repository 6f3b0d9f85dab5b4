"""Processes of a server: which there are, and which of them serves whom.

Linux only: it reads /proc.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def processes_of_session(leader: int) -> list[int]:
    """The ids of the living processes in the session that `leader` began, itself included."""
    return sorted(pid for pid in processes() if session_of(pid) == leader)


def is_followers(pid: int) -> bool:
    """Whether it is the process in which Payam's followers work."""
    with suppress(OSError):
        return b"chat.followers" in (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    return False


def children(parent: int) -> list[int]:
    """The ids of the living processes that `parent` started."""
    return [pid for pid in processes() if parent_of(pid) == parent]


def is_running(pid: int) -> bool:
    return parent_of(pid) is not None


def owners(pids: Iterable[int]) -> dict[int, int]:
    """For the client's port of each TCP connection to one of these processes, the process.

    The columns are described in the kernel's Documentation/networking/proc_net_tcp.rst.
    """
    ports = {}
    for table in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):  # no IPv6
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                ports[columns[9]] = int(columns[2].rpartition(":")[2], 16)
    return {ports[inode]: pid for pid in pids for inode in sockets_of(pid) if inode in ports}


def processes() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def session_of(pid: int) -> int | None:
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(pid)
    return None


def parent_of(pid: int) -> int | None:
    """None for one that has ended, though nobody may have asked how."""
    with suppress(OSError):
        # The name, which stands first, may hold anything but ends at the last bracket.
        state, parent = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[:2]
        if state != "Z":
            return int(parent)
    return None


def sockets_of(pid: int) -> set[str]:
    """Inodes of the sockets that the process has open."""
    found = set()
    with suppress(OSError):  # it ended meanwhile
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                target = os.readlink(descriptor)
                if target.startswith("socket:["):
                    found.add(target.removeprefix("socket:[").removesuffix("]"))
    return found
