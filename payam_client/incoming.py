"""What comes to an account: it updates what the account knows, and is given to the iteration."""

from typing import Any

from payam_client.account_events import (
    AccountReset,
    CaughtUp,
    ConversationCreated,
    ConversationRemoved,
    FromServer,
    Hello,
    OfConversation,
    Positions,
    PresenceChanged,
)
from payam_client.account_inbox import AccountInbox, is_new
from payam_client.account_outbox import AccountOutbox
from payam_client.calls import Calls
from payam_client.catching_up import CatchingUp
from payam_client.conversation_list import ConversationList
from payam_client.conversation_state import ConversationState
from payam_client.errors import PayamError
from payam_client.events import Change, Event, MessageSent
from payam_client.live_conversation import LiveConversation, Owner
from payam_client.positions import Place
from payam_client.records import ConversationRecord, Presence, User


class Incoming:
    """It does no I/O, except that the list reads what only the server knows."""

    def __init__(self, calls: Calls, owner: Owner, outbox: AccountOutbox) -> None:
        self.user: User | None = None
        self.presence: dict[str, Presence] = {}
        self.inbox = AccountInbox(calls.backlog)
        self.list = ConversationList(calls, self._make, self._found, self._lost)
        self._owner = owner
        self._outbox = outbox
        self._catching_up = CatchingUp()
        self._is_live = False
        self._listed = frozenset[int]()
        """The conversations in the list when it was live last."""

    def begin_at(self, place: Place) -> None:
        """Begin at the position of an earlier run."""
        self.inbox.begin_at(place)
        self._catching_up.received = place.copy()

    def cut(self) -> None:
        """The connection is over: what the list shows from now on, no event has said."""
        if self._is_live:
            self._listed, self._is_live = frozenset(self.list.states), False

    def path(self) -> str:
        """The path of the next connection."""
        self.inbox.connected()
        is_behind = self.inbox.is_behind
        return self._catching_up.path(self._received if is_behind else self.inbox.here)

    def hello(self, hello: Hello) -> bool:
        """Whether it is live from here on."""
        self.user = self.list.me = hello.user
        self.list.start()
        self._is_live = is_live = self._catching_up.hello(hello)
        if is_live:
            self.inbox.mark(hello.cursor, hello.epoch)
        return is_live

    def mark(self, cursor: str) -> None:
        """A cursor came: everything before it is here."""
        if self._catching_up.is_asking:
            return
        self._received.cursor = cursor
        seqs = self.list.settled()
        self.inbox.know(seqs)
        for id_, seq in seqs.items():
            self._received.seqs.setdefault(id_, seq)
        self.inbox.mark(cursor, self._received.epoch)

    def compare(self, positions: Positions) -> dict[str, Any] | None:
        """The frame that asks for what is missing, if anything is."""
        places = [self._received] if self.inbox.is_behind else [self._received, self.inbox.here]
        known = self.list.seqs()
        for id_ in self._catching_up.compare(positions, places, known, self._listed):
            state = self.list.states.get(id_)
            if state is None:
                self.list.find(id_)
            else:  # the list was read before the positions came
                self._found(state.record)
        for id_ in (known.keys() | self._received.seqs.keys()) - positions.positions.keys():
            self._lost(id_)
        end = CaughtUp(positions.cursor, positions.epoch)
        return self.caught_up(end)

    def caught_up(self, end: CaughtUp) -> dict[str, Any] | None:
        """The frame that asks for the next part; None if nothing is missing any more."""
        for change in self._catching_up.release():
            self.take(change)
        frame = self._catching_up.next(end.cursor)
        if frame is None:
            self._catching_up.caught_up(end)
            self._is_live = True
            self.inbox.take(end)
        return frame

    def take(self, event: FromServer) -> None:
        """Update what is known, if the event is new, and give it to the iteration."""
        if self._catching_up.holds(event):
            return
        if isinstance(event, ConversationCreated):
            record = event.conversation
            self._received.seqs[record.id] = record.seq
            self.list.put(record, is_anew=True)
            self.list.to_top(record.id)
        elif isinstance(event, ConversationRemoved):
            self._lose(event.conversation)
        elif isinstance(event, PresenceChanged):
            self.presence[event.user] = Presence(event.status, event.last_seen)
        elif isinstance(event, AccountReset):
            self._reset(event)
        elif isinstance(event, Event) and is_new(self._received, event):
            self._change(event)
        self.inbox.take(event)

    def _change(self, event: OfConversation) -> None:
        id_ = event.conversation
        assert id_ is not None
        if isinstance(event, Change):
            self._received.seqs[id_] = event.seq
        state = self.list.states.get(id_)
        if state is not None:
            state.take(event)
        if isinstance(event, Change) and (
            state is None or state.record.epoch != self._received.epoch
        ):
            self.list.note(id_, event.seq)
        if isinstance(event, MessageSent):
            self.list.to_top(id_)

    def _reset(self, event: AccountReset) -> None:
        if event.conversation is None:
            self._received.reset(event.cursor, event.epoch)
            self._is_live = True
            self._catching_up.forget()
            self._outbox.forget_messages()
            self.list.reload()
        else:
            self._received.seqs[event.conversation] = event.seq or 0
            self.list.doubt(event.conversation)

    # What the list says.

    def _make(self, record: ConversationRecord) -> tuple[ConversationState, LiveConversation]:
        state = ConversationState(record, self.list.me, self.list.refresh)
        return state, LiveConversation(self._owner, state)

    def _found(self, record: ConversationRecord) -> None:
        self.inbox.take(ConversationCreated(record))

    def _lost(self, id_: int) -> None:
        if id_ in self.list.states or id_ in self._received.seqs:
            self._lose(id_)
            self.inbox.take(ConversationRemoved(id_))

    def _lose(self, id_: int) -> None:
        self._received.seqs.pop(id_, None)
        self.list.remove(id_)
        self._outbox.lose(id_, PayamError("No such conversation.", code="not_found"))

    @property
    def _received(self) -> Place:
        return self._catching_up.received
