"""Sends the tickets of all conversations to the sockets of staff on `/ws/`.

A ticket that changed only makes the desk look: what is sent is read from the database, after the
change, with the question who of the users is still staff. So the last that a socket receives of a
ticket is what is stored. From time to time each process looks for tickets of which it heard
nothing, because another process died or the relay lost it.

A message changes no ticket, but since when the customer waits. So each process with sockets of
staff asks every WRITTEN_SECONDS in which conversations something happened, and sends the tickets
there that are not as it has sent them.

Example of a look with LOOK_SECONDS of 15 and SLACK_SECONDS of 60: at 12:00:15 it reads the tickets
that changed after 11:59:15, and sends those whose `seq` is higher than the one that it sent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from time import monotonic, time

from chat.changes.support_tickets import TicketUpdated
from chat.errors import Unavailable
from chat.realtime.hub import Hub
from chat.realtime.protocol import frame_of, of_conversation
from chat.realtime.server_frames import TicketCreated
from chat.realtime.subscribers import UserSocket
from chat.services.support_tickets import SupportTickets
from chat.store.cursors import Cursor
from chat.store.support_tickets import Numbered

WRITTEN_SECONDS = 2.0
LOOK_SECONDS = 15.0
SLACK_SECONDS = 60.0
"""How far the clocks of two nodes, and a commit and its time, may lie apart."""


class Desk:
    """`sockets` are those of this process; `staff_among` returns those of some users who are
    staff.
    """

    def __init__(
        self,
        sockets: Iterable[UserSocket],
        hub: Hub,
        tickets: SupportTickets,
        staff_among: Callable[[Collection[int]], Awaitable[set[int]]],
    ) -> None:
        self._sockets = sockets
        self._hub = hub
        self._tickets = tickets
        self._staff_among = staff_among
        self._wanted: dict[int, bool] = {}
        """Tickets to read, and whether each is new."""
        self._sent: dict[int, int] = {}
        """The `seq` that was sent, of tickets that changed a short while ago."""
        self._created: set[int] = set()
        """Those of them that were sent as new."""
        self._has_looked = False
        """The first look cannot know what is new."""
        self._shown: dict[int, tuple[int, str | None]] = {}
        """Of open tickets that were sent, the `seq` and since when the customer waits."""
        self._cursor: Cursor | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        return self._task is not None

    def changed(self, ticket_id: int, *, is_new: bool) -> None:
        """The ticket has changed, or is new."""
        if not self._staff():
            return
        self._wanted[ticket_id] = is_new or self._wanted.get(ticket_id, False)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._read())

    async def run(self) -> None:
        """Look from time to time, until cancelled."""
        looked = monotonic()
        while True:
            await asyncio.sleep(WRITTEN_SECONDS)
            await self.look_who_waits()
            if monotonic() - looked >= LOOK_SECONDS:
                await self.look()
                looked = monotonic()

    async def look_who_waits(self) -> None:
        """Find the tickets whose customer wrote, or was answered."""
        if not self._staff():
            self._cursor = None
            self._shown = {}
            return
        try:
            found, self._cursor = await self._tickets.written_since(
                self._cursor, time() - SLACK_SECONDS
            )
        except Unavailable:  # the cursor stays
            return
        for one in found:
            if self._shown.get(one.ticket.id) != shown(one):
                is_unknown = self._has_looked and one.ticket.id not in self._sent
                self.changed(one.ticket.id, is_new=one.is_new and is_unknown)

    async def look(self) -> None:
        """Find the tickets of which this process heard nothing."""
        if not self._staff():
            self._sent, self._created, self._has_looked = {}, set(), False
            return
        known = set(self._sent)
        try:
            recent = await self._tickets.changed_after(time() - SLACK_SECONDS)
        except Unavailable:  # while the database is away, nothing changes either
            return
        for ticket_id in known - {one.ticket.id for one in recent}:
            del self._sent[ticket_id]
            self._created.discard(ticket_id)
        for one in recent:
            # What an earlier look has found may not be read yet.
            is_unknown = self._has_looked and one.ticket.id not in self._sent
            if one.seq > self._sent.setdefault(one.ticket.id, 0):
                self.changed(one.ticket.id, is_new=one.is_new and is_unknown)
        self._has_looked = True

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _staff(self) -> list[UserSocket]:
        return [one for one in self._sockets if one.identity.is_staff]

    async def _read(self) -> None:
        try:
            while self._wanted:
                wanted, self._wanted = self._wanted, {}
                try:
                    found = await self._tickets.numbered(wanted)
                    staff = await self._staff_among({one.identity.user_id for one in self._staff()})
                except Unavailable:
                    for ticket_id, is_new in wanted.items():
                        self._wanted[ticket_id] = is_new or self._wanted.get(ticket_id, False)
                    await asyncio.sleep(self._hub.patience.retry)
                    continue
                for one in found:
                    # The news of a ticket may come after a look has sent it.
                    is_new = wanted[one.ticket.id] and one.ticket.id not in self._created
                    self._sent[one.ticket.id] = one.seq
                    if is_new:
                        self._created.add(one.ticket.id)
                    self._send(one, staff, is_new=is_new)
        finally:
            self._task = None

    def _send(self, found: Numbered, staff: set[int], *, is_new: bool) -> None:
        ticket = found.ticket
        self._shown[ticket.id] = shown(found)
        if ticket.status == "closed":
            del self._shown[ticket.id]
        conversation_id = ticket.conversation
        created = frame_of(TicketCreated(conversation_id, ticket))
        updated = of_conversation(
            frame_of(TicketUpdated(ticket, seq=found.seq, desk=True)), conversation_id
        )
        for connection in self._staff():
            # A client whose handshake is not answered yet reads the tickets later.
            if not connection.is_answered or connection.identity.user_id not in staff:
                continue
            if is_new:
                connection.send(created)
            elif not self._hub.is_in(connection, conversation_id):
                # Participants have received it as a change of their conversation.
                connection.send(updated)


def shown(found: Numbered) -> tuple[int, str | None]:
    return found.seq, found.ticket.waiting_since
