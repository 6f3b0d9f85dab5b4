"""`/ws/`: who may open it, and how it begins."""

from chat.auth.identity import Identity
from chat.realtime.connection import Listener
from chat.realtime.gate import Admitted
from chat.realtime.knock import Knock
from chat.realtime.protocol import frame_of
from chat.realtime.server_frames import Hello
from chat.realtime.subscribers import Subscriber, UserSocket
from chat.realtime.user_sockets import UserSockets
from chat.realtime.whole_resume import WholeResume
from chat.records import User
from chat.store.cursors import Cursor

PARAMETERS = ("cursor",)


class UserDoor:
    def __init__(
        self,
        listener: Listener,
        sockets: UserSockets,
        whole: WholeResume,
        max_size: int,
    ) -> None:
        self._listener = listener
        self._sockets = sockets
        self._whole = whole
        self._max_size = max_size

    def connect(self, _: Knock, identity: Identity) -> UserSocket:
        return UserSocket(self._listener, identity, self._max_size, self._sockets)

    def refused(self, identity: Identity) -> Subscriber:
        return UserSocket(self._listener, identity, self._max_size, self._sockets)

    async def ask(self, knock: Knock, connection: Subscriber) -> Admitted:
        assert isinstance(connection, UserSocket)
        cursor = knock.parameters(PARAMETERS).get("cursor")
        if cursor is not None:
            Cursor.read(cursor)
        # First: what begins while the database is asked is noted.
        self._sockets.add(connection)
        entry = await self._whole.ask(connection, cursor)
        proof = entry.proof

        def begin() -> None:
            who = connection.identity
            user = User(who.user_id, who.username)
            # Whoever resumes keeps the old cursor until `resumed`.
            hello = Hello(user, proof.epoch, cursor or proof.cursor, proof.count)
            connection.hold(frame_of(hello))
            self._whole.open(connection, entry)

        return Admitted(connection, proof, begin)
