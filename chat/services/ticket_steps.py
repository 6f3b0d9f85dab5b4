"""Makes a step of a ticket: an entry of its conversation, under the conversation's lock."""

from collections.abc import Sequence
from functools import partial

from chat import metrics, records
from chat.changes import log
from chat.changes.support_tickets import TicketUpdated
from chat.events import Change, TicketChanged
from chat.services import first_answers
from chat.store import conversations, ticket_answers
from chat.store import support_tickets as store
from chat.store import ticket_steps as steps
from chat.store.database import Database, Transaction
from chat.store.work import Outcome

SECOND = 1_000_000


async def opening(
    transaction: Transaction,
    database: Database,
    conversation_id: int,
    user_id: int,
    subject: str,
    priority: str,
    languages: Sequence[str] = (),
) -> Outcome[int]:
    """Open a ticket for a customer, with the automatic first answer that the rules ask for."""
    seq = await conversations.advance(transaction, conversation_id)
    ticket_id = await store.create(
        transaction, conversation_id, seq, user_id, subject, priority, languages
    )
    ticket = await store.stored(transaction, ticket_id)
    step = await steps.add(transaction, conversation_id, seq, ticket_id, "opened", user_id)
    change = Change(conversation_id, TicketUpdated(ticket, step, seq=seq))
    await log.write(transaction, user_id, log.Written(change, ticket_id))
    said = await first_answers.say(transaction, database, conversation_id, languages)
    changed = TicketChanged(conversation_id, ticket_id, is_new=True)
    return Outcome(ticket_id, (change, *said, changed))


async def stepping(
    transaction: Transaction, ticket: records.SupportTicket, action: str, actor_id: int | None
) -> Outcome[records.SupportTicket]:
    """Store the ticket as it is given, and that this was done; `actor_id` is None for the desk
    itself.
    """
    conversation_id = ticket.conversation
    replaces = await store.seq_without_step(transaction, ticket.id)
    # Who rates a closed ticket adds no answer to it.
    answered = None if action == "rated" else await ticket_answers.record(transaction, ticket.id)
    seq = await conversations.advance(transaction, conversation_id)
    await store.update(transaction, seq, ticket)
    stored = await store.stored(transaction, ticket.id)
    to = stored.assigned_to.id if stored.assigned_to else None
    step = await steps.add(transaction, conversation_id, seq, ticket.id, action, actor_id, to)
    change = Change(conversation_id, TicketUpdated(stored, step, seq=seq))
    await log.write(transaction, actor_id, log.Written(change, ticket.id, replaces))
    resolved = await store.lasted(transaction, ticket.id) if action == "closed" else None
    return Outcome(
        stored,
        (change, TicketChanged(conversation_id, ticket.id)),
        after=partial(count, answered, resolved),
    )


def count(answered: int | None, resolved: int | None) -> None:
    """Note how long the first answer and the resolution took, in microseconds, if they came."""
    if answered is not None:
        metrics.desk_first_response.observe(answered / SECOND)
    if resolved is not None:
        metrics.desk_resolution.observe(resolved / SECOND)
