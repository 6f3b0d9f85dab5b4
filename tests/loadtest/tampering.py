"""A relay before a server that loses, doubles or swaps one message of every socket."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from loadtest.bulk import frames

CHUNK = 1 << 16
WHICH = 3
"""The delivery of each socket that it happens to, counted from 1."""

Fault = Callable[[bytes, bytes], bytes]
"""From that delivery's frame and the next one's to what is sent instead."""


def lose(_: bytes, following: bytes) -> bytes:
    return following


def double(frame: bytes, following: bytes) -> bytes:
    return frame + frame + following


def swap(frame: bytes, following: bytes) -> bytes:
    return following + frame


@contextmanager
def tampered(port: int, fault: Fault) -> Iterator[str]:
    """The URL of the relay to the server on this port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept, args=(listener, port, fault))
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def accept(listener: socket.socket, port: int, fault: Fault) -> None:
    relays = []
    with suppress(OSError):  # it was shut down
        while True:
            near, _ = listener.accept()
            relays.append(threading.Thread(target=relay, args=(near, port, fault)))
            relays[-1].start()
    for each in relays:
        each.join()


def relay(near: socket.socket, port: int, fault: Fault) -> None:
    with near, socket.create_connection(("127.0.0.1", port)) as far:
        there = threading.Thread(target=pump, args=(near, far, lambda data: data))
        there.start()
        pump(far, near, Tamperer(fault))
        there.join()


def pump(source: socket.socket, drain: socket.socket, change: Callable[[bytes], bytes]) -> None:
    """Until one end closes; the other is then closed."""
    with suppress(OSError):
        while data := source.recv(CHUNK):
            drain.sendall(change(data))
    for end in (source, drain):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Tamperer:
    """What one connection's client is sent. It keeps back what is not a whole frame."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._data = b""
        self._is_websocket = False
        self._delivered = 0
        self._kept = b""

    def __call__(self, data: bytes) -> bytes:
        self._data += data
        passed = b""
        if not self._is_websocket:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if b" 101 " not in head:
                passed, self._data = self._data, b""
                return passed
            self._is_websocket, self._data = True, rest
            passed = head + end
        begin = 0
        for _, start, end_of_frame in frames(self._data):
            frame = self._data[begin:end_of_frame]
            is_delivery = self._data.startswith(b'{"type":"chat.message"', start)
            passed += self._tamper(frame) if is_delivery else frame
            begin = end_of_frame
        self._data = self._data[begin:]
        return passed

    def _tamper(self, frame: bytes) -> bytes:
        self._delivered += 1
        if self._delivered == WHICH:
            self._kept = frame
            return b""
        if self._delivered == WHICH + 1:
            return self._fault(self._kept, frame)
        return frame
