"""Does what the rules of the desk ask for: one process of the deployment, again and again.

It has the duty `desk` (`store.duties`), which spares work. Nothing depends on it: each piece of
work looks again under the conversation's lock whether it is still to be done, and is done in one
transaction. So it is done once, also where two processes are at it, or one dies in the middle.

Example of a ticket that two processes assign: both find it in the queue, and both know that Sara is
online. The first one holds the turn, gives it to Sara, and commits. The second one gets the
conversation's lock after that, and finds that the ticket is in the queue no more.
"""

import asyncio
import logging
import secrets
from contextlib import suppress
from time import monotonic

from msgspec.structs import replace

from chat import metrics, records
from chat.errors import PayamError, Unavailable
from chat.events import Change
from chat.records.desk import IN_TURN, OFF, DeskRules
from chat.services import business_hours, desk_replies
from chat.services.desk import Online, agents_of, rules_of
from chat.services.ticket_steps import SECOND, count, stepping
from chat.store import desk, duties, push_news, support_tickets, ticket_answers, touched, users
from chat.store import desk_figures as figures
from chat.store import desk_work as store
from chat.store.cursors import Cursor
from chat.store.database import Database, Transaction
from chat.store.work import Apply, Outcome
from chat.store.writer import Writer
from chat.times import now

log = logging.getLogger("payam.desk")

DUTY = "desk"
DUTY_SECONDS = 15.0
"""After that, another process takes over what one that died was doing."""
RENEW_SECONDS = 5.0
LOOK_SECONDS = 1.0
"""How often it looks for tickets to assign, and for replies."""
SLOW_SECONDS = 5.0
"""How often it looks who waits, and counts. After counting comes a pause at least so many times as
long:"""
COUNTED = 20
APART_SECONDS = 60.0
"""For so long a conversation that failed is left alone."""
MINUTE = 60 * SECOND


class DeskWork:
    def __init__(
        self,
        database: Database,
        writer: Writer,
        online: Online,
        *,
        look: float = LOOK_SECONDS,
        slow: float = SLOW_SECONDS,
    ) -> None:
        """`online` says which of some users are online on any node; the others are in seconds."""
        self._database = database
        self._writer = writer
        self._online = online
        self._look = look
        self._slow = slow
        self._holder = secrets.token_hex(8)
        self._has_duty = False
        self._renewed_at = self._slow_at = 0.0
        self._cursor: Cursor | None = None
        """From where to ask which conversations changed; None where all must be looked at."""
        self._apart: dict[int, float] = {}
        """Until when conversations that failed are left alone."""

    async def run(self) -> None:
        """Work until cancelled. Then the duty is left to others."""
        try:
            while True:
                await asyncio.sleep(self._look)
                try:
                    if await self._is_mine():
                        await self.turn()
                except Unavailable as error:
                    log.warning("the desk waits: %s", error.detail)
                except Exception:  # chat must go on without it
                    log.exception("the rules of the desk fail, and are tried again")
                    await asyncio.sleep(self._slow)
        finally:
            if self._has_duty:
                with suppress(Unavailable):
                    await duties.leave(self._database, DUTY, self._holder)

    async def _is_mine(self) -> bool:
        if monotonic() - self._renewed_at >= RENEW_SECONDS:
            self._renewed_at = monotonic()
            had = self._has_duty
            self._has_duty = await duties.take(self._database, DUTY, self._holder, DUTY_SECONDS)
            if had and not self._has_duty:
                show(figures.Now(0, 0, 0))  # another process counts them now
            if not self._has_duty:
                self._cursor = None
        return self._has_duty

    async def turn(self) -> None:
        """Do what there is to do now."""
        rules = await rules_of(self._database)
        if rules.reopen_days is None:
            self._cursor = None
        else:
            await self._replies()
        if rules.assignment != OFF:
            await self._assign(rules)
        if monotonic() >= self._slow_at:
            begun = monotonic()
            if rules.reminder_minutes is not None:
                await self._remind(rules, rules.reminder_minutes)
            await self._count()
            self._slow_at = monotonic() + max(self._slow, COUNTED * (monotonic() - begun))

    async def _count(self) -> None:
        while found := await store.unrecorded(self._database):
            async with self._database.transaction() as transaction:
                # As the writer does, so that neither waits for the other.
                await transaction.lock_conversations(sorted({place for place, _ in found}))
                answered = await ticket_answers.record(transaction, found)
            count(answered)
            if len(found) < store.AT_ONCE:
                break
        show(await figures.now(self._database))

    async def _change(self, conversation_id: int, apply: Apply[None]) -> None:
        """Make a change, if that was not tried lately in vain."""
        if self._apart.get(conversation_id, 0.0) > monotonic():
            return
        try:
            await self._writer.change(conversation_id, apply)
        except Unavailable:
            raise
        except PayamError as error:  # the ticket may be gone, or the rules may have changed
            log.warning("the desk leaves a conversation alone: %s", error)
        except Exception:
            log.exception("a rule failed", extra={"conversation": conversation_id})
        else:
            return
        self._apart = {id_: at for id_, at in self._apart.items() if at > monotonic()}
        self._apart[conversation_id] = monotonic() + APART_SECONDS

    async def _replies(self) -> None:
        present = await touched.present(self._database)
        ids: set[int] | None = None
        if self._cursor is not None:
            found = await touched.since(self._database, self._cursor)
            ids, present = found.ids, found.cursor
        replies = [] if ids == set() else await store.replies(self._database, ids)
        for reply in replies:
            await self._change(reply.conversation_id, self._answering(reply.conversation_id))
        if len(replies) < store.AT_ONCE:  # otherwise there may be more
            self._cursor = present

    def _answering(self, conversation_id: int) -> Apply[None]:
        async def apply(transaction: Transaction) -> Outcome[None]:
            made = await desk_replies.settle(transaction, self._database, conversation_id)
            return nothing() if made is None else Outcome(None, made.events, made.after)

        return apply

    async def _assign(self, rules: DeskRules) -> None:
        queue = await store.queue(self._database)
        if not queue:
            return
        agents = await agents_of(self._database, self._online)
        available = {agent.id for agent in agents if agent.is_available}
        if not available:
            return
        for place in queue:
            conversation_id, _ = place
            apply = assigning(place, available, in_turn=rules.assignment == IN_TURN)
            await self._change(conversation_id, apply)

    async def _remind(self, rules: DeskRules, minutes: int) -> None:
        for found in await store.waiting(self._database, now() - minutes * MINUTE):
            due: int | None = found.since + minutes * MINUTE
            if rules.reminder_in_hours:
                due = business_hours.due_at(rules, found.since, minutes, now())
            if due is not None and due <= now():
                await self._change(found.conversation_id, reminding(found))


