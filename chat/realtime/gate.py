"""Who may open a conversation's socket: asked of the database, and watched until it is open.

What was allowed before a wait may be forbidden after it. So the connection is made, and
known to everybody who may have to close it, before the waiting begins:

1. The token is found good, and the connection joins all connections: a revocation that is
   announced from now on closes it. It also takes its place among those of its user.
2. The connection joins the others of its conversation here, and gets no frames yet: a removal
   that reaches them from now on closes it.
3. The database is asked for the membership: a removal before this is seen here.
4. Where nothing has closed the connection, it gets the transport. Where something does so in
   the last moment, the client gets the close.
"""

from typing import NamedTuple

from sanic import Request
from structlog.contextvars import bind_contextvars

from chat.auth.middleware import socket_token
from chat.errors import InvalidInput, NotAuthenticated, PayamError, Unavailable
from chat.realtime.connection import Connection, Listener
from chat.realtime.connections import Connections
from chat.realtime.hub import Hub
from chat.records import ID_MAX
from chat.services.history import History, require_valid
from chat.services.malformed import unknown
from chat.services.membership import Membership
from chat.services.registry import Services
from chat.store.sends import not_a_participant

ID_DIGITS = 19
PARAMETERS = ("since", "epoch")


class Admitted(NamedTuple):
    """A connection without a transport yet, and the proof by which it may have one.

    Without a proof the connection is closed already: a browser learns the reason only so.
    `since` is the change number from which the client resumes, or None; `epoch` the one in
    which it counts, if the client says it.
    """

    connection: Connection
    membership: Membership | None
    since: int | None = None
    epoch: str | None = None


class Gate:
    """`is_draining` refuses everyone: the process is on its way out."""

    def __init__(
        self,
        services: Services,
        connections: Connections,
        hub: Hub,
        history: History,
        max_size: int,
    ) -> None:
        self._services = services
        self._connections = connections
        self._hub = hub
        self._history = history
        self._max_size = max_size
        self.is_draining = False

    async def admit(self, request: Request, conversation_id: int, listener: Listener) -> Admitted:
        """Raises the PayamError that the caller is refused with.

        Whoever does not hand the transport over must call the connection's
        `connection_lost`.
        """
        for _ in range(2):
            connection = await self._register(request, conversation_id, listener)
            try:
                since, epoch = position_of(request)
                membership = await self._membership(connection)
                is_present = membership.epoch == self._history.epoch
                if is_present:
                    require_open(request, connection)
            except BaseException:
                connection.connection_lost(None)
                raise
            if is_present:
                return Admitted(connection, membership, since, epoch)
            # The database was put back. Who is asking is asked again too: this waits.
            connection.connection_lost(None)
            await self._history.look()
        raise Unavailable("The database is being put back.", retry_after=1.0)

    async def _register(
        self, request: Request, conversation_id: int, listener: Listener
    ) -> Connection:
        """A connection of whom the token names. No wait lies between the two."""
        identity = await self._services.sessions.identify_afresh(socket_token(request))
        bind_contextvars(user=identity.user_id)
        self._services.requests.take(identity.user_id)
        if not 0 < conversation_id <= ID_MAX:
            raise not_a_participant()
        if self.is_draining:
            raise Unavailable("The server restarts.", retry_after=1.0)
        connection = Connection(listener, identity, conversation_id, self._max_size)
        self._connections.add(connection)
        return connection

    async def _membership(self, connection: Connection) -> Membership:
        while True:
            is_watched = self._hub.watch(connection)
            membership = await self._services.conversations.membership(
                connection.identity, connection.conversation_id
            )
            if is_watched:
                return membership
            if connection.conversation_id not in self._hub:
                # It begins here, where the database has it: what comes after will be heard.
                self._hub.begin_resuming(connection, membership.seq)
                return membership
            # Another was the first meanwhile, and a removal may have reached it.


def position_of(request: Request) -> tuple[int | None, str | None]:
    """The change number to resume after, and the epoch in which it counts, from the URL.

    None for what it does not name. Raises InvalidInput for any other parameter: a misspelt
    `since` would lose what the client asks for.
    """
    found: dict[str, str] = {}
    for name, values in request.get_args(keep_blank_values=True).items():
        if name not in PARAMETERS:
            raise InvalidInput(unknown(name, PARAMETERS, "parameter"))
        if len(values) > 1:
            raise InvalidInput({name: ["May be there only once."]})
        found[name] = values[0]
    since, epoch = found.get("since"), found.get("epoch")
    require_valid(epoch)
    if since is None:
        return None, epoch
    if not (since.isascii() and since.isdigit() and len(since) < ID_DIGITS):
        raise InvalidInput({"since": ["A change number, from 0."]})
    return int(since), epoch


def require_open(request: Request, connection: Connection) -> None:
    """Nothing has closed the connection while its handshake waited, on either side."""
    if request.transport.is_closing():
        # Its going cancels this task, which a wait of Python 3.11 can swallow.
        raise Unavailable("The client left during the handshake.", retry_after=1.0)
    if connection.is_closing:
        raise refusal_of(connection.closed_with)


def refusal_of(code: int) -> PayamError:
    """How a handshake is answered whose connection was closed with this code meanwhile."""
    if code == 4401:
        return NotAuthenticated("The token was revoked or has expired.", code="token_revoked")
    if code == 4404:
        return not_a_participant()
    return Unavailable("The server cannot open the socket now.", retry_after=1.0)
