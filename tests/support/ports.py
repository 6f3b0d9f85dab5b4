"""TCP ports that nobody listens on."""

import socket

_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that was free just now, never the same one twice in a run."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port
