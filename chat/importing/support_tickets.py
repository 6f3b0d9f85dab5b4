"""Tickets. Of several that are open in one conversation, the first stays open."""

from collections.abc import Sequence

from chat.changes.family import name_of
from chat.changes.support_tickets import TicketUpdated
from chat.importing.job import Job, Note
from chat.importing.values import moment_or, text
from chat.records import PRIORITIES
from chat.services.checks import SUBJECT_MAX_LENGTH
from chat.store import conversations, imported_rows
from chat.store.changes import Entry
from chat.store.database import Row, Transaction
from chat.text.lines import one_line
from chat.text.searching import text_key
from chat.times import now

UPDATED = name_of(TicketUpdated)
NORMAL = "normal"
STATUSES = {
    "open": "open",
    "new": "open",
    "reopened": "open",
    "pending": "pending",
    "in_progress": "pending",
    "in-progress": "pending",
    "on_hold": "pending",
    "waiting": "pending",
    "assigned": "pending",
    "closed": "closed",
    "resolved": "closed",
    "done": "closed",
    "solved": "closed",
}
"""The words of modules like this one, and Payam's. Any other word counts as open, and is named."""


def status_of(value: object) -> tuple[str, bool]:
    """Payam's status, and whether the source's is a word that is known, or missing."""
    status = STATUSES.get(text(value).strip().lower().replace(" ", "_"))
    return status or "open", status is not None or value is None


def remark(old_id: int, words: str) -> Note:
    return Note("tickets", None, f"ticket {old_id}: {words}")


async def store(job: Job, transaction: Transaction, rows: Sequence[Row]) -> list[Note]:
    ids = sorted({id_ for row in rows if (id_ := job.new("conversations", row[1])) is not None})
    await transaction.lock_conversations(ids)
    seqs = await conversations.seqs(transaction, ids)
    open_in = await imported_rows.with_open_tickets(transaction, ids)
    users = {id_ for row in rows for at in (5, 6) if (id_ := job.new("users", row[at])) is not None}
    known = await imported_rows.known_users(transaction, users)
    kept, entries, notes = [], [], list[Note]()
    changed: dict[int, int] = {}
    for old_id, conversation, subject, status, priority, by, to, created, updated in rows:
        conversation_id = job.new("conversations", conversation)
        if conversation_id is None or conversation_id not in seqs:
            notes.append(Note("lost", None, f"ticket {old_id}: has no conversation {conversation}"))
            continue
        kept_status, is_word = status_of(status)
        if not is_word:
            notes.append(remark(old_id, f"{text(status)[:30]!r} counts as open"))
        if kept_status != "closed" and conversation_id in open_in:
            kept_status = "closed"
            notes.append(remark(old_id, "its conversation has another open one; it is closed now"))
        if kept_status != "closed":
            open_in.add(conversation_id)
        urgency = text(priority).strip().lower() or NORMAL
        if urgency not in PRIORITIES:
            notes.append(remark(old_id, f"its priority {urgency[:30]!r} counts as {NORMAL}"))
            urgency = NORMAL
        title = one_line(text(subject))
        subject_kept = title[:SUBJECT_MAX_LENGTH] or f"#{old_id}"
        if len(title) > SUBJECT_MAX_LENGTH:
            notes.append(Note("cut", None, f"ticket {old_id}: its subject was cut"))
        creator, agent = job.new("users", by), job.new("users", to)
        if creator is None or creator not in known:
            creator = await conversations.creator(transaction, conversation_id)
        at, lost = moment_or(created, job.zone, now(), f"ticket {old_id}")
        updated_at, lost_too = moment_or(updated, job.zone, at, f"ticket {old_id}")
        notes += lost + lost_too
        seq = changed.get(conversation_id, seqs[conversation_id]) + 1
        changed[conversation_id] = seq
        new_id = old_id + job.shifts["tickets"]
        kept.append(
            (
                new_id,
                conversation_id,
                seq,
                subject_kept,
                kept_status,
                urgency,
                creator,
                agent if agent in known else None,
                at,
                updated_at,
                max(at, updated_at) if kept_status == "closed" else None,
                text_key(subject_kept),
            )
        )
        entries.append(Entry(conversation_id, seq, UPDATED, new_id))
    await imported_rows.add_tickets(transaction, kept)
    await imported_rows.log(transaction, entries)
    if changed:
        await imported_rows.set_positions(transaction, changed)
    return notes
