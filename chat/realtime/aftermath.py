"""What a process does when something that it knows is no longer true."""

from chat.events import FamilyRevoked, UserErased
from chat.realtime.announcements import Announcements
from chat.realtime.connections import Connections
from chat.realtime.dispatcher import Dispatcher
from chat.services.history import History
from chat.services.recheck import Recheck
from chat.services.sessions import Sessions
from chat.services.users import Users
from chat.store.database import Database


class Aftermath(Announcements):
    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        users: Users,
        connections: Connections,
        dispatcher: Dispatcher,
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._connections = connections
        self._dispatcher = dispatcher
        self._recheck = Recheck(sessions, connections.families, self.revoked)
        self.history = History(database, self.put_back, dispatcher.announce_history)

    def revoked(self, event: FamilyRevoked) -> None:
        self._sessions.forget(event)
        self._connections.revoke(event)

    def erased(self, event: UserErased) -> None:
        self._users.forget_one(event)
        self._sessions.forget_user(event)
        self._connections.erase(event)

    def missed(self) -> None:
        self.history.suspect()
        self._recheck.start()

    def suspect(self) -> None:
        self.history.suspect()

    def went_back(self, conversation_id: int, known: int, stored: int) -> None:
        self.history.went_back(conversation_id, known, stored)

    def put_back(self) -> None:
        """The database's history is another one: forget what was read from it before.

        Who is in a conversation, who may sign in, what a `seq` stands for: all of it may be
        different now. So all sockets are closed; a client comes back with `since` and its old
        epoch, is admitted anew, and gets `reset`.
        """
        self._dispatcher.belong(self.history.name)
        self._sessions.forget()
        self._users.forget()
        self._dispatcher.hub.clear()
        self._connections.send_away()
