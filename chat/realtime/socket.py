"""The websockets: opens them, and gives each frame to its handler.

A frame is answered if it asks for an answer (`client_id` or `ref`). A frame that cannot be carried
out gets an `error` frame and changes nothing.
"""

from typing import Any

from sanic import Request, Sanic

from chat.errors import (
    InvalidInput,
    NotAuthenticated,
    NotFound,
    PayamError,
    RateLimited,
    Unavailable,
)
from chat.realtime import protocol
from chat.realtime.agents import Agents
from chat.realtime.answers import Handlers, refuse
from chat.realtime.client_frames import AnyClientFrame
from chat.realtime.connection import Connection, Listener
from chat.realtime.connections import Connections
from chat.realtime.conversation_door import ConversationDoor
from chat.realtime.desk import Desk
from chat.realtime.dispatcher import Dispatcher
from chat.realtime.errands import Errands
from chat.realtime.frames.messages import MessageFrames
from chat.realtime.frames.reactions import ReactionFrames
from chat.realtime.frames.read_marks import ReadMarkFrames
from chat.realtime.frames.resuming import ResumeFrames
from chat.realtime.frames.signing_in import SignInFrames
from chat.realtime.frames.typing import TypingFrames
from chat.realtime.gate import Admitted, Door, Gate
from chat.realtime.handshake import Upgrade
from chat.realtime.knock import Knock
from chat.realtime.missed_marks import NOBODY, MissedMarks
from chat.realtime.own_settings import OwnSettingsNews
from chat.realtime.plain_knock import beginning, reader
from chat.realtime.reading import Reading
from chat.realtime.resume import CatchingUp
from chat.realtime.subscribers import ConversationSocket, Subscriber, UserSocket
from chat.realtime.transport import Transports
from chat.realtime.turns import Turns
from chat.realtime.user_door import UserDoor
from chat.realtime.user_sockets import UserSockets
from chat.realtime.whole_resume import WholeResume
from chat.services.history import History
from chat.services.registry import Services
from config.settings import Settings

MALFORMED_MAX = 10
REFUSED_MAX = 100
"""A socket is closed after so many frames in a row that were not understood, or were too many."""


CLOSE_CODES: dict[type[PayamError], int] = {
    NotAuthenticated: 4401,
    NotFound: 4404,
    RateLimited: 4429,
    InvalidInput: 4400,
    Unavailable: 1013,
}
"""The close codes that say the same as a status over HTTP."""


