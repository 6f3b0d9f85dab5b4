"""All sockets drop without a goodbye, come back and catch up, while messages go on.

This is what happens after a network fails, or a load balancer restarts. Each client must receive
everything that it missed, once and in order.
"""

import argparse
import asyncio

from loadtest.bulk import Receiver
from loadtest.client import TimedClient
from loadtest.figures import add_costs
from loadtest.histogram import Histogram
from loadtest.load import Load
from loadtest.scenarios.latency import send_at

BEFORE_SECONDS = 0.5


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sockets", type=int, default=2000, help="that drop (2000)")
    parser.add_argument("--missed", type=int, default=50, help="messages while they are away (50)")
    parser.add_argument("--rate", type=float, default=10.0, help="messages per second after (10)")
    parser.add_argument(
        "--at-once", type=int, help="connection attempts under way (as many as sockets)"
    )


async def run(load: Load, options: argparse.Namespace) -> None:
    sender = load.client(0, 1, TimedClient)
    crowd = [load.client(place, 1, Receiver) for place in range(1, options.sockets + 1)]
    await load.start()
    load.phase = "before"
    for _ in range(options.missed):
        sender.say()
    await load.pause(BEFORE_SECONDS)
    load.phase = "away"
    for client in crowd:
        client.drop()
    for _ in range(options.missed):
        sender.say()
    while sender.waiting and sender.is_connected:
        await asyncio.sleep(0.01)
    load.histograms["return"] = returns = Histogram()
    with load.window("coming back") as came_back:
        sending = asyncio.create_task(send_at(load, sender, options.rate))
        at_once = options.at_once or options.sockets
        await load.connect(crowd, since=True, at_once=at_once, times=returns)
    load.stopped.set()
    await sending
    window = came_back()
    load.figure("back_after", "all are back after", window.seconds, "s")
    load.figure("returns_per_second", "returns", options.sockets / window.seconds, "/s")
    load.figure("messages_meanwhile", "messages stored meanwhile", window.acked)
    add_costs(load, window, options.sockets, "return")
