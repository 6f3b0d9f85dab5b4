"""Checks who may open a socket, and goes on checking until it is open.

What was allowed before an await may be forbidden after it. So the connection is made, and known to
everything that may have to close it, before the waiting begins:

1. The token is valid, and the connection joins all connections. A revocation that is announced from
   now on closes it. It also counts among the connections of its user.
2. A door makes it known to the parts that remove people from conversations, here and on other
   nodes. A removal that is announced from now on reaches it.
3. The door asks the database for a proof. A removal before this is seen here.
4. If nothing has closed the connection, it gets the transport. If something closes it in the last
   moment, the client receives the close.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from structlog.contextvars import bind_contextvars

from chat.auth.identity import Identity
from chat.errors import NotAuthenticated, Unavailable
from chat.realtime.connections import Connections
from chat.realtime.knock import Knock
from chat.realtime.subscribers import Subscriber
from chat.services.history import History
from chat.services.membership import Proof
from chat.services.registry import Services
from chat.store.sends import not_a_participant

SENT_AWAY = 1012
"""All sockets are closed with it where the database was put back, or the server stops."""


class Admitted(NamedTuple):
    """A connection without a transport, and the proof with which it may have one.

    Without a proof the connection is closed already. This is the only way to give a browser the
    reason. `begin` is called once the connection has the transport.
    """

    connection: Subscriber
    proof: Proof | None
    begin: Callable[[], None]


class Door(Protocol):
    """One kind of socket: `/ws/chat/<id>/` or `/ws/`."""

    def connect(self, knock: Knock, identity: Identity) -> Subscriber:
        """A connection for the caller. Raises the errors of a wrong request."""
        ...

    def refused(self, identity: Identity) -> Subscriber:
        """A connection that only brings the client the reason of a refusal."""
        ...

    async def ask(self, knock: Knock, connection: Subscriber) -> Admitted:
        """Ask the database. Raises the PayamError with which the caller is refused."""
        ...


class Gate:
    """`is_draining` refuses everyone, because the process is stopping."""

    def __init__(
        self,
        services: Services,
        connections: Connections,
        history: History,
        trusted: tuple[str, ...],
    ) -> None:
        """`trusted`: the proxies whose word for a client's address is taken."""
        self._services = services
        self._trusted = trusted
        self._connections = connections
        self._history = history
        self.is_draining = False

    async def admit(self, knock: Knock, door: Door) -> Admitted:
        """Admit a connection. Raises the PayamError with which the caller is refused.

        A caller that does not give it the transport must call its `connection_lost`.
        """
        for _ in range(2):
            connection = await self._register(knock, door)
            try:
                admitted = await door.ask(knock, connection)
                assert admitted.proof is not None
                # Or else all sockets have been sent away meanwhile, this one among them.
                is_present = (
                    admitted.proof.epoch == self._history.epoch
                    and connection.closed_with != SENT_AWAY
                )
                if is_present:
                    require_open(knock, connection)
            except BaseException:
                connection.connection_lost(None)
                raise
            if is_present:
                return admitted
            # The database was put back. The user is checked again too, because this waits.
            connection.connection_lost(None)
            await self._history.look()
        raise Unavailable("The database is being put back.", retry_after=1.0)

    async def _register(self, knock: Knock, door: Door) -> Subscriber:
        """A connection for the user of the token. There is no await between the two."""
        identity = await self._services.sessions.identify_afresh(knock.token())
        bind_contextvars(user=identity.user_id)
        if identity.is_guest:
            self._services.guest_limits.come(identity, knock.address(self._trusted))
        self._services.requests.take(identity.user_id)
        connection = door.connect(knock, identity)
        if self.is_draining:
            raise Unavailable("The server restarts.", retry_after=1.0)
        self._connections.add(connection)
        return connection


def require_open(knock: Knock, connection: Subscriber) -> None:
    """Nothing has closed the connection while its handshake waited, on either side."""
    if knock.transport.is_closing():
        # Its going cancels this task, which a wait of Python 3.11 can swallow.
        raise Unavailable("The client left during the handshake.", retry_after=1.0)
    if connection.is_closing:
        raise refusal_of(connection.closed_with)


def refusal_of(code: int) -> Exception:
    """The answer to a handshake whose connection was closed with this code meanwhile."""
    if code == 4401:
        return NotAuthenticated("The token was revoked or has expired.", code="token_revoked")
    if code == 4404:
        return not_a_participant()
    return Unavailable("The server cannot open the socket now.", retry_after=1.0)
