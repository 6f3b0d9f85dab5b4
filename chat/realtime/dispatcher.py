"""Events out: encoded once, at once to this process's sockets, and to the other nodes by relay."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import msgspec

from chat.errors import Unavailable
from chat.events import (
    Change,
    Ephemeral,
    Event,
    Joined,
    OwnChanged,
    Reached,
    TicketChanged,
    UserTyping,
)
from chat.realtime import news
from chat.realtime.announcements import Announcements
from chat.realtime.company import Company
from chat.realtime.deliveries import Batch, Delivery, batches_of, delivery_of
from chat.realtime.ends import Ends
from chat.realtime.hub import Hub
from chat.realtime.incoming import Incoming, TicketListener
from chat.realtime.news import Marks
from chat.realtime.patience import PATIENCE, Patience
from chat.realtime.presence.board import Beat, Board, LocalBoard
from chat.realtime.presence.listeners import Listeners
from chat.realtime.presence.presence import Presence
from chat.realtime.protocol import frame_of
from chat.realtime.relay.relay import Relay
from chat.store.history import Name

_pack = msgspec.msgpack.Encoder().encode

Page = tuple[Sequence[Change], int, bool]
"""Changes in order, the position to which they lead, and whether there are no more."""


def ignore_joins(_: int, __: Collection[int]) -> None:
    """Do nothing: this process has no sockets of `/ws/`."""


def ignore_own(_: int, __: int) -> None:
    """Do nothing: this process has no sockets of `/ws/`."""


def ignore_ticket(ticket_id: int, *, is_new: bool) -> None:
    """Do nothing: this process has no sockets of `/ws/`."""


class Dispatcher:
    """`load` reads the changes after a position, and `seqs` the present `seq` of conversations.
    Both need the database alone. `board` says which other nodes there are, and `incoming` takes
    what these publish. Set the following before there is news:

    - `listener` is notified of what concerns sign-ins, users and the history.
    - `joined` is called with a conversation, and the users who have come into it.
    - `own_changed` is called with a conversation, and the user who has changed their own settings
      of it.
    - `ticket_changed` is called with a ticket, and whether it is new.
    """

    def __init__(
        self,
        relay: Relay,
        load: Callable[[int, int], Awaitable[Page]],
        seqs: Callable[[Collection[int]], Awaitable[dict[int, int]]],
        patience: Patience = PATIENCE,
        board: Board | None = None,
    ) -> None:
        self.listener = Announcements()
        self.joined: Callable[[int, Collection[int]], None] = ignore_joins
        self.own_changed: Callable[[int, int], None] = ignore_own
        self.ticket_changed: TicketListener = ignore_ticket
        self.company = Company()
        self._relay = relay
        self._load = load
        self._seqs = seqs
        self._tasks: set[asyncio.Task[None]] = set()
        self._patience = patience
        self.ends = Ends(board or LocalBoard(), lambda: self.listener, self._announce, relay.flush)
        self.hub = Hub(
            self.load_deliveries,
            seqs,
            relay.subscribe,
            relay.unsubscribe,
            self._went_back,
            patience,
        )
        self.listeners = Listeners(self.hub)
        self.incoming = Incoming(self, patience)
        self._marks = self.incoming.marks
        relay.follow(self.hub.here)

    def _went_back(self, conversation_id: int, known: int, stored: int) -> None:
        self.listener.went_back(conversation_id, known, stored)

    def belong(self, name: Name) -> None:
        """From now on what is published is of this history, and only of it is believed."""
        self._marks = self.incoming.marks = Marks(name)

    @property
    def has_others(self) -> bool:
        """Whether another node may listen to conversations: see `Company`."""
        relay = self._relay
        return relay.has_others and (self.company.may_be_there or not relay.is_connected)

    def begun(self) -> None:
        """Tell the other nodes that this one listens now."""
        self._announce(news.BEGUN, b"")

    def beaten(self, beat: Beat) -> None:
        """Learn from the board how many other nodes there are."""
        self.company.counted(beat.others)
        if not beat.is_known:  # the others may have given it up, and publish nothing for it
            self.begun()

    def publish(self, events: Sequence[Event]) -> None:
        """Deliver what was committed, here and elsewhere: each conversation's changes in order."""
        changes: dict[int, list[Change]] = {}
        others: list[Event] = []
        for event in events:
            if isinstance(event, Change):
                changes.setdefault(event.conversation_id, []).append(event)
            elif isinstance(event, Ephemeral):
                self.pass_on(event)
            else:
                others.append(event)
        self.hub.begin_commit()
        has_others = self.has_others
        for conversation_id, of_one in changes.items():
            if not has_others and conversation_id not in self.hub:
                continue  # nobody listens
            for batch in batches_of(of_one):
                self.hub.deliver_own(conversation_id, batch)
                if has_others:
                    payload = self._marks.ours + news.BATCH + _pack(batch)
                    self._relay.publish(conversation_id, payload, batch.changes[-1].seq)
        # Last: a repeat of what is new itself is no reason to ask the database.
        reached = {one.conversation_id: one.seq for one in others if isinstance(one, Reached)}
        for conversation_id, seq in reached.items():
            self._reached(conversation_id, seq)
        for event in others:
            self._of_users(event)

    def _of_users(self, event: Event) -> None:
        """Announce what concerns some users alone, if it is that."""
        if isinstance(event, Joined):
            self._announce_joined(event)
        elif isinstance(event, OwnChanged):
            self._own_changed(event)
        elif isinstance(event, TicketChanged):
            self._announce_ticket(event)

    def doubt(self, conversation_ids: Collection[int]) -> None:
        """These may have changed unseen: read their `seq` in the database, and publish it."""
        task = asyncio.get_running_loop().create_task(self._look_up(set(conversation_ids)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_up(self, conversation_ids: set[int]) -> None:
        while True:
            try:
                seqs = await self._seqs(conversation_ids)
                break
            except Unavailable:
                await asyncio.sleep(self._patience.retry)
        for conversation_id, seq in seqs.items():
            self._reached(conversation_id, seq)

    def _reached(self, conversation_id: int, seq: int) -> None:
        self.hub.deliver(conversation_id, Batch(seq, []))
        if self.has_others:
            self._relay.publish(conversation_id, self.incoming.progress(seq), seq)

    @property
    def is_busy(self) -> bool:
        """Whether the database still has to be asked for something."""
        return bool(self._tasks) or self.incoming.is_busy or self.hub.is_busy

    async def close(self) -> None:
        """Stop reading what is missing."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.listeners.close()
        await self.incoming.close()
        await self.hub.close()

    def pass_on(self, event: Ephemeral) -> None:
        """Send it to the sockets that it is news to.

        Typing goes to other users only. What was read goes to the reader's other sockets too, and
        a user's new name or picture to all of theirs, so that all devices of a user agree.
        """
        frame = frame_of(event.frame)
        unseen_by, origin = (event.user_id, *event.unseen_by), None
        if not isinstance(event.frame, UserTyping):
            unseen_by, origin = (), event.origin
        self.hub.pass_on(
            event.conversation_id, frame, except_users=unseen_by, except_connection=origin
        )
        if self.has_others:
            # One id, as releases before this one know it, or several.
            ids = unseen_by if len(unseen_by) > 1 else sum(unseen_by)
            payload = self._marks.ours + news.EPHEMERAL + _pack((ids, frame))
            self._relay.publish(event.conversation_id, payload, None)

    def _announce(self, kind: bytes, body: bytes) -> None:
        """To every other process, if there can be others."""
        if self._relay.has_others:
            self._relay.announce(self._marks.ours + kind + body)

    def _announce_joined(self, event: Joined) -> None:
        """Every process may have sockets of these users."""
        self.joined(event.conversation_id, event.user_ids)
        self._announce(news.JOINED, _pack((event.conversation_id, list(event.user_ids))))

    def _own_changed(self, event: OwnChanged) -> None:
        """Every process with sockets of this user has the conversation's channel."""
        self.own_changed(event.conversation_id, event.user_id)
        if self.has_others:
            payload = self._marks.ours + news.OWN + _pack(event.user_id)
            self._relay.publish(event.conversation_id, payload, None)

    def _announce_ticket(self, event: TicketChanged) -> None:
        """Every process may have sockets of staff."""
        self.ticket_changed(event.ticket_id, is_new=event.is_new)
        self._announce(news.TICKET, _pack((event.ticket_id, event.is_new)))

    def announce_presence(self, changed: Sequence[Presence]) -> None:
        """Send who went online or offline to the sockets that hear of it, on every node."""
        self.listeners.hear(changed)
        self._announce(news.PRESENCE, _pack(changed))

    def announce_history(self) -> None:
        """Let every process of the deployment look what the history is called now; this one too."""
        self.listener.suspect()
        self._announce(news.HISTORY, b"")

    async def load_deliveries(
        self, conversation_id: int, seq: int
    ) -> tuple[list[Delivery], int, bool]:
        """What changed after `seq`, up to which position, and whether that is all by now."""
        changes, upto, is_last = await self._load(conversation_id, seq)
        return [delivery_of(change) for change in changes], upto, is_last
