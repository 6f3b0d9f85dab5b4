"""The opening handshake on Sanic's protocol, and the handing over of the transport.

Sanic parses the request, routes it and runs the middleware, as for any other. Then the
transport goes to a protocol of ours and Sanic lets go of it: its own way keeps five
tasks and 26 KiB alive for each socket. This file and `chat/http/` know Sanic's private
parts; Sanic is pinned for them.

A socket's route is an ordinary one. Its handler checks, and then calls `hand_over` or
`turn_away`, without a pause in between. Sanic's own websocket routes would answer 101
whoever calls their handler, in whatever way.
"""

import asyncio
from typing import Any, cast

from sanic import Request
from sanic.exceptions import SanicException
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from chat.auth.middleware import SUBPROTOCOL, offered_subprotocols
from chat.errors import Unavailable
from chat.http.connection import HttpConnection
from chat.realtime.connection import Connection
from chat.services.membership import Membership


class ChatProtocol(HttpConnection):
    __slots__ = ("is_handed_over",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_handed_over = False

    def release(self, successor: asyncio.Protocol, response: bytes, write_limit: int) -> bytes:
        """Answer, and give the transport to `successor`; returns what it must read first."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise Unavailable("The client left during the handshake.", retry_after=1.0)
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


def hand_over(
    request: Request, connection: Connection, membership: Membership, write_limit: int
) -> bytes:
    """Answer 101 and give the transport to the connection, for which `membership` was found.

    Returns what the client has sent already. Beyond `write_limit` unsent bytes the
    transport calls `pause_writing`. Raises what is answered where the request is no
    handshake.
    """
    # Read, and not only passed: without the proof nothing is written.
    proven = (membership.user_id, membership.conversation_id)
    if proven != (connection.identity.user_id, connection.conversation_id):
        raise RuntimeError("the proof of membership is another caller's")
    return _release(request, connection, write_limit)


def turn_away(request: Request, connection: Connection, write_limit: int) -> None:
    """Answer 101 to a caller whose connection is closed already, and says so by its code.

    Raises what is answered where the request is no handshake.
    """
    if not connection.is_closing:
        raise RuntimeError("an open connection needs a proof of membership")
    early = _release(request, connection, write_limit)
    if early:  # perhaps the client's own close
        connection.data_received(early)


def _release(request: Request, connection: Connection, write_limit: int) -> bytes:
    response = accept(request)
    protocol = cast("ChatProtocol", request.transport.get_protocol())
    return protocol.release(connection, response, write_limit)


def accept(request: Request) -> bytes:
    """The answer to a handshake, by RFC 6455 section 4.2; raises what any other is answered."""
    # Selected only where the client offers it: some offer none, and must get none.
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
