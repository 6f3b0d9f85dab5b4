"""Sends at a fixed rate; a delivery's time counts from when its message was due.

A loop that waits for each answer sends less while the server stalls, and so hides the stall. Here
a message that could not be sent in time counts as late.
"""

import argparse
import asyncio
import time
from typing import Protocol

from loadtest.client import TimedClient
from loadtest.figures import add_throughput
from loadtest.load import Load
from loadtest.stalled import stalled

TIMER_SECONDS = 0.002
"""The event loop's timers are exact to a millisecond, so the last part is a busy wait."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--receivers", type=int, default=200, help="sockets (200)")
    parser.add_argument("--rate", type=float, default=10.0, help="messages per second (10)")
    parser.add_argument("--stalled", type=int, default=0, help="more sockets, that never read (0)")


async def run(load: Load, options: argparse.Namespace) -> None:
    sender = load.client(0, 1)
    for place in range(1, options.receivers + 1):
        load.client(place, 1, TimedClient)
    await load.start()
    after = options.receivers + 1
    async with stalled(load, range(after, after + options.stalled)) as times:
        sending = asyncio.create_task(send_at(load, sender, options.rate))
        add_throughput(load, await load.measure())
        load.stopped.set()
        await sending
    if options.stalled:
        load.figure("stalled_connects", "connects of stalled sockets", sum(times))


class Speaker(Protocol):
    def say(self, due: float | None = None) -> None:
        """Send a message that was due at this time."""


async def send_at(load: Load, sender: Speaker, rate: float) -> None:
    """Send until the run is stopped."""
    began = time.perf_counter()
    number = 0
    while not load.stopped.is_set():
        number += 1
        due = began + number / rate
        await load.pause(due - time.perf_counter() - TIMER_SECONDS)
        while time.perf_counter() < due:
            await asyncio.sleep(0)
        sender.say(due)
