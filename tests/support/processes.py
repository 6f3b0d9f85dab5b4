"""Which process of a server holds a connection (Linux only: it reads /proc)."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

PROC = Path("/proc")


def processes_of_session(leader: int) -> list[int]:
    """The ids of the living processes in the session that `leader` began, itself included."""
    return sorted(
        int(entry.name)
        for entry in PROC.iterdir()
        if entry.name.isdigit() and _session_of(int(entry.name)) == leader
    )


def owner_of_connection(server_pids: Collection[int], client_port: int) -> int | None:
    """Which of `server_pids` accepted the TCP connection that comes from `client_port`.

    None when none of them holds it: it is closed, or not yet accepted.
    """
    for pid in server_pids:
        if _inodes_from(pid, client_port) & set(_open_sockets(pid)):
            return pid
    return None


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _inodes_from(pid: int, client_port: int) -> set[str]:
    """Socket inodes, in the network that `pid` sees, whose other end is `client_port`.

    The columns are described in the kernel's Documentation/networking/proc_net_tcp.rst.
    """
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / str(pid) / "net" / table).read_text().splitlines()
        except OSError:  # it ended meanwhile, or has no IPv6
            continue
        for line in lines[1:]:
            columns = line.split()
            if int(columns[2].rpartition(":")[2], 16) == client_port:
                inodes.add(columns[9])
    return inodes


def _open_sockets(pid: int) -> Iterable[str]:
    try:
        descriptors = list((PROC / str(pid) / "fd").iterdir())
    except OSError:  # it ended meanwhile
        return
    for descriptor in descriptors:
        try:
            target = os.readlink(descriptor)
        except OSError:  # closed meanwhile
            continue
        if target.startswith("socket:["):
            yield target.removeprefix("socket:[").removesuffix("]")
