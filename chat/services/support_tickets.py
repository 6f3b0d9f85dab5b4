"""Support tickets: any participant opens and closes one, staff assign and list them.

A ticket is changed by its own id. A request may also name only the conversation, and then means
the ticket that is not closed. A retry of such a request may meet the next ticket, and a retry of
any may meet a ticket that others have changed since. With a key it changes nothing.
"""

import builtins
from collections.abc import Collection, Sequence

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from chat import records
from chat.auth.identity import Identity
from chat.errors import InvalidInput
from chat.records import PRIORITIES, STATUSES
from chat.services import checks, desk_replies
from chat.services import ticket_rules as rules
from chat.services.blocks import require_unblocked
from chat.services.membership import require_member
from chat.services.once import once
from chat.services.search import QUERY_MAX_LENGTH
from chat.services.staff import say_act
from chat.services.ticket_changes import Decide, changing, note
from chat.services.ticket_steps import opening
from chat.store import acts, touched, users
from chat.store import support_tickets as store
from chat.store import ticket_steps as steps
from chat.store.cursors import Cursor
from chat.store.database import Database, Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.sends import not_a_participant
from chat.store.work import Outcome
from chat.store.writer import Writer
from chat.text.searching import key_of

LIST_MAX = 200
SCORE_MAX = 5


