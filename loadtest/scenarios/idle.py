"""Sockets that do nothing: the memory of each, and how fast they are let in.

Each has a token and asks for what it missed, as clients do. At the end one message must still
reach all of them.
"""

import argparse

from loadtest.bulk import Receiver
from loadtest.figures import add_costs
from loadtest.histogram import Histogram
from loadtest.load import Load

KIB = 1024
IDLE_SECONDS = 2.0
"""After so long the server has freed what a handshake needs only for a moment."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sockets", type=int, default=8000, help="to be opened (8000)")
    parser.add_argument("--at-once", type=int, default=16, help="handshakes under way (16)")
    parser.set_defaults(seconds=IDLE_SECONDS)


async def run(load: Load, options: argparse.Namespace) -> None:
    warm = max(options.sockets // 16, 1)
    waker = load.client(0, 1)
    for place in range(1, options.sockets + warm):
        load.client(place, 1, Receiver)
    await load.begin_books()
    load.phase = "warming up"
    await load.connect(load.clients[:warm], since=True)
    load.histograms["handshake"] = handshakes = Histogram()
    with load.window("connecting") as connected:
        fresh = load.clients[warm:]
        await load.connect(fresh, since=True, at_once=options.at_once, times=handshakes)
    opened = connected()
    load.phase = "idle"
    await load.pause(load.seconds)
    now = load.snapshot()
    for key, side, before, after in (
        ("kib_per_socket", "server", opened.first.server, now.server),
        ("loader_kib_per_socket", "loader", opened.first.loader, now.loader),
    ):
        if before is not None and after is not None:
            each = (after.memory - before.memory) / options.sockets
            load.figure(key, f"memory a socket, {side}", each / KIB, "KiB")
    load.figure("handshakes_per_second", "handshakes", options.sockets / opened.seconds, "/s")
    add_costs(load, opened, options.sockets, "handshake")
    load.phase = "waking"
    waker.say()
