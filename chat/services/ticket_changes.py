"""Changes of a ticket: what may change, what the step is called, and what is kept of staff."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from chat import records
from chat.auth.identity import Identity
from chat.services import ticket_rules as rules
from chat.services.ticket_steps import stepping
from chat.store import acts
from chat.store import support_tickets as store
from chat.store.database import Transaction
from chat.store.sends import not_a_participant
from chat.store.work import Apply, Outcome

Decide = Callable[[Transaction, records.SupportTicket], Awaitable[records.SupportTicket]]
"""Returns the ticket as it has to become, or the same ticket if nothing has to change."""


async def note(
    transaction: Transaction, who: Identity, ticket: records.SupportTicket, action: str
) -> None:
    """Keep what staff did with the ticket; what customers do is in its steps alone."""
    if who.is_staff:
        holder = ticket.assigned_to if action in ("assigned", "handed_over") else None
        await acts.write(
            transaction,
            who.user_id,
            f"{acts.TICKET}{action}",
            user_id=None if holder is None else holder.id,
            conversation_id=ticket.conversation,
            detail=f"ticket {ticket.id}",
        )


def action_of(before: records.SupportTicket, after: records.SupportTicket) -> str:
    """The name of the step from one state to the other."""
    if "closed" in (before.status, after.status) and before.status != after.status:
        return "closed" if after.status == "closed" else "reopened"
    if before.rating != after.rating:
        return "rated"
    if before.assigned_to == after.assigned_to:
        return "changed"
    if after.assigned_to is None:
        return "returned"
    return "assigned" if before.assigned_to is None else "handed_over"


def changing(
    who: Identity,
    conversation_id: int,
    ticket_id: int | None,
    decide: Decide,
    did: list[str],
) -> Apply[records.SupportTicket]:
    """The work that changes the ticket to what `decide` returns. It raises NotFound or Conflict
    where that is not possible. What staff did is added to `did`.
    """

    async def apply(transaction: Transaction) -> Outcome[records.SupportTicket]:
        if not await rules.may_see(transaction, who, conversation_id):
            raise not_a_participant()
        if ticket_id is None:
            ticket = await store.open_in(transaction, conversation_id)
        else:
            ticket = await store.by_id(transaction, conversation_id, ticket_id)
        if ticket is None:
            raise rules.no_ticket() if ticket_id is None else rules.no_such_ticket()
        changed = await decide(transaction, ticket)
        if changed == ticket:
            return Outcome(ticket)
        if ticket.status == "closed":
            is_rating = changed == replace(ticket, rating=changed.rating)
            if changed.status == "closed" and not is_rating:
                raise rules.ticket_closed()
            if changed.status != "closed":
                await rules.require_none_open(transaction, conversation_id)
        action = action_of(ticket, changed)
        made = await stepping(transaction, changed, action, who.user_id)
        await note(transaction, who, made.result, action)
        if who.is_staff:
            did.append(action)
        return made

    return apply
