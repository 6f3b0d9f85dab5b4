"""TCP for the sockets that are open: little memory for each, and one poll for all of them.

A transport of the event loop takes more than a kilobyte, most of it for what a websocket never
does. So after the handshake a socket gets a `Transport` of this module. It has the descriptor, the
protocol, and what the kernel did not take yet. The loop watches one `epoll`, which watches all
descriptors. Example:

1. A client's handshake is read from the loop's transport.
2. `Transports.take` copies the descriptor and ends the loop's transport. The connection stays open,
   because the copy is open.
3. The client sends a frame. The loop calls `_turn`, which finds the descriptor and reads it.

What is written goes to the kernel at once. So whoever has several things for one socket joins them
first, as everywhere in `realtime/`.

Where this cannot be had, the connection keeps the loop's transport: on systems without `epoll`, for
TLS, and where bytes of an earlier answer still wait.
"""

import asyncio
import os
import select
import socket
from typing import Any

READ_MAX = 64 * 1024
"""Most bytes that are read of one socket in one turn of the loop."""
TURN_MAX = 256
"""Most sockets that are read in one turn of the loop; then other work has its turn."""
READ, WRITE = 1, 4  # EPOLLIN and EPOLLOUT, which not every system's `select` has
OPEN, CLOSING, ENDING = 0, 1, 2
"""States of a transport. ENDING: our side is shut down once all is written; CLOSING: the socket."""
NOBODY = asyncio.Protocol()
"""Hears of the end of a transport that its protocol has left."""
write = os.write
read = os.read


