"""The opening handshake on Sanic's protocol, and the handing over of the transport.

Sanic parses the request, routes it and runs the middleware, as for any other. Then the
transport goes to a protocol of ours and Sanic lets go of it: its own way keeps five
tasks and 26 KiB alive for each socket. This is the one file that knows Sanic's private
parts; Sanic is pinned for it.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from sanic import Request
from sanic.exceptions import SanicException
from sanic.server.protocols.websocket_protocol import WebSocketProtocol
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from chat.auth.middleware import SUBPROTOCOL, offered_subprotocols


class ClientLeft(ConnectionResetError):
    """Gone before the handshake was done."""

    quiet = True
    """To Sanic: nothing that an operator should read of."""


class Upgrade:
    """A request whose handshake is in order: stands where Sanic's websocket would.

    The handler calls `hand_over`; a handler that fails before leaves the connection to
    be cut.
    """

    def __init__(self, protocol: "ChatProtocol", response: bytes) -> None:
        self._protocol = protocol
        self._response = response

    def hand_over(self, successor: asyncio.Protocol, write_limit: int) -> bytes:
        """Answer 101 and give the transport to `successor`; returns what it must read first.

        Beyond `write_limit` unsent bytes the transport calls its `pause_writing`.
        """
        return self._protocol.hand_over(successor, self._response, write_limit)

    async def close(self, *_: Any) -> None:
        """Sanic closes its websockets when the handler is done; ours lives on."""

    def end_connection(self, *_: Any) -> None:
        """The same, when the handler was cancelled."""


class ChatProtocol(WebSocketProtocol):
    __slots__ = ("is_handed_over",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_handed_over = False

    async def websocket_handshake(
        self, request: Request, subprotocols: Sequence[str] | None = None
    ) -> Any:
        # Selected only where the client offers it: some offer none, and must get none.
        selected = [SUBPROTOCOL] if SUBPROTOCOL in offered_subprotocols(request) else None
        handshake = ServerProtocol(
            subprotocols=[Subprotocol(name) for name in selected] if selected else None,
            state=State.OPEN,
        )
        response = handshake.accept(self.sanic_request_to_ws_request(request))
        if response.status_code != 101:
            refusal = SanicException(response.body.decode().strip(), response.status_code)
            refusal.headers = {
                name: value
                for name, value in response.headers.raw_items()
                if name.lower() in ("upgrade", "sec-websocket-version")
            }
            raise refusal
        return Upgrade(self, response.serialize())

    def hand_over(self, successor: asyncio.Protocol, response: bytes, write_limit: int) -> bytes:
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ClientLeft("the client left during the handshake")
        transport.write(response)
        self.is_handed_over = True
        self.connections.discard(self)
        if self._callback_check_timeouts:
            self._callback_check_timeouts.cancel()
        transport.set_write_buffer_limits(high=write_limit)
        transport.set_protocol(successor)
        successor.connection_made(transport)
        transport.resume_reading()  # a client that sent much at once has been paused
        early = bytes(self.recv_buffer)
        self.recv_buffer.clear()
        return early

    def close(self, timeout: float | None = None) -> None:
        """What Sanic calls when it is done with a request."""
        if not self.is_handed_over:
            super().close(timeout)
