"""A small process that ends the servers of tests which were killed themselves.

Servers lead sessions of their own, so what kills pytest leaves them running. The kernel could end
them (PR_SET_PDEATHSIG), but it does so when the thread that started one ends, and tests start
servers in threads.
"""

import subprocess
import sys
from functools import cache

PROGRAM = """
import os, signal, sys

running = set()
for line in sys.stdin:
    group = int(line)
    if group > 0:
        running.add(group)
    else:
        running.discard(-group)
for group in running:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


@cache
def guard() -> "subprocess.Popen[bytes]":
    """It reads until this process has ended, however that ends."""
    return subprocess.Popen(
        [sys.executable, "-ISu", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    )


def note_start(group: int) -> None:
    """Have this group of processes killed if this process ends before `note_end`."""
    say(group)


def note_end(group: int) -> None:
    say(-group)


def say(number: int) -> None:
    stdin = guard().stdin
    assert stdin is not None
    stdin.write(b"%d\n" % number)