class Transport(asyncio.Transport):
    """One connected socket, which does not block. It has what `Connection` asks of a transport.

    `pause_writing` of the protocol is called when more than the limit waits, and never
    `resume_writing`: the connection closes then.
    """

    __slots__ = ("_descriptor", "_protocol", "_state", "_transports", "_unsent")

    def __init__(
        self, transports: "Transports", descriptor: int, protocol: asyncio.Protocol
    ) -> None:
        # Nothing is done in the base class, which would keep a dictionary for each.
        self._transports = transports
        self._descriptor = descriptor  # -1 once it is closed
        self._protocol = protocol
        self._state = OPEN
        self._unsent: bytearray | None = None

    def write(self, data: "bytes | bytearray | memoryview[int]") -> None:
        """Give the data to the kernel, and keep what it does not take. Never raises OSError."""
        if self._unsent is None:
            try:
                sent = write(self._descriptor, data)
            except BlockingIOError:
                sent = 0
            except OSError as error:  # also after the end, when there is no descriptor
                self.end(error)
                return
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
            self._unsent = bytearray()
            self._transports.watch(self._descriptor, READ | WRITE)
        elif self._state != OPEN:
            return
        self._unsent += data
        if len(self._unsent) > self._transports.write_limit:
            self._protocol.pause_writing()

    def ready(self, events: int) -> None:
        """The kernel has bytes for us, or takes some again, or the client is gone."""
        if events & WRITE and self._unsent is not None:
            self._flush()
        if self._state == CLOSING:
            if events & ~(READ | WRITE):  # nobody takes what is left
                self.end(None)
            return
        if events & ~WRITE:
            try:
                data = read(self._descriptor, READ_MAX)
            except BlockingIOError:
                return
            except OSError as error:
                self.end(error)
                return
            if data:
                self._protocol.data_received(data)
            else:
                self.close()

    def _flush(self) -> None:
        assert self._unsent is not None
        try:
            sent = write(self._descriptor, self._unsent)
        except BlockingIOError:
            return
        except OSError as error:
            self.end(error)
            return
        del self._unsent[:sent]
        if self._unsent:
            return
        self._unsent = None
        if self._state == CLOSING:
            self.end(None)
            return
        self._transports.watch(self._descriptor, READ)
        if self._state == ENDING:
            self._shut_down()

    def write_eof(self) -> None:
        """End our side of the stream once all is written; what the client sends is still read."""
        if self._state == OPEN:
            self._state = ENDING
            if self._unsent is None:
                self._shut_down()

    def _shut_down(self) -> None:
        # No copy of the descriptor is made: there may be no more of them.
        borrowed = socket.socket(fileno=self._descriptor)
        try:
            borrowed.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.end(error)
        finally:
            borrowed.detach()

    def close(self) -> None:
        """Close the socket once all is written. Nothing more is read."""
        if self._state == CLOSING:
            return
        self._state = CLOSING
        if self._unsent is None:
            self.end(None)
        else:
            self._transports.watch(self._descriptor, WRITE)

    def abort(self) -> None:
        """Close the socket now."""
        self.end(None)

    def end(self, error: Exception | None) -> None:
        """Close the socket now, for this reason if there is one. A second call does nothing."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        protocol, self._protocol = self._protocol, NOBODY
        self._state = CLOSING
        self._unsent = None
        self._transports.discard(descriptor, protocol, error)

    def is_closing(self) -> bool:
        return self._state == CLOSING

    def get_write_buffer_size(self) -> int:
        """Bytes that the kernel has not taken."""
        return 0 if self._unsent is None else len(self._unsent)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return 0, self._transports.write_limit


class Transports:
    """All transports of one event loop. With more than `write_limit` bytes unsent, a transport
    calls `pause_writing`.
    """

    def __init__(self, write_limit: int) -> None:
        self.write_limit = write_limit
        self._poll: Any = None
        self._loop: asyncio.AbstractEventLoop
        self._all: list[Transport | None] = []  # by descriptor, which are small numbers

    def take(self, transport: Any, protocol: asyncio.Protocol) -> None:
        """Give the loop's `transport` to `protocol`.

        Calls `connection_made` with the transport that the protocol has from now on.
        """
        own = self._own(transport, protocol)
        if own is None:
            transport.set_write_buffer_limits(high=self.write_limit)
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            transport.resume_reading()  # a client that sent much at once was paused
            return
        transport.set_protocol(NOBODY)
        transport.abort()
        protocol.connection_made(own)

    def _own(self, transport: Any, protocol: asyncio.Protocol) -> Transport | None:
        """A transport with a copy of the descriptor, or None if the loop's must be kept."""
        is_tls = transport.get_extra_info("sslcontext") is not None
        if not HAS_EPOLL or is_tls or transport.get_write_buffer_size():
            return None
        descriptor = -1
        try:
            descriptor = os.dup(transport.get_extra_info("socket").fileno())
            self._register(descriptor)
        except OSError:  # there are no more descriptors, or the kernel watches no more of them
            if descriptor >= 0:
                os.close(descriptor)
            return None
        if descriptor >= len(self._all):
            self._all.extend([None] * (descriptor + 1 - len(self._all)))
        own = self._all[descriptor] = Transport(self, descriptor, protocol)
        return own

    def _register(self, descriptor: int) -> None:
        if self._poll is None:
            self._loop = asyncio.get_running_loop()
            self._poll = select.epoll()
            self._loop.add_reader(self._poll.fileno(), self._turn)
        self._poll.register(descriptor, READ)

    def _turn(self) -> None:
        transports = self._all
        for descriptor, events in self._poll.poll(0, TURN_MAX):
            transport = transports[descriptor]
            if transport is None:  # it was closed earlier in this turn
                continue
            try:
                transport.ready(events)
            except Exception as error:
                transport.end(error)
                message = "a socket is closed because its protocol failed"
                self._loop.call_exception_handler({"message": message, "exception": error})

    def watch(self, descriptor: int, events: int) -> None:
        """What of a descriptor is waited for."""
        self._poll.modify(descriptor, events)

    def discard(self, descriptor: int, protocol: asyncio.Protocol, error: Exception | None) -> None:
        """Close a descriptor, and notify the protocol in the next turn of the loop."""
        self._all[descriptor] = None
        self._poll.unregister(descriptor)
        os.close(descriptor)
        self._loop.call_soon(protocol.connection_lost, error)

    def close(self) -> None:
        """Cut off all that are left."""
        if self._poll is None:
            return
        for transport in self._all:
            if transport is not None:
                transport.abort()
        self._loop.remove_reader(self._poll.fileno())
        self._poll.close()
        self._poll = None


HAS_EPOLL = hasattr(select, "epoll")
