"""The opening handshake on Sanic's protocol, and giving the transport away.

Plain handshakes that are not refused do not come here: `arrivals` answers them. Of all others Sanic
parses the request, routes it and runs the middleware, as for any other. Then Payam's own protocol
gets the transport, and Sanic frees everything that it had for it. (Sanic's own websockets keep five
tasks and 26 KiB per socket.) This file and `chat/http/` use Sanic's private parts, so
Sanic is pinned.

Sanic calls `websocket_handshake` before it calls the handler of a websocket. Nothing is answered
there: `app.ctx.porter` checks who may have the socket. The handler gets an `Upgrade`, which answers
101 and gives the transport away. However the handler is called, this needs a proof of membership.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from sanic import Request
from sanic.exceptions import SanicException
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from chat.auth.middleware import SUBPROTOCOL, offered_subprotocols
from chat.http.connection import HttpConnection
from chat.realtime.connection import Connection
from chat.realtime.gate import Admitted
from chat.realtime.knock import RequestKnock
from chat.realtime.transport import Transports


class ChatProtocol(HttpConnection):
    """`refusal` is the error with which its first request, a handshake, was refused already."""

    __slots__ = ("is_handed_over", "refusal")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_handed_over = False
        self.refusal: Exception | None = None

    async def websocket_handshake(
        self, request: Request, subprotocols: Sequence[str] | None = None
    ) -> Any:
        """The object for the handler. Raises the error that is answered instead of 101."""
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
        admitted = await request.app.ctx.porter.admit(RequestKnock(request))
        try:
            return Upgrade(self, accept(request), admitted)
        except BaseException:
            admitted.connection.connection_lost(None)
            raise

    def release(self, successor: Connection, transports: Transports) -> bytes:
        """Give the socket to `successor`. Returns bytes that it must read first."""
        assert self.transport is not None
        self.is_handed_over = True
        self.connections.discard(self)
        if self._callback_check_timeouts:
            self._callback_check_timeouts.cancel()
        transports.take(self.transport, successor)
        early = bytes(self.recv_buffer)
        self.recv_buffer.clear()
        return early

    def close(self, timeout: float | None = None) -> None:
        """Sanic calls this at the end of a request."""
        if not self.is_handed_over:
            super().close(timeout)


class Host(Protocol):
    """Has the transport before the handshake is answered."""

    transport: Any

    def release(self, successor: Connection, transports: Transports) -> bytes: ...


class Upgrade:
    """A valid handshake that is not answered yet, in the place of Sanic's websocket."""

    def __init__(self, protocol: Host, response: bytes, admitted: Admitted) -> None:
        self.admitted = admitted
        self._protocol = protocol
        self._response = response

    def hand_over(self, transports: Transports) -> bytes | None:
        """Give the socket to the connection that was admitted, with a transport of `transports`.

        The 101 goes out with what the connection sends first; whoever calls this flushes it.
        Returns what the client has sent already, or None if it has left. A connection that was
        closed meanwhile, or from the start, sends its close after the 101.
        """
        connection, proof, _ = self.admitted
        if not connection.is_closing and not connection.is_let_in_by(proof):
            # The proof is checked here, so without it nothing is written.
            raise RuntimeError("the proof of membership is another caller's")
        transport = self._protocol.transport
        if transport is None or transport.is_closing():
            return None
        connection.answer(self._response)
        return self._protocol.release(connection, transports)

    async def close(self, *_: Any) -> None:
        """Do nothing. Sanic closes its websockets when the handler ends; Payam's stay open."""

    def end_connection(self, *_: Any) -> None:
        """The same if the handler was cancelled."""


def accept(request: Request) -> bytes:
    """The answer to a handshake (RFC 6455, section 4.2). Raises the error for a wrong one."""
    # It is selected only if the client offers it. A client that offers none must get none.
    selected = [Subprotocol(SUBPROTOCOL)] if SUBPROTOCOL in offered_subprotocols(request) else None
    handshake = ServerProtocol(subprotocols=selected, state=State.OPEN)
    if request.method != "GET":
        raise refusal("A websocket is opened by GET.", 426, {"Upgrade": "websocket"})
    response = handshake.accept(ChatProtocol.sanic_request_to_ws_request(request))
    if response.status_code != 101:
        given = {
            name: value
            for name, value in response.headers.raw_items()
            if name.lower() in ("upgrade", "sec-websocket-version")
        }
        raise refusal(response.body.decode().strip(), response.status_code, given)
    return response.serialize()


def refusal(text: str, status: int, headers: dict[str, str]) -> SanicException:
    error = SanicException(text, status)
    error.headers = headers
    return error
