"""Makes a step of a ticket: an entry of its conversation, under the conversation's lock."""

from collections.abc import Iterable, Sequence
from functools import partial

from chat import metrics, records
from chat.changes import log
from chat.changes.support_tickets import TicketUpdated
from chat.events import Change, Event, TicketChanged
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
    made = await steps.add(
        transaction, conversation_id, [(seq, ticket_id, None)], "opened", user_id
    )
    ticket = await store.stored(transaction, conversation_id, ticket_id)
    change = Change(conversation_id, TicketUpdated(ticket, made[seq], seq=seq))
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
    made = await stepping_all(transaction, [ticket], action, actor_id)
    return Outcome(made.result[0], made.events, made.after)


async def stepping_all(
    transaction: Transaction,
    tickets: Sequence[records.SupportTicket],
    action: str,
    actor_id: int | None,
) -> Outcome[list[records.SupportTicket]]:
    """The same of several tickets of one conversation, each with a `seq` of its own."""
    conversation_id, ids = tickets[0].conversation, [ticket.id for ticket in tickets]
    places = [(conversation_id, id_) for id_ in ids]
    replaced = await store.seqs_without_step(transaction, places)
    # Who rates a closed ticket adds no answer to it.
    answered = [] if action == "rated" else await ticket_answers.record(transaction, places)
    seqs = await conversations.advance_for(transaction, conversation_id, ids)
    await store.update(transaction, [(seqs[ticket.id], ticket) for ticket in tickets])
    made = await steps.add(
        transaction,
        conversation_id,
        [(seqs[ticket.id], ticket.id, assignee(ticket)) for ticket in tickets],
        action,
        actor_id,
    )
    # With the step: since when a customer waits may be found in it.
    found = await store.by_places(transaction, places)
    stored = {ticket.id: ticket for ticket in found}
    written = [
        log.Written(
            Change(conversation_id, TicketUpdated(stored[id_], made[seq], seq=seq)),
            id_,
            replaced.get(id_, 0),
        )
        for id_, seq in seqs.items()
    ]
    await log.write(transaction, actor_id, *written)
    resolved = await store.lasted(transaction, places) if action == "closed" else []
    events = list[Event]()
    for one in written:
        events += (one.change, TicketChanged(conversation_id, one.subject_id))
    return Outcome([stored[id_] for id_ in ids], events, after=partial(count, answered, resolved))


def assignee(ticket: records.SupportTicket) -> int | None:
    return ticket.assigned_to.id if ticket.assigned_to else None


def count(answered: Iterable[int], resolved: Iterable[int] = ()) -> None:
    """Note how long first answers and resolutions took, in microseconds."""
    for took in answered:
        metrics.desk_first_response.observe(took / SECOND)
    for took in resolved:
        metrics.desk_resolution.observe(took / SECOND)
