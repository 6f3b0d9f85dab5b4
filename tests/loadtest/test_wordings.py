"""Other servers' wordings, spoken over real sockets with the least that speaks them.

The peers themselves are measured by `make bench`, which installs them.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from loadtest.__main__ import main

Handler = Callable[[ServerConnection], None]
SOCKETS = 5
TIMEOUT_SECONDS = 60
OPTIONS = ["--warm-up", "0", "--seconds", "0.3"]


class Room:
    """Everybody who is connected, in one conversation. `lost` is never handed on."""

    def __init__(self, lost: int = 0) -> None:
        self.lost = lost
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._members: list[ServerConnection] = []
        self._is_full = threading.Event()
        """Until then nothing is taken: a member that joins late would miss it."""

    def _join(self, member: ServerConnection) -> None:
        with self._lock:
            self._members.append(member)
            if len(self._members) == SOCKETS:
                self._is_full.set()
        self._is_full.wait(TIMEOUT_SECONDS)

    def nchan(self, member: ServerConnection) -> None:
        """Hands on what comes, as it is, to everybody."""
        self._join(member)
        for frame in member:
            with self._lock:
                if next(self._numbers) != self.lost:
                    self._tell(self._members, str(frame))

    def socketio(self, member: ServerConnection) -> None:
        """Greets, pings, and numbers messages in twos, as if others had those between."""
        member.send('0{"sid":"x"}')
        assert member.recv() == "40"
        member.send("2")
        assert member.recv() == "3"
        self._join(member)
        member.send('40{"sid":"y"}')  # from here on it may speak
        for frame in member:
            _, said = json.loads(str(frame)[2:])
            with self._lock:
                number = 2 * next(self._numbers)
                self._emit([member], "ack", {**said, "id": number, "seq": number})
                if number != self.lost:
                    heard = {"id": number, "seq": number, "content": said["message"]}
                    self._emit(self._members, "chat.message", heard)

    def _emit(self, members: list[ServerConnection], name: str, said: dict[str, Any]) -> None:
        self._tell(members, "42" + json.dumps([name, said]))

    def _tell(self, members: list[ServerConnection], frame: str) -> None:
        for member in members:
            with suppress(ConnectionClosed):
                member.send(frame)


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """Its URL."""

    def handle(member: ServerConnection) -> None:
        with suppress(ConnectionClosed):  # the load tester leaves without a goodbye
            handler(member)

    server: Server = serve(handle, "127.0.0.1", 0, compression=None)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["nchan", "socketio"])
@pytest.mark.parametrize("scenario", ["fanout --in-flight 2", "latency --rate 50"])
def test_another_wording_is_spoken(name: str, scenario: str, tmp_path: Path) -> None:
    """Expected: clean, and deliveries timed, whichever way a server numbers them."""
    status, report = run(name, f"{scenario} --patience 60", Room(), tmp_path)
    assert status == 0
    assert report["ledger"]["delivered"] > 0
    assert report["latencies"]["delivery"]["count"] > 0


@pytest.mark.parametrize("name", ["nchan", "socketio"])
def test_a_loss_is_found_in_another_wording(name: str, tmp_path: Path) -> None:
    """Expected: missing at every socket, the sender's too."""
    status, report = run(name, "fanout --in-flight 2 --patience 5", Room(lost=4), tmp_path)
    assert status == 1
    assert report["ledger"]["missing"] == SOCKETS


def run(name: str, scenario: str, room: Room, folder: Path) -> tuple[int, dict[str, Any]]:
    handler: Handler = room.nchan if name == "nchan" else room.socketio
    file = folder / "report.json"
    members = ["--receivers", "4", "--users", "10", "--json", str(file)]
    with serving(handler) as url:
        command = [*scenario.split(), "--server", name, "--url", url, *members, *OPTIONS]
        status = main(command, {"JWT_SECRET": "x" * 32})
    return status, json.loads(file.read_text())