def assigning(place: ticket_answers.Place, available: set[int], *, in_turn: bool) -> Apply[None]:
    """Give the ticket to one of the available agents, if it is in the queue still."""

    async def apply(transaction: Transaction) -> Outcome[None]:
        await desk.hold(transaction)
        if not await store.queue(transaction, place):
            return nothing()
        agents = [row for row in await desk.agents(transaction) if row[0] in available]
        if not agents:
            return nothing()

        def turn_of(row: tuple[int, str, bool | None, int, int]) -> tuple[int, ...]:
            id_, _, _, turn, open_ = row
            return (turn, id_) if in_turn else (open_, turn, id_)

        user_id, username, *_ = min(agents, key=turn_of)
        await desk.had_turn(transaction, user_id)
        ticket = await support_tickets.stored(transaction, *place)
        action = "assigned" if ticket.assigned_to is None else "handed_over"
        given = replace(ticket, assigned_to=records.Profile(user_id, username))
        made = await stepping(transaction, given, action, None)
        return Outcome(None, made.events, made.after)

    return apply


def reminding(found: store.Waiting) -> Apply[None]:
    """Remind the agent of a customer who waits still, or all staff where nobody has the ticket."""

    async def apply(transaction: Transaction) -> Outcome[None]:
        present = await store.waiting(transaction, found.since, found.place)
        if [one.since for one in present] != [found.since]:
            return nothing()
        await store.remind(transaction, found.place, found.since)
        ticket = await support_tickets.stored(transaction, *found.place)
        made = await stepping(transaction, ticket, "reminded", None)
        staff = await users.staff(transaction)
        agent = ticket.assigned_to
        reminded = {agent.id} if agent is not None and agent.id in staff else staff
        seq = max(event.seq for event in made.events if isinstance(event, Change))
        await push_news.remind(transaction, ticket.conversation, seq, reminded)
        return Outcome(None, made.events, made.after)

    return apply


def nothing() -> Outcome[None]:
    return Outcome(None)


def show(present: figures.Now) -> None:
    metrics.desk_open.set(present.open)
    metrics.desk_waiting.set(present.waiting)
    metrics.desk_unassigned.set(present.unassigned)
