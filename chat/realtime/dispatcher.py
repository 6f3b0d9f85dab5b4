"""Events out: encoded once, to this process's sockets at once and to the others' by relay.

What goes over the relay says whose it is (`news`). Another deployment's is nobody's here. A
batch of another epoch is not believed: its numbers may be those of other changes. It only
makes the hub ask the database, and the process look whether it is the one that is late.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from chat.errors import Unavailable
from chat.events import (
    Change,
    Event,
    Joined,
    OwnChanged,
    Passing,
    Reached,
    TicketChanged,
    UserTyping,
)
from chat.realtime import news
from chat.realtime.announcements import Announcements
from chat.realtime.deliveries import Batch, Delivery, batches_of, delivery_of
from chat.realtime.ends import Ends
from chat.realtime.hub import Hub
from chat.realtime.news import KIND_AT, Marks
from chat.realtime.patience import PATIENCE, Patience
from chat.realtime.presence import listeners
from chat.realtime.presence.board import Board, LocalBoard
from chat.realtime.presence.presence import Presence
from chat.realtime.protocol import frame_of
from chat.realtime.relay.relay import Relay, RelayListener
from chat.store.history import Name

log = logging.getLogger("payam.dispatcher")

_pack = msgspec.msgpack.Encoder().encode
_unpack_batch = msgspec.msgpack.Decoder(Batch).decode
_unpack_presence = msgspec.msgpack.Decoder(list[Presence]).decode
_unpack_joined = msgspec.msgpack.Decoder(tuple[int, list[int]]).decode
_unpack_ticket = msgspec.msgpack.Decoder(tuple[int, bool]).decode
_unpack_own = msgspec.msgpack.Decoder(int).decode
_unpack_passing = msgspec.msgpack.Decoder(tuple[int | list[int], bytes]).decode

Page = tuple[Sequence[Change], int, bool]
"""Changes in order, the point to which they lead, and whether there are no more."""


class TicketListener(Protocol):
    def __call__(self, ticket_id: int, *, is_new: bool) -> None: ...


def ignore_joins(_: int, __: Collection[int]) -> None:
    """For who has no sockets of users."""


def ignore_own(_: int, __: int) -> None:
    """For who has no sockets of users."""


def ignore_ticket(ticket_id: int, *, is_new: bool) -> None:
    """For who has no sockets of users."""


class Dispatcher(RelayListener):
    """`load` reads the changes after a point, and `seqs` the present change numbers: both need the
    database alone. Set `listener` and the callbacks before it runs. `joined` is called with a
    conversation, and the users who have come into it; `own_changed` with a conversation and the
    user who has changed their own settings of it; `ticket_changed` with a ticket, and whether it
    is new. `board` says which other nodes there are.
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
        self._relay = relay
        self._load = load
        self._seqs = seqs
        self._tasks: set[asyncio.Task[None]] = set()
        self._marks = Marks(Name("", ""))
        self._strange: set[int] = set()
        self._asking: asyncio.Task[None] | None = None
        self._has_seen_others = False
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
        relay.follow(self.hub.here)

    def _went_back(self, conversation_id: int, known: int, stored: int) -> None:
        self.listener.went_back(conversation_id, known, stored)

    def belong(self, name: Name) -> None:
        """From now on what is published is of this history, and only of it is believed."""
        self._marks = Marks(name)

    def progress(self, seq: int) -> bytes:
        """What says to the other processes only how far a conversation has come."""
        return self._marks.ours + news.BATCH + _pack(Batch(seq, []))

    def publish(self, events: Sequence[Event]) -> None:
        """Deliver what was committed, here and elsewhere: each conversation's changes in order."""
        changes: dict[int, list[Change]] = {}
        others: list[Event] = []
        for event in events:
            if isinstance(event, Change):
                changes.setdefault(event.conversation_id, []).append(event)
            elif isinstance(event, Passing):
                self.pass_on(event)
            else:
                others.append(event)
        self.hub.begin_commit()
        for conversation_id, of_one in changes.items():
            if not self._relay.has_others and conversation_id not in self.hub:
                continue  # nobody listens
            for batch in batches_of(of_one):
                self.hub.deliver_own(conversation_id, batch)
                if self._relay.has_others:
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
        """These may have changed unseen: ask the database how far they are, and publish it."""
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
        if self._relay.has_others:
            self._relay.publish(conversation_id, self.progress(seq), seq)

    async def close(self) -> None:
        """Stop reading what is missing."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hub.close()

    def pass_on(self, event: Passing) -> None:
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
        if self._relay.has_others:
            # One id, as releases before this one know it, or several.
            ids = unseen_by if len(unseen_by) > 1 else sum(unseen_by)
            payload = self._marks.ours + news.PASSING + _pack((ids, frame))
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
        if self._relay.has_others:
            payload = self._marks.ours + news.OWN + _pack(event.user_id)
            self._relay.publish(event.conversation_id, payload, None)

    def _announce_ticket(self, event: TicketChanged) -> None:
        """Every process may have sockets of staff."""
        self.ticket_changed(event.ticket_id, is_new=event.is_new)
        self._announce(news.TICKET, _pack((event.ticket_id, event.is_new)))

    def announce_presence(self, changed: Sequence[Presence]) -> None:
        """Send who went online or offline to the sockets that hear of it, on every node."""
        listeners.deliver(self.hub, changed)
        self._announce(news.PRESENCE, _pack(changed))

    def announce_history(self) -> None:
        """Let every process of the deployment look what the history is called now; this one too."""
        self.listener.suspect()
        self._announce(news.HISTORY, b"")

    def relayed(self, conversation_id: int, payload: bytes) -> None:
        marks = self._marks
        if payload.startswith(marks.ours):
            return
        if not payload.startswith(marks.history):
            self._not_of_this_history(conversation_id, payload)
            return
        kind, body = payload[KIND_AT : KIND_AT + 1], payload[KIND_AT + 1 :]
        try:
            if kind == news.BATCH:
                self.hub.deliver(conversation_id, _unpack_batch(body))
            elif kind == news.PASSING:
                ids, frame = _unpack_passing(body)
                unseen_by = ids if isinstance(ids, list) else (ids,) if ids else ()
                self.hub.pass_on(conversation_id, frame, except_users=unseen_by)
            elif kind == news.OWN:
                self.own_changed(conversation_id, _unpack_own(body))
        except msgspec.DecodeError:  # of another version of Payam: the database has it too
            self.hub.check([conversation_id])

    def announced(self, payload: bytes) -> None:
        marks = self._marks
        if payload.startswith(marks.ours):
            return
        if not payload.startswith(marks.deployment):
            if news.is_news(payload):
                self._not_of_this_deployment()
            else:  # of another version of Payam: the database has it too
                self.listener.missed()
            return
        if not payload.startswith(marks.history):
            self.listener.suspect()
        kind, body = payload[KIND_AT : KIND_AT + 1], payload[KIND_AT + 1 :]
        if kind == news.HISTORY:
            self.listener.suspect()
        elif kind == news.JOINED:
            self._heard_of_joined(body)
        elif kind == news.PRESENCE:
            with suppress(msgspec.DecodeError):  # of another version: it is not kept anyway
                listeners.deliver(self.hub, _unpack_presence(body))
        elif kind == news.TICKET:
            with suppress(msgspec.DecodeError):  # of another version: the desk looks by itself
                ticket_id, is_new = _unpack_ticket(body)
                self.ticket_changed(ticket_id, is_new=is_new)
        else:
            self.ends.heard(kind, body)

    def _heard_of_joined(self, body: bytes) -> None:
        try:
            conversation_id, user_ids = _unpack_joined(body)
        except msgspec.DecodeError:  # of another version of Payam
            self.listener.missed()
        else:
            self.joined(conversation_id, user_ids)

    def _not_of_this_history(self, conversation_id: int, payload: bytes) -> None:
        """Of this deployment, but of another epoch or version, it is worth a look."""
        if payload.startswith(self._marks.deployment):
            self.listener.suspect()
            if payload[KIND_AT : KIND_AT + 1] == news.BATCH:
                self._ask(conversation_id)
        elif news.is_news(payload):
            self._not_of_this_deployment()
        else:
            self._ask(conversation_id)

    def _not_of_this_deployment(self) -> None:
        if not self._has_seen_others:
            self._has_seen_others = True
            log.info("another deployment of Payam publishes on this Redis; its news is ignored")

    def _ask(self, conversation_id: int) -> None:
        """Compare with the database, but seldom: what asks for it may not stop."""
        self._strange.add(conversation_id)
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask_seldom())
            self._tasks.add(self._asking)
            self._asking.add_done_callback(self._tasks.discard)

    async def _ask_seldom(self) -> None:
        try:
            while self._strange:
                strange, self._strange = self._strange, set()
                self.hub.check(strange)
                await asyncio.sleep(self._patience.strange)
        finally:
            self._asking = None

    def subscribed(self, conversation_ids: Sequence[int]) -> None:
        self.hub.check(conversation_ids)

    def interrupted(self) -> None:
        self.listener.missed()

    async def load_deliveries(
        self, conversation_id: int, seq: int
    ) -> tuple[list[Delivery], int, bool]:
        """What changed after `seq`, up to which point, and whether that is all by now."""
        changes, upto, is_last = await self._load(conversation_id, seq)
        return [delivery_of(change) for change in changes], upto, is_last
