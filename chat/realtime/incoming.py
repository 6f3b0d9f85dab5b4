"""News of the other nodes, as the relay brings it: whose is it, and whom does it concern here?

All news says whose it is (`news`). That of another deployment is ignored. A batch of another epoch
is not believed, because its numbers may be those of other changes: the hub asks the database, and
this process looks whether it is itself the one that is late.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from chat.realtime import news
from chat.realtime.announcements import Announcements
from chat.realtime.company import Company
from chat.realtime.deliveries import Batch
from chat.realtime.ends import Ends
from chat.realtime.hub import Hub
from chat.realtime.news import KIND_AT, Marks
from chat.realtime.patience import Patience
from chat.realtime.presence.listeners import Listeners
from chat.realtime.presence.presence import Presence
from chat.realtime.relay.relay import RelayListener
from chat.store.history import Name

log = logging.getLogger("payam.dispatcher")

_pack = msgspec.msgpack.Encoder().encode
_unpack_batch = msgspec.msgpack.Decoder(Batch).decode
_unpack_presence = msgspec.msgpack.Decoder(list[Presence]).decode
_unpack_joined = msgspec.msgpack.Decoder(tuple[int, list[int]]).decode
_unpack_ticket = msgspec.msgpack.Decoder(tuple[int, bool]).decode
_unpack_own = msgspec.msgpack.Decoder(int).decode
_unpack_ephemeral = msgspec.msgpack.Decoder(tuple[int | list[int], bytes]).decode


class TicketListener(Protocol):
    def __call__(self, ticket_id: int, *, is_new: bool) -> None: ...


class Audience(Protocol):
    """Whom news concerns in this process: see `Dispatcher`."""

    hub: Hub
    listeners: Listeners
    ends: Ends
    listener: Announcements
    company: Company
    joined: Callable[[int, Collection[int]], None]
    own_changed: Callable[[int, int], None]
    ticket_changed: TicketListener

    def begun(self) -> None:
        """This process listens now."""
        ...


class Incoming(RelayListener):
    """`marks` are those of this process's own news, which comes back to it."""

    def __init__(self, audience: Audience, patience: Patience) -> None:
        self._audience = audience
        self._patience = patience
        self.marks = Marks(Name("", ""))
        self._strange: set[int] = set()
        self._asking: asyncio.Task[None] | None = None
        self._has_seen_others = False

    @property
    def is_busy(self) -> bool:
        """Whether strange news still makes it ask the database."""
        return self._asking is not None

    async def close(self) -> None:
        """Ask nothing more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def progress(self, seq: int) -> bytes:
        return self.marks.ours + news.BATCH + _pack(Batch(seq, []))

    def relayed(self, conversation_id: int, payload: bytes) -> None:
        marks = self.marks
        if payload.startswith(marks.ours):
            return
        if not payload.startswith(marks.history):
            self._not_of_this_history(conversation_id, payload)
            return
        self._audience.company.heard()
        kind, body = payload[KIND_AT : KIND_AT + 1], payload[KIND_AT + 1 :]
        try:
            if kind == news.BATCH:
                self._audience.hub.deliver(conversation_id, _unpack_batch(body))
            elif kind == news.EPHEMERAL:
                ids, frame = _unpack_ephemeral(body)
                unseen_by = ids if isinstance(ids, list) else (ids,) if ids else ()
                self._audience.hub.pass_on(conversation_id, frame, except_users=unseen_by)
            elif kind == news.OWN:
                self._audience.own_changed(conversation_id, _unpack_own(body))
        except msgspec.DecodeError:  # of another version of Payam: the database has it too
            self._audience.hub.check([conversation_id])

    def announced(self, payload: bytes) -> None:
        marks = self.marks
        if payload.startswith(marks.ours):
            return
        if not payload.startswith(marks.deployment):
            if news.is_news(payload):
                self._not_of_this_deployment()
            else:  # of another version of Payam: the database has it too
                self._audience.company.heard()
                self._audience.listener.missed()
            return
        self._audience.company.heard()
        if not payload.startswith(marks.history):
            self._audience.listener.suspect()
        kind, body = payload[KIND_AT : KIND_AT + 1], payload[KIND_AT + 1 :]
        if kind == news.HISTORY:
            self._audience.listener.suspect()
        elif kind == news.JOINED:
            self._heard_of_joined(body)
        elif kind == news.PRESENCE:
            with suppress(msgspec.DecodeError):  # of another version: it is not kept anyway
                self._audience.listeners.hear(_unpack_presence(body))
        elif kind == news.TICKET:
            with suppress(msgspec.DecodeError):  # of another version: the desk looks by itself
                ticket_id, is_new = _unpack_ticket(body)
                self._audience.ticket_changed(ticket_id, is_new=is_new)
        else:
            self._audience.ends.heard(kind, body)

    def _heard_of_joined(self, body: bytes) -> None:
        try:
            conversation_id, user_ids = _unpack_joined(body)
        except msgspec.DecodeError:  # of another version of Payam
            self._audience.listener.missed()
        else:
            self._audience.joined(conversation_id, user_ids)

    def _not_of_this_history(self, conversation_id: int, payload: bytes) -> None:
        """What is of this deployment, but of another epoch or version, is worth a look."""
        if payload.startswith(self.marks.deployment):
            self._audience.company.heard()
            self._audience.listener.suspect()
            if payload[KIND_AT : KIND_AT + 1] == news.BATCH:
                self._ask(conversation_id)
        elif news.is_news(payload):
            self._not_of_this_deployment()
        else:
            self._audience.company.heard()
            self._ask(conversation_id)

    def _not_of_this_deployment(self) -> None:
        if not self._has_seen_others:
            self._has_seen_others = True
            log.info("another deployment of Payam publishes on this Redis; its news is ignored")

    def _ask(self, conversation_id: int) -> None:
        """Compare with the database, but seldom: strange news may come without end."""
        self._strange.add(conversation_id)
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask_seldom())

    async def _ask_seldom(self) -> None:
        try:
            while self._strange:
                strange, self._strange = self._strange, set()
                self._audience.hub.check(strange)
                await asyncio.sleep(self._patience.strange)
        finally:
            self._asking = None

    def subscribed(self, conversation_ids: Sequence[int]) -> None:
        self._audience.hub.check(conversation_ids)

    def interrupted(self) -> None:
        self._audience.company.heard()
        self._audience.begun()
        self._audience.listener.missed()
