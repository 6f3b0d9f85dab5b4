"""`/ws/chat/<conversation_id>/`: who may open it, and where it goes on from."""

from chat.auth.identity import Identity
from chat.errors import InvalidInput
from chat.realtime.agents import Agents
from chat.realtime.connection import Listener
from chat.realtime.gate import Admitted
from chat.realtime.given_seqs import seq_in
from chat.realtime.hub import Hub
from chat.realtime.knock import Knock
from chat.realtime.resume import CatchingUp
from chat.realtime.subscribers import ConversationSocket, Subscriber
from chat.records import ID_MAX
from chat.services.conversations import Conversations
from chat.services.history import require_valid
from chat.services.membership import Membership
from chat.store.sends import not_a_participant

PARAMETERS = ("since", "epoch")


class ConversationDoor:
    def __init__(
        self,
        listener: Listener,
        conversations: Conversations,
        hub: Hub,
        agents: Agents,
        catching_up: CatchingUp,
        max_size: int,
    ) -> None:
        self._listener = listener
        self._conversations = conversations
        self._hub = hub
        self._agents = agents
        self._catching_up = catching_up
        self._max_size = max_size

    def connect(self, knock: Knock, identity: Identity) -> ConversationSocket:
        conversation_id = knock.conversation_id
        assert conversation_id is not None
        if not 0 < conversation_id <= ID_MAX:
            raise not_a_participant()
        return ConversationSocket(self._listener, identity, conversation_id, self._max_size)

    def refused(self, identity: Identity) -> Subscriber:
        return ConversationSocket(self._listener, identity, 0, self._max_size)

    async def ask(self, knock: Knock, connection: Subscriber) -> Admitted:
        assert isinstance(connection, ConversationSocket)
        since, epoch = position_of(knock)
        membership = await self._membership(connection)

        def begin() -> None:
            if membership.is_agent:
                self._agents.add(connection)
            if since is None:
                self._hub.join(connection, connection.conversation_id, membership.seq)
            else:
                self._resume(connection, since, epoch, membership)

        return Admitted(connection, membership, begin)

    async def _membership(self, connection: ConversationSocket) -> Membership:
        conversation_id = connection.conversation_id
        while True:
            is_watched = self._hub.watch(connection, conversation_id)
            membership = await self._conversations.membership(connection.identity, conversation_id)
            if is_watched:
                return membership
            if conversation_id not in self._hub:
                # The group begins here at the database's position. Later changes will arrive.
                self._hub.begin_resuming(connection, conversation_id, membership.seq)
                return membership
            # Another socket was the first meanwhile, and a removal may have reached only that one.

    def _resume(
        self,
        connection: ConversationSocket,
        since: int,
        epoch: str | None,
        membership: Membership,
    ) -> None:
        """Let in a connection that was admitted just now, and that the hub has as resuming."""
        is_there = since == membership.seq and epoch in (None, membership.epoch)
        self._catching_up.start(
            connection, connection.conversation_id, since, epoch, None, is_there=is_there
        )


def position_of(knock: Knock) -> tuple[int | None, str | None]:
    """The `seq` to resume after and the epoch in which it counts, from the URL.

    Each is None if the URL does not have it. Raises InvalidInput.
    """
    found = knock.parameters(PARAMETERS)
    since, epoch = found.get("since"), found.get("epoch")
    require_valid(epoch)
    if since is None:
        if epoch is not None:
            raise InvalidInput({"epoch": ["Comes together with since."]})
        return None, None
    return seq_in(since), epoch