class SupportTickets:
    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def open(
        self,
        who: Identity,
        conversation_id: int,
        subject: str,
        priority: str,
        key: str | None = None,
        languages: Sequence[str] = (),
    ) -> tuple[records.SupportTicket, bool]:
        """Open a ticket. Returns it, and whether it is new: a retry with the same `key` gets the
        first one. `languages` are those of the customer, the best first.

        A customer's reply to a closed ticket may have to reopen that one (`desk_replies`); then it
        is the ticket. Raises Conflict where the conversation has a ticket that is not closed.
        """
        checks.line("subject", subject, most=checks.SUBJECT_MAX_LENGTH)
        rules.one_of("priority", priority, PRIORITIES)
        await require_member(self._database, who, conversation_id)

        async def make(transaction: Transaction) -> Outcome[int]:
            await require_member(transaction, who, conversation_id)
            await require_unblocked(transaction, who, conversation_id)
            await rules.require_none_open(transaction, conversation_id)
            if await users.staff_member(transaction, who.user_id) is None:
                reopened = await desk_replies.follow(transaction, conversation_id)
                if reopened is not None:
                    return reopened
            made = await opening(
                transaction,
                self._database,
                conversation_id,
                who.user_id,
                subject,
                priority,
                languages,
            )
            await note(
                transaction,
                who,
                await store.stored(transaction, conversation_id, made.result),
                "opened",
            )
            return made

        request = ("support_ticket", conversation_id, subject, priority)
        apply = once(IdempotencyKey.of(who.user_id, key, *request), make)
        made = await self._writer.change(conversation_id, apply, is_repeatable=key is not None)
        if made.is_new and who.is_staff:
            say_act(who.user_id, f"{acts.TICKET}opened", f"ticket {made.id}")
        return await self.get(who, made.id), made.is_new

    async def get(self, who: Identity, ticket_id: int) -> records.SupportTicket:
        """Read a ticket, for participants of its conversation and staff; others get NotFound."""
        conversation_id = await store.conversation_of(self._database, ticket_id)
        # The same is asked for a ticket that is not there, so that time does not show which is.
        if not await rules.may_see(self._database, who, conversation_id or 0):
            raise rules.no_such_ticket()
        ticket = await store.by_id(self._database, conversation_id or 0, ticket_id)
        if ticket is None:
            raise rules.no_such_ticket()
        return ticket

    async def change(
        self,
        who: Identity,
        conversation_id: int | None,
        ticket_id: int | None,
        *,
        subject: str | UnsetType = UNSET,
        status: str | UnsetType = UNSET,
        priority: str | UnsetType = UNSET,
        assigned_to: int | UnsetType | None = UNSET,
        key: str | None = None,
    ) -> records.SupportTicket:
        """Change this ticket. Without `ticket_id`, change the conversation's open one.

        Only staff assign it. A closed ticket takes no change but its reopening. A retry with
        the same `key` changes nothing, and gets the ticket that the first request changed.
        """
        if subject is not UNSET:
            checks.line("subject", subject, most=checks.SUBJECT_MAX_LENGTH)
        if status is not UNSET:
            rules.one_of("status", status, STATUSES)
        if priority is not UNSET:
            rules.one_of("priority", priority, PRIORITIES)
        wanted = {
            "subject": subject,
            "status": status,
            "priority": priority,
            "assigned_to": assigned_to,
        }
        given: dict[str, object] = {
            name: value for name, value in wanted.items() if value is not UNSET
        }

        async def decide(
            transaction: Transaction, ticket: records.SupportTicket
        ) -> records.SupportTicket:
            if assigned_to is UNSET:
                return replace(ticket, **given)
            await rules.require_staff(transaction, who, "assign")
            agent = await rules.assignee(transaction, "assigned_to", assigned_to)
            return replace(ticket, **{**given, "assigned_to": agent})

        request = ("change of a ticket", conversation_id, ticket_id, given)
        once_key = IdempotencyKey.of(who.user_id, key, *request)
        return await self._change(who, conversation_id, ticket_id, decide, once_key)

    async def reopen(
        self, who: Identity, ticket_id: int, key: str | None = None
    ) -> records.SupportTicket:
        """Reopen a ticket. Raises Conflict while another ticket of its conversation is open."""

        async def decide(_: Transaction, ticket: records.SupportTicket) -> records.SupportTicket:
            return replace(ticket, status="open") if ticket.status == "closed" else ticket

        once_key = IdempotencyKey.of(who.user_id, key, "reopening of a ticket", ticket_id)
        return await self._change(who, None, ticket_id, decide, once_key)

    async def rate(
        self, who: Identity, ticket_id: int, score: int, comment: str, key: str | None = None
    ) -> records.SupportTicket:
        """Say how content one was with the answers, once the ticket is closed; for the customer
        whose ticket it is. A later rating replaces an earlier one.
        """
        if not 1 <= score <= SCORE_MAX:
            raise InvalidInput({"score": [f"A whole number from 1 to {SCORE_MAX}."]})
        checks.text("comment", comment, most=checks.REASON_MAX_LENGTH, least=len(comment))

        async def decide(
            transaction: Transaction, ticket: records.SupportTicket
        ) -> records.SupportTicket:
            is_staff = await users.staff_member(transaction, who.user_id) is not None
            if is_staff or who.user_id != ticket.created_by.id:
                raise rules.for_customers()
            if ticket.status != "closed":
                raise rules.not_closed()
            return replace(ticket, rating=records.Rating(score, comment))

        request = ("rating of a ticket", ticket_id, score, comment)
        once_key = IdempotencyKey.of(who.user_id, key, *request)
        return await self._change(who, None, ticket_id, decide, once_key)

    async def assign(
        self, who: Identity, ticket_id: int, user_id: int | None, key: str | None = None
    ) -> records.SupportTicket:
        """Take the ticket, or hand one's own over. With None, give it back to the queue.

        Raises Conflict where another agent has it. So of two agents who take it at once, one
        gets it, and a retry takes it away from nobody.
        """

        async def decide(
            transaction: Transaction, ticket: records.SupportTicket
        ) -> records.SupportTicket:
            await rules.require_staff(transaction, who, "assign")
            wanted = await rules.assignee(transaction, "user_id", user_id)
            holder = ticket.assigned_to
            if (
                holder is not None
                and holder.id not in (who.user_id, user_id)
                # An assignee who may not sign in, or is not staff any more, does not count.
                and await users.staff_member(transaction, holder.id) is not None
            ):
                raise rules.already_assigned(holder)
            return replace(ticket, assigned_to=wanted)

        once_key = IdempotencyKey.of(who.user_id, key, "assignment of a ticket", ticket_id, user_id)
        return await self._change(who, None, ticket_id, decide, once_key)

    async def _change(
        self,
        who: Identity,
        conversation_id: int | None,
        ticket_id: int | None,
        decide: Decide,
        key: IdempotencyKey | None = None,
    ) -> records.SupportTicket:
        if conversation_id is None:
            assert ticket_id is not None
            conversation_id = (await self.get(who, ticket_id)).conversation
        elif not await rules.may_see(self._database, who, conversation_id):
            raise not_a_participant()
        did = builtins.list[str]()
        apply = changing(who, conversation_id, ticket_id, decide, did)

        async def make(transaction: Transaction) -> Outcome[int]:
            outcome = await apply(transaction)
            return Outcome(outcome.result.id, outcome.events, outcome.after)

        if key is None:
            ticket = await self._writer.change(conversation_id, apply)
        else:
            made = await self._writer.change(conversation_id, once(key, make), is_repeatable=True)
            ticket = await self.get(who, made.id)
        for action in did[-1:]:  # it may have been tried more than once
            say_act(who.user_id, f"{acts.TICKET}{action}", f"ticket {ticket.id}")
        return ticket

    async def list(
        self, who: Identity, wanted: store.Wanted, before: int | None, limit: int
    ) -> list[records.SupportTicket]:
        """List tickets, newest first; for staff only."""
        await rules.require_staff(self._database, who, "list")
        if wanted.status is not None:
            rules.one_of("status", wanted.status, STATUSES)
        if wanted.priority is not None:
            rules.one_of("priority", wanted.priority, PRIORITIES)
        if wanted.key is not None:
            checks.text("q", wanted.key, most=QUERY_MAX_LENGTH)
            if not key_of(wanted.key):
                raise InvalidInput({"q": ["Has no letter or digit to look for."]})
        if not 1 <= limit <= LIST_MAX:
            raise InvalidInput({"limit": [f"A whole number from 1 to {LIST_MAX}."]})
        return await store.page(self._database, wanted, before, limit)

    async def steps(
        self, who: Identity, ticket_id: int, after: int, limit: int
    ) -> Sequence[records.TicketStep]:
        """What was done with the ticket after this `seq`, in order. Raises NotFound."""
        ticket = await self.get(who, ticket_id)
        return await steps.of_ticket(self._database, ticket.conversation, ticket_id, after, limit)

    async def numbered(self, ticket_ids: Collection[int]) -> Sequence[store.Numbered]:
        """These tickets, each with the `seq` of its last change."""
        return await store.numbered(self._database, ticket_ids)

    async def written_since(
        self, cursor: Cursor | None, moment: float
    ) -> tuple[Sequence[store.Numbered], Cursor]:
        """The tickets that are not closed, of the conversations in which something happened since
        the cursor, and the next cursor. None of them without a cursor, or where too much happened.
        New are those that were opened after the moment, in seconds since 1970.
        """
        if cursor is None:
            return (), await touched.present(self._database)
        found = await touched.since(self._database, cursor)
        if not found.ids:
            return (), found.cursor
        after = int(moment * 1_000_000)
        return await store.open_among(self._database, found.ids, after), found.cursor

    async def changed_after(self, moment: float) -> Sequence[store.Numbered]:
        """The tickets that were opened or changed after a moment, in seconds since 1970."""
        return await store.changed_after(self._database, int(moment * 1_000_000))
