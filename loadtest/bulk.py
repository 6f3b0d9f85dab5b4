"""Reads for the many sockets of one conversation, which all receive the same.

A fast server writes the same bytes to each of them, one batch after the other. What a chunk of
bytes means to a socket depends on two things only: which change was due, and what was cut off
before. So the result of the first reading is kept, and for the other sockets a chunk costs one
comparison of memory. This is as exact as looking at each frame, and any other chunk is read
frame by frame.
"""

import asyncio
from collections.abc import Iterator

import picows

from loadtest.client import Client, Reading, Traffic

BUFFER = bytearray(1 << 18)
"""One buffer for all sockets, because it is read as soon as it is filled."""
READINGS_KEPT = 64
KINDS = {kind.value: kind for kind in picows.WSMsgType}


class Receiver(Client):
    """A client that only listens. picows opens the socket, and from the first frame on this class
    reads it.
    """

    sends = False

    def __init__(self, traffic: Traffic, number: int, user: int, conversation: int) -> None:
        super().__init__(traffic, number, user, conversation)
        self.readings = traffic.readings[conversation]

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        super().on_ws_frame(transport, frame)
        if frame.tail_size == 0 and not transport.is_disconnected:
            # By now picows' own buffer is empty.
            transport.underlying_transport.set_protocol(Reader(self, transport))


class Reader(asyncio.BufferedProtocol):
    """Takes the place of picows' protocol."""

    def __init__(self, client: Receiver, transport: picows.WSTransport) -> None:
        self._client = client
        self._book = client.book
        self._readings = client.readings
        self._transport = transport
        self._cut = b""

    def get_buffer(self, sizehint: int) -> bytearray:
        return BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        book = self._book
        known = self._readings.get((book.due, self._cut, nbytes))
        if known is not None and not book.catching_up and BUFFER.startswith(known.chunk):
            book.due = known.due
            book.mark = known.mark
            self._cut = known.cut
        else:
            self._read(bytes(BUFFER[:nbytes]))

    def _read(self, chunk: bytes) -> None:
        book, cut, due = self._book, self._cut, self._book.due
        data = cut + chunk
        only_due = not book.catching_up
        end = 0
        for opcode, start, end in frames(data):
            payload = data[start:end]
            if payload.endswith(book.mark):
                book.due += 1
                book.mark = self._client.marks[book.due]
            else:
                only_due = False
                self._look(opcode, payload)
        self._cut = data[end:]
        if only_due:
            if len(self._readings) >= READINGS_KEPT:
                self._readings.clear()
            self._readings[due, cut, len(chunk)] = Reading(chunk, book.due, book.mark, self._cut)

    def _look(self, opcode: int, payload: bytes) -> None:
        kind = KINDS[opcode]
        if kind == picows.WSMsgType.PING:
            self._transport.send_pong(payload)
        else:
            self._client.look(self._transport, kind, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.on_ws_disconnected(self._transport)


def frames(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Each whole frame of a server (RFC 6455, section 5.2): its opcode, and the beginning and the
    end of its payload. The next frame begins at that end.
    """
    position = 0
    while position + 2 <= len(data):
        start = position + 2
        length = data[position + 1]
        if length > 125:
            start += 2 if length == 126 else 8
            length = int.from_bytes(data[position + 2 : start], "big")
        end = start + length
        if end > len(data) or start > len(data):
            return
        yield data[position] & 0x0F, start, end
        position = end
