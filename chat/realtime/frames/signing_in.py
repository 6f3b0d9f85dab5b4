"""A new token on an open socket."""

from itertools import count

from chat.errors import NotAuthenticated, PayamError
from chat.realtime.answers import Handlers, answer, given, refuse
from chat.realtime.client_frames import Auth
from chat.realtime.connections import Connections
from chat.realtime.errands import Errands
from chat.realtime.server_frames import Ack
from chat.realtime.subscribers import Subscriber
from chat.services import checks
from chat.services.sessions import Sessions


class SignInFrames:
    def __init__(self, sessions: Sessions, connections: Connections, errands: Errands) -> None:
        self._sessions = sessions
        self._connections = connections
        self._errands = errands
        self._renewals = count(1)
        self.handlers: Handlers = {Auth: self._renew}

    def _renew(self, connection: Subscriber, _: int, frame: Auth) -> None:
        checks.short("token", frame.token, checks.TOKEN_MAX_LENGTH)
        self._errands.start(connection, self._identify(connection, frame, next(self._renewals)))

    async def _identify(self, connection: Subscriber, frame: Auth, number: int) -> None:
        """Take a new token of the same user. After a bad one, the old one stays in use."""
        try:
            identity = await self._sessions.identify_afresh(frame.token)
        except PayamError as error:
            refuse(connection, frame, error)
            return
        if identity.user_id != connection.identity.user_id:
            foreign = NotAuthenticated("The token is another user's.", code="token_invalid")
            refuse(connection, frame, foreign)
            return
        if connection.is_closing:
            return
        if number > connection.renewal:  # otherwise a later one was faster
            connection.renewal = number
            connection.identity = identity
            self._connections.renewed(connection)
        answer(connection, None, Ack(ref=given(frame.ref)))
