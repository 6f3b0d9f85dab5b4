"""What a process does when something that it knows is no longer true."""

from collections.abc import Callable

from chat.events import AccountChanged, FamilyRevoked, UserErased
from chat.realtime.announcements import Announcements
from chat.realtime.connections import Connections
from chat.realtime.dispatcher import Dispatcher
from chat.services.acts import ActsFeed
from chat.services.history import History
from chat.services.recheck import Recheck
from chat.services.sessions import Sessions
from chat.services.users import Users
from chat.store.acts import DELETED, PASSWORD_SET, News
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
        self.acts = ActsFeed(database, self.acted)
        self.rights_changed: Callable[[], None] = lambda: None
        """Called when staff changed what a user may do."""

    def revoked(self, event: FamilyRevoked) -> None:
        self._sessions.forget(event)
        self._connections.revoke(event)

    def erased(self, event: UserErased) -> None:
        self._users.forget_one(event.user_id)
        self._sessions.forget_user(event)
        self._connections.erase(event)

    def account_changed(self, event: AccountChanged) -> None:
        self._users.forget_one(event.user_id)
        self._sessions.account_changed(event)
        if event.is_suspended:
            self._connections.suspend(event)
        self.rights_changed()

    def acted(self, act: News) -> None:
        """Staff did this, here or elsewhere. What happened here is known already, and does no
        harm a second time.
        """
        if act.kind == DELETED:
            self.erased(UserErased(act.user_id))
        elif act.kind == PASSWORD_SET:
            self._recheck.start()
        else:
            self.account_changed(AccountChanged(act.user_id, is_suspended=act.is_suspended))

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
        self.acts.begin_anew()
        self._dispatcher.hub.clear()
        self._connections.send_away()