class Sockets(Listener):
    """Handles the frames of this process's sockets."""

    def __init__(
        self,
        services: Services,
        dispatcher: Dispatcher,
        connections: Connections,
        history: History,
        settings: Settings,
    ) -> None:
        self._frames = services.frames
        self._connections = connections
        self.begins = beginning(settings.base_path)
        self.read = reader(settings.base_path)
        self.turns = Turns()
        self._usual_size = settings.ws_max_size
        self._transports = Transports(settings.send_buffer_size)
        self._hub = hub = dispatcher.hub
        self._errands = errands = Errands()
        conversations = services.conversations
        reading = Reading(hub, services.changes.since_many)
        self.users = UserSockets(conversations, hub, reading, errands, prefix=settings.base_path)
        dispatcher.joined = self.users.joined
        own_settings = OwnSettingsNews(services.own_settings, self.users.of, errands)
        dispatcher.own_changed = own_settings.changed
        self._whole = whole = WholeResume(
            services.positions,
            services.changes,
            hub,
            self.users,
            reading,
            own_settings,
            history,
            errands,
        )
        self._marks = MissedMarks(services.changes.marks_since)
        self._catching_up = catching_up = CatchingUp(
            hub,
            dispatcher.load_deliveries,
            conversations.membership,
            self._marks,
            history,
            errands,
        )
        self.agents = Agents(services.users.staff_among, conversations.membership)
        self.desk = Desk(self.users, hub, services.support_tickets, services.users.staff_among)
        dispatcher.ticket_changed = self.desk.changed
        self.gate = Gate(services, connections, history, settings.trusted_proxies)
        most = settings.frame_max_size
        self._conversation_door = ConversationDoor(
            self, conversations, hub, self.agents, catching_up, most
        )
        self._user_door = UserDoor(self, self.users, whole, most)
        self._typing = TypingFrames(services.blocks, dispatcher, conversations.membership, errands)
        self._handlers: Handlers = {
            **MessageFrames(services.messages, services.guest_limits).handlers,
            **ReactionFrames(services.reactions).handlers,
            **ReadMarkFrames(services.read_marks).handlers,
            **self._typing.handlers,
            **ResumeFrames(hub, catching_up, whole, own_settings).handlers,
            **SignInFrames(services.sessions, connections, errands).handlers,
        }

    async def admit(self, knock: Knock) -> Admitted:
        """Check who may have the socket. Raises the error with which others are refused.

        A browser cannot see a refusal. It gets a connection that is closed with a code.
        """
        door: Door = self._user_door
        if knock.conversation_id is not None:
            door = self._conversation_door
        try:
            return await self.gate.admit(knock, door)
        except PayamError as error:
            if not knock.is_blind:
                raise
            refused = door.refused(NOBODY)
            refused.close(CLOSE_CODES.get(type(error), 1011), error.code)
            return Admitted(refused, None, lambda: None)

    def open(self, upgrade: Upgrade) -> None:
        """Take the transport over. There is no await in it, so nothing is missed in between."""
        connection, proof, begin = upgrade.admitted
        try:
            early = upgrade.hand_over(self._transports)
        except BaseException:
            connection.connection_lost(None)
            raise
        if early is None:
            connection.connection_lost(None)
            return
        if proof is not None and not connection.is_closing:
            begin()
        connection.flush()  # the answer to the handshake, if nothing was sent with it
        if early:  # this may be the client's own close
            connection.data_received(early)

    def connection_lost(self, connection: Connection) -> None:
        self._connections.remove(connection)
        if isinstance(connection, ConversationSocket):
            self._hub.leave(connection, connection.conversation_id)
            self.agents.discard(connection)
        elif isinstance(connection, UserSocket):
            self.users.remove(connection)

    async def close(self) -> None:
        """Stop what still waits for something."""
        await self._errands.close()
        await self._typing.close()
        await self.desk.close()
        await self._catching_up.close()
        await self._marks.close()
        await self._whole.close()
        self._transports.close()

    def text_received(self, connection: Connection, text: str) -> None:
        assert isinstance(connection, Subscriber)
        try:
            frame = protocol.decode(text)
        except protocol.MalformedFrame as error:
            if len(text.encode()) > self._usual_size:
                # Only a frame with the text of a message may be larger.
                connection.close(1009, "message too big")
                return
            connection.send(protocol.error_frame(error, ref=error.ref))
            connection.malformed += 1
            if connection.malformed >= MALFORMED_MAX:
                connection.close(4400, "too many malformed frames")
            return
        connection.malformed = 0
        try:
            self._frames.take(connection.identity.user_id)
            connection.refused = 0
            self._carry_out(connection, frame)
        except RateLimited as error:
            refuse(connection, frame, error)
            connection.refused += 1
            if connection.refused >= REFUSED_MAX:
                connection.close(4429, "too many messages")
        except NotFound as error:
            if isinstance(connection, UserSocket) and connection.opening is not None:
                # It may be in a conversation that the socket has not entered yet.
                self._errands.start(connection, self._when_open(connection, frame))
            else:
                refuse(connection, frame, error)
        except PayamError as error:
            refuse(connection, frame, error)

    def _carry_out(self, connection: Subscriber, frame: AnyClientFrame) -> None:
        conversation_id = connection.conversation_of(frame)
        self._handlers[type(frame)](connection, conversation_id, frame)

    async def _when_open(self, connection: UserSocket, frame: AnyClientFrame) -> None:
        if connection.opening is not None:
            await connection.opening.done.wait()
        try:
            self._carry_out(connection, frame)
        except PayamError as error:
            refuse(connection, frame, error)


def install(app: Sanic[Any, Any], sockets: Sockets) -> None:
    app.ctx.porter = sockets

    @app.websocket("/ws/chat/<conversation_id:int>/", ctx_socket=True)  # type: ignore[untyped-decorator]
    async def chat(_: Request, upgrade: Upgrade, conversation_id: int) -> None:
        """Live messages of one conversation, for a participant."""
        sockets.open(upgrade)

    @app.websocket("/ws/", ctx_socket=True)  # type: ignore[untyped-decorator]
    async def everything(_: Request, upgrade: Upgrade) -> None:
        """Live messages of all conversations of the caller, those that begin later too."""
        sockets.open(upgrade)
