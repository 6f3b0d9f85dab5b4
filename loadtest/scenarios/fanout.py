"""One conversation, many receivers: one member keeps messages in flight."""

import argparse

from loadtest.bulk import Receiver
from loadtest.client import TimedClient
from loadtest.figures import add_throughput
from loadtest.load import Load


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--receivers", type=int, default=200, help="sockets (200)")
    parser.add_argument(
        "--in-flight", type=int, default=8, help="messages not acknowledged at a time (8)"
    )


async def run(load: Load, options: argparse.Namespace) -> None:
    # The first, the middle and the last to join, because a server writes to them in some order.
    timed = {1, options.receivers // 2, options.receivers}
    load.client(0, 1)
    for place in range(1, options.receivers + 1):
        kind = TimedClient if place in timed else Receiver
        load.client(place, 1, kind)
    await load.start()
    load.keep_in_flight(load.clients[0], options.in_flight)
    add_throughput(load, await load.measure())
