"""The processor time and memory of a process and its children, from /proc (Linux only)."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


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
