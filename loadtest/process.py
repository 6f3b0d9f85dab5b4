"""The processor time and memory of a process and its children, from /proc (Linux only)."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")
NANOSECONDS_PER_MICROSECOND = 1000


@dataclass(frozen=True)
class Usage:
    """Seconds of processor time so far, and bytes resident now."""

    cpu: float
    memory: int


class NoProcess(Exception):
    """There is no process with this id. The text is one line."""


def usage(pid: int) -> Usage:
    """The usage of the process and of all that it started. Raises NoProcess.

    Memory that the processes share counts once for each of them.
    """
    found = [own_usage(pid)]
    for child in family(pid)[1:]:
        with suppress(NoProcess):  # it ended meanwhile
            found.append(own_usage(child))
    return Usage(sum(one.cpu for one in found), sum(one.memory for one in found))


def own_usage(pid: int) -> Usage:
    """The usage of this process alone. Raises NoProcess."""
    try:
        # The name, in brackets, may have spaces in it. The fields are those of proc(5).
        stat = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        pages = int((PROC / str(pid) / "statm").read_text().split()[1])
    except OSError:
        raise NoProcess(f"there is no process {pid} (or none that may be read)") from None
    return Usage((int(stat[11]) + int(stat[12])) / CLOCK_TICKS, pages * PAGE)


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    for each in found:  # it grows while it is walked
        for children in (PROC / str(each) / "task").glob("*/children"):
            try:
                found.extend(int(child) for child in children.read_text().split())
            except OSError:  # the thread ended meanwhile
                continue
    return found


def spent(pid: int) -> float:
    """µs of processor time of all threads of a process, those that ended not counted."""
    total = 0
    for task in (PROC / str(pid) / "task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except OSError:  # it ended meanwhile
            continue
    return total / NANOSECONDS_PER_MICROSECOND


def processes() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def title(pid: int) -> bytes:
    """What a process calls itself; empty when it is not PostgreSQL's, or has ended."""
    try:
        said = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""
    return said if said.startswith(b"postgres:") else b""
