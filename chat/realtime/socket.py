"""`/ws/chat/<conversation_id>/`: who may open it, and what its frames do.

Every frame is answered where it asks for an answer (`client_id` or `ref`), and every
frame that cannot be carried out gets an `error` frame and changes nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import count
from typing import Any

from msgspec import UNSET, UnsetType
from sanic import Request, Sanic
from structlog.contextvars import bind_contextvars

from chat import metrics
from chat.auth.identity import Identity
from chat.auth.middleware import is_from_browser
from chat.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PayamError,
    RateLimited,
    Unavailable,
)
from chat.events import Passing, UserTyping
from chat.realtime import protocol
from chat.realtime.agents import Agents
from chat.realtime.connection import Connection, Listener
from chat.realtime.connections import Connections
from chat.realtime.dispatcher import Dispatcher
from chat.realtime.gate import Admitted, Gate
from chat.realtime.handshake import Upgrade
from chat.realtime.resume import catch_up, resumed
from chat.records import ID_MAX
from chat.services import checks
from chat.services.history import History, require_valid
from chat.services.membership import Membership
from chat.services.registry import Services
from chat.store.sends import Send
from chat.times import to_text
from config.settings import Settings

log = logging.getLogger("payam.socket")

MALFORMED_MAX = 10
REFUSED_MAX = 100
"""Frames in a row that were not understood, or were too many, before the socket is closed."""


CLOSE_CODES: dict[type[PayamError], int] = {
    NotAuthenticated: 4401,
    NotFound: 4404,
    RateLimited: 4429,
    InvalidInput: 4400,
    Unavailable: 1013,
}
"""How a socket says what a status says over HTTP."""

NOBODY = Identity(0, "", False, 0.0, None)
"""At the other end of a connection that was refused."""


class Sockets(Listener):
    """What the frames of this process's sockets do."""

    def __init__(
        self,
        services: Services,
        dispatcher: Dispatcher,
        connections: Connections,
        history: History,
        settings: Settings,
    ) -> None:
        self._services = services
        self._history = history
        self._dispatcher = dispatcher
        self._connections = connections
        self._max_size = settings.frame_max_size
        self._usual_size = settings.ws_max_size
        self._send_buffer = settings.send_buffer_size
        self.agents = Agents(services.users.staff_among, services.conversations.membership)
        self.gate = Gate(services, connections, dispatcher.hub, history, self._max_size)
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewals = count(1)
        self._holding: list[Connection] = []
        self._handlers: dict[type, Callable[[Connection, Any], None]] = {
            protocol.ChatMessage: self._chat_message,
            protocol.EditMessage: self._edit_message,
            protocol.DeleteMessage: self._delete_message,
            protocol.Typing: self._typing,
            protocol.MarkRead: self._mark_read,
            protocol.Resume: self._resume,
            protocol.Auth: self._auth,
        }

    async def admit(self, request: Request) -> Admitted:
        """Who may have the socket that is asked for; raises what all others are answered.

        A browser cannot see that answer. For it the connection is closed, with a code.
        """
        conversation_id: int = request.match_info["conversation_id"]
        try:
            return await self.gate.admit(request, conversation_id, self)
        except PayamError as error:
            if request.method != "GET" or not is_from_browser(request):
                raise
            refused = Connection(self, NOBODY, conversation_id, self._max_size)
            refused.close(CLOSE_CODES.get(type(error), 1011), error.code)
            return Admitted(refused, None)

    def open(self, upgrade: Upgrade) -> None:
        """Take the transport over. Without a pause in it: nothing is missed in between."""
        connection, membership, since, epoch = upgrade.admitted
        try:
            early = upgrade.hand_over(self._send_buffer)
        except BaseException:
            connection.connection_lost(None)
            raise
        if early is None:
            connection.connection_lost(None)
            return
        if membership is not None and not connection.is_closing:
            if membership.is_agent:
                self.agents.add(connection)
            if since is None:
                self._dispatcher.hub.join(connection, membership.seq)
            else:
                self._resume_after(connection, since, epoch, membership)
        if early:  # perhaps the client's own close
            connection.data_received(early)

    def connection_lost(self, connection: Connection) -> None:
        self._dispatcher.hub.leave(connection)
        self._connections.remove(connection)
        self.agents.discard(connection)

    async def close(self) -> None:
        """Stop what still waits for something."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def text_received(self, connection: Connection, text: str) -> None:
        try:
            frame = protocol.decode(text)
        except protocol.MalformedFrame as error:
            if len(text.encode()) > self._usual_size:
                # Only the text of a message has room beyond.
                connection.close(1009, "message too big")
                return
            connection.send(protocol.error_frame(error, ref=error.ref))
            connection.malformed += 1
            if connection.malformed >= MALFORMED_MAX:
                connection.close(4400, "too many malformed frames")
            return
        connection.malformed = 0
        try:
            self._services.frames.take(connection.identity.user_id)
            connection.refused = 0
            self._handlers[type(frame)](connection, frame)
        except RateLimited as error:
            refuse(connection, frame, error)
            connection.refused += 1
            if connection.refused >= REFUSED_MAX:
                connection.close(4429, "too many messages")
        except PayamError as error:
            refuse(connection, frame, error)

    def _chat_message(self, connection: Connection, frame: protocol.ChatMessage) -> None:
        # The writer answers later, so `send` is there by then.
        send = self._services.messages.send(
            connection.identity,
            connection.conversation_id,
            frame.message,
            frame.client_id,
            lambda error: self._answer_send(connection, frame, send, error),
        )

    def _answer_send(
        self,
        connection: Connection,
        frame: protocol.ChatMessage,
        send: Send,
        error: Exception | None,
    ) -> None:
        if error is not None:
            refuse(connection, frame, told(error))
        elif frame.client_id is not None or frame.ref is not None:
            ack = protocol.Ack(
                client_id=given(frame.client_id),
                id=send.id,
                seq=send.seq,
                timestamp=to_text(send.created_at),
                ref=given(frame.ref),
            )
            # Nearly every sender is a member: the message itself follows in the same write.
            connection.hold(protocol.frame_of(ack))
            if not self._holding:
                asyncio.get_running_loop().call_soon(self._flush)
            self._holding.append(connection)

    def _flush(self) -> None:
        """Write the acks that no message has taken along."""
        holding, self._holding = self._holding, []
        for connection in holding:
            connection.flush()

    def _edit_message(self, connection: Connection, frame: protocol.EditMessage) -> None:
        self._services.messages.submit_edit(
            connection.identity,
            connection.conversation_id,
            frame.message_id,
            frame.content,
            partial(answer_change, connection, frame),
        )

    def _delete_message(self, connection: Connection, frame: protocol.DeleteMessage) -> None:
        self._services.messages.submit_delete(
            connection.identity,
            connection.conversation_id,
            frame.message_id,
            partial(answer_change, connection, frame),
        )

    def _mark_read(self, connection: Connection, frame: protocol.MarkRead) -> None:
        self._services.conversations.submit_read(
            connection.identity,
            connection.conversation_id,
            frame.message_id,
            connection,
            partial(answer_change, connection, frame),
        )

    def _typing(self, connection: Connection, frame: protocol.Typing) -> None:
        who = connection.identity
        typing = UserTyping(who.username, frame.is_typing)
        self._dispatcher.pass_on(Passing(connection.conversation_id, typing, who.user_id))
        if frame.ref is not None:
            connection.send(protocol.frame_of(protocol.Ack(ref=frame.ref)))

    def _resume(self, connection: Connection, frame: protocol.Resume) -> None:
        if not 0 <= frame.since <= ID_MAX:
            raise InvalidInput({"since": ["A change number, from 0."]})
        require_valid(frame.epoch)
        hub = self._dispatcher.hub
        if hub.is_resuming(connection):
            raise Conflict("An earlier resume is still under way.")
        hub.begin_resuming(connection, frame.since)
        self._catch_up(connection, frame.since, frame.epoch, frame.ref)

    def _resume_after(
        self, connection: Connection, since: int, epoch: str | None, membership: Membership
    ) -> None:
        """Of a connection that was admitted just now, and that the hub has as resuming."""
        is_there = since == membership.seq and epoch in (None, membership.epoch)
        if is_there and self._dispatcher.hub.join_at(connection, since):
            metrics.resumes.inc()
            connection.send(resumed(since, None, membership.epoch))
            return
        self._catch_up(connection, since, epoch, None)

    def _catch_up(
        self, connection: Connection, since: int, epoch: str | None, ref: str | None
    ) -> None:
        """`epoch` is what the client sent with `since`, if anything."""
        metrics.resumes.inc()
        require = partial(
            self._services.conversations.membership,
            connection.identity,
            connection.conversation_id,
        )
        dispatcher, present = self._dispatcher, self._history.epoch
        if epoch not in (None, present):
            since = ID_MAX  # a number of another history: as good as one that there is not
        catching_up = catch_up(
            connection,
            dispatcher.hub,
            dispatcher.load_told,
            require,
            since,
            ref,
            epoch=present,
            knows_epochs=epoch is not None,
        )
        self._start(catching_up, connection)

    def _start(self, work: Coroutine[Any, Any, None], connection: Connection) -> None:
        """Do what has to wait; a failure closes the socket, whose client then tries again."""

        async def guarded() -> None:
            bind_contextvars(
                user=connection.identity.user_id, conversation=connection.conversation_id
            )
            try:
                await work
            except Exception:
                log.exception("a socket could not be served")
                connection.close(1011, "internal error")

        task = asyncio.get_running_loop().create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _auth(self, connection: Connection, frame: protocol.Auth) -> None:
        checks.short("token", frame.token, checks.TOKEN_MAX_LENGTH)
        self._start(self._renew(connection, frame, next(self._renewals)), connection)

    async def _renew(self, connection: Connection, frame: protocol.Auth, number: int) -> None:
        """A new token for the same user; one that is no good leaves the old one in force."""
        try:
            identity = await self._services.sessions.identify_afresh(frame.token)
        except PayamError as error:
            refuse(connection, frame, error)
            return
        if identity.user_id != connection.identity.user_id:
            foreign = NotAuthenticated("The token is another user's.", code="token_invalid")
            refuse(connection, frame, foreign)
            return
        if connection.is_closing:
            return
        if number > connection.renewal:  # else a later one was quicker
            connection.renewal = number
            connection.identity = identity
            self._connections.renewed(connection)
        connection.send(protocol.frame_of(protocol.Ack(ref=given(frame.ref))))


def given(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value


def told(error: Exception) -> PayamError:
    """What a client may know of an error; the rest is in the log."""
    if isinstance(error, PayamError):
        return error
    return PayamError("Something went wrong here; it was logged.", code="internal_error")


def refuse(connection: Connection, frame: protocol.AnyClientFrame, error: PayamError) -> None:
    client_id = frame.client_id if isinstance(frame, protocol.ChatMessage) else None
    connection.send(protocol.error_frame(error, ref=frame.ref, client_id=client_id))


def answer_change(
    connection: Connection,
    frame: protocol.EditMessage | protocol.DeleteMessage | protocol.MarkRead,
    seq: int | None,
    error: Exception | None,
) -> None:
    """`seq` is None for what takes no number."""
    if error is not None:
        refuse(connection, frame, told(error))
    elif frame.ref is not None:
        ack = protocol.Ack(id=frame.message_id, seq=UNSET if seq is None else seq, ref=frame.ref)
        connection.send(protocol.frame_of(ack))


def install(app: Sanic[Any, Any], sockets: Sockets) -> None:
    app.ctx.admit = sockets.admit

    @app.websocket("/ws/chat/<conversation_id:int>/", ctx_socket=True)  # type: ignore[untyped-decorator]
    async def chat(_: Request, upgrade: Upgrade, conversation_id: int) -> None:
        """Live messages of one conversation, for a participant."""
        sockets.open(upgrade)
