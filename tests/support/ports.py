"""TCP ports that nobody listens on."""

import os
import random
import socket

FIRST, EACH, SIDES = 10_000, 2_500, 8
"""Below those that the kernel gives to clients: a server that is stopped finds its own again.

Tests that run side by side take theirs from different ranges.
"""

_given = {10_080}
"""No browser goes to that one, nor does `fetch` of Node: it is on their list of bad ports."""


def free_port() -> int:
    """A port of 127.0.0.1 that was free just now, never the same one twice in a run."""
    side = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SIDES
    first = FIRST + side * EACH
    while True:
        port = random.randrange(first, first + EACH)  # noqa: S311 - other runs choose too
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:  # somebody has it
                continue
        _given.add(port)
        return port
