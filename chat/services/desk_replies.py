"""What a customer's reply to a closed ticket does, by the rule `reopen_days`.

1. Within so many days after the closing it reopens the ticket.
2. Later it opens a new ticket, with the beginning of the reply as its subject.

The reply stays what it is, a message. Who finds it does the rest under the conversation's lock, and
looks again there, so it happens once.
"""

from msgspec.structs import replace

from chat.services.checks import SUBJECT_MAX_LENGTH
from chat.services.desk import rules_of
from chat.services.ticket_steps import opening, stepping
from chat.store import desk_work as store
from chat.store import support_tickets
from chat.store.database import Database, Transaction
from chat.store.desk_work import Reply
from chat.store.work import Outcome
from chat.text.lines import one_line

DAY = 86_400 * 1_000_000


async def follow(transaction: Transaction, conversation_id: int) -> Outcome[int] | None:
    """Reopen the last ticket of the conversation, if a reply asks for it; returns its id. None
    where there is nothing to reopen.
    """
    found = await due(transaction, conversation_id)
    if found is None or not found[1]:
        return None
    return await reopening(transaction, found[0])


async def settle(
    transaction: Transaction, database: Database, conversation_id: int
) -> Outcome[int] | None:
    """The same, or open a new ticket where the reply came too late for the last one."""
    found = await due(transaction, conversation_id)
    if found is None:
        return None
    reply, is_in_time = found
    if is_in_time:
        return await reopening(transaction, reply)
    subject = one_line(reply.content)[:SUBJECT_MAX_LENGTH] or "…"
    place = reply.conversation_id
    languages = await support_tickets.languages(transaction, place, reply.ticket_id)
    return await opening(
        transaction, database, place, reply.sender_id, subject, "normal", languages
    )


async def due(transaction: Transaction, conversation_id: int) -> tuple[Reply, bool] | None:
    """The reply, and whether it reopens the ticket; None where there is none, or no rule."""
    days = (await rules_of(transaction)).reopen_days
    if days is None:
        return None
    found = await store.replies(transaction, [conversation_id])
    return (found[0], found[0].at <= found[0].closed_at + days * DAY) if found else None


async def reopening(transaction: Transaction, reply: Reply) -> Outcome[int]:
    ticket = await support_tickets.stored(transaction, reply.conversation_id, reply.ticket_id)
    made = await stepping(transaction, replace(ticket, status="open"), "reopened", reply.sender_id)
    return Outcome(ticket.id, made.events, made.after)
