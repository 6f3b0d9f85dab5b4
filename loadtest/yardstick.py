"""python -m loadtest yardstick [--seconds 10]

Says how fast a core is just now: how much processor time a fixed piece of work takes. It needs no
server. A shared machine may be half as fast a minute later, so the piece is done again and again,
and the mean counts. `python -m loadtest model --yardstick` takes the number.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from statistics import fmean

MICROSECOND = 1e-6
PAUSE = 0.05
"""Seconds between two pieces. So they take a hundredth of the core from what else runs there."""
ENCODED = 15
WRITTEN = 100
"""How often each part of a piece is done. Two thirds of its time are Python's, the rest is the
kernel's.
"""
FRAME = 200
"""Bytes."""
MESSAGE = {
    "type": "message",
    "id": "0198c0de-1f00-7000-8000-000000000001",
    "conversation_id": "0198c0de-1f00-7000-8000-000000000002",
    "seq": 1234567,
    "sender_id": 42,
    "text": "سلام، حال شما چطور است؟ " * 3,
    "created_at": "2026-11-29T12:00:00.123456Z",
    "client_id": "a-1",
}


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m loadtest yardstick", description="Say how fast a core is."
    )
    root.add_argument("--seconds", type=float, default=10.0, help="measured (10)")
    return root


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    options = parser().parse_args(arguments)
    if not 0 < options.seconds < float("inf"):
        parser().error("--seconds must be above 0")
    print(f"{piece_time(options.seconds) / MICROSECOND:.0f} µs")
    return 0


async def measured_beside(seconds: float) -> float:
    """`piece_time`, in a process of its own, so that the caller's work goes on meanwhile."""
    program = [sys.executable, "-m", "loadtest.yardstick", "--seconds", str(seconds)]
    child = await asyncio.create_subprocess_exec(*program, stdout=PIPE)
    printed, _ = await child.communicate()
    return int(printed.split()[0]) * MICROSECOND


def piece_time(seconds: float) -> float:
    """The mean processor time of a piece during so many seconds, in seconds."""
    taken: list[float] = []
    pipe = reads, writes = os.pipe()
    try:
        end = time.monotonic() + seconds
        while not taken or time.monotonic() < end:
            time.sleep(PAUSE)
            began = time.process_time()
            work(reads, writes)
            taken.append(time.process_time() - began)
    finally:
        for one in pipe:
            os.close(one)
    return fmean(taken)


def work(reads: int, writes: int) -> None:
    """A piece: what a chat server does most, and always the same. Takes both ends of a pipe."""
    for _ in range(ENCODED):
        json.loads(json.dumps(MESSAGE))
    for _ in range(WRITTEN):
        os.write(writes, bytes(FRAME))
        os.read(reads, FRAME)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
