"""Messages. Each takes a `seq` in the order of ids, and an edited or deleted one a second `seq`."""

from collections.abc import Sequence

from chat.changes.family import name_of
from chat.changes.messages import MessageDeleted, MessageEdited
from chat.importing.job import Job, Note
from chat.importing.nobody import nobody
from chat.importing.values import moment, text
from chat.store import conversations, imported_rows, mentions
from chat.store.changes import Entry
from chat.store.database import Row, Transaction
from chat.store.imported_rows import Standing
from chat.text.mentions import named_in

EDITED, DELETED = name_of(MessageEdited), name_of(MessageDeleted)


async def store(job: Job, transaction: Transaction, rows: Sequence[Row]) -> list[Note]:
    """Keep these messages. One whose sender is no user any more stands in the name of nobody."""
    places = [(job.new("conversations", row[1]), job.new("users", row[2])) for row in rows]
    ids = sorted({id_ for id_, _ in places if id_ is not None})
    await transaction.lock_conversations(ids)
    seqs = await conversations.seqs(transaction, ids)
    pairs = {(one, two) for one, two in places if one is not None and two is not None}
    standings = await imported_rows.standings(transaction, pairs)
    messages, entries, unread, notes = [], [], [], list[Note]()
    times = await times_of(job, transaction, rows, notes)
    lasts: dict[int, tuple[int, int]] = {}
    former: set[tuple[int, int]] = set()
    for row, (conversation_id, sender), at in zip(rows, places, times, strict=True):
        old_id, old_conversation, _, content, _, is_read, is_edited, is_deleted = row
        if conversation_id is None or conversation_id not in seqs:
            notes.append(
                Note("lost", None, f"message {old_id}: has no conversation {old_conversation}")
            )
            continue
        standing = None if sender is None else standings.get((conversation_id, sender))
        if sender is None or standing is None:
            sender_id = await nobody(job, transaction)
            standing = Standing(is_staff=False, is_participant=False)
            notes.append(Note("senders", None, f"message {old_id}: its sender is no user"))
        else:
            sender_id = sender
        new_id = old_id + job.shifts["messages"]
        sent_as = seqs[conversation_id] + 1
        seq = sent_as
        if is_edited or is_deleted:
            seq += 1
            kind = DELETED if is_deleted else EDITED
            entries.append(Entry(conversation_id, seq, kind, new_id))
        if not is_read and not is_deleted:
            unread.append((conversation_id, sender_id, sent_as))
        by_agent = standing.is_staff and not standing.is_participant
        if not by_agent and not standing.is_participant:
            former.add((conversation_id, sender_id))
        messages.append(
            (
                new_id,
                conversation_id,
                sender_id,
                text(content),
                at,
                sent_as,
                seq,
                bool(is_edited),
                bool(is_deleted),
                by_agent,
            )
        )
        seqs[conversation_id] = seq
        lasts[conversation_id] = (new_id, at)
    await imported_rows.add_former(transaction, former)
    await imported_rows.add_messages(transaction, messages)
    await keep_mentions(transaction, messages)
    await imported_rows.log(transaction, entries)
    await imported_rows.add_unread(transaction, unread)
    await imported_rows.set_positions(transaction, {id_: seqs[id_] for id_ in lasts}, lasts)
    return notes


async def times_of(
    job: Job, transaction: Transaction, rows: Sequence[Row], notes: list[Note]
) -> list[int]:
    """The moment at which each was sent. A message without a time counts as sent with the one
    before it.
    """
    ids = [job.new("conversations", row[1]) for row in rows]
    read = [moment(row[4], job.zone) for row in rows]
    lost = {id_ for id_, at in zip(ids, read, strict=True) if at is None and id_ is not None}
    lasts = await imported_rows.active_at(transaction, lost)
    times = []
    for (old_id, _, _, _, created, *_), id_, at in zip(rows, ids, read, strict=True):
        if at is None and id_ in lasts:
            what = "no time" if created is None else f"{str(created)[:40]!r}, which is no time"
            words = f"message {old_id}: has {what}; it counts as sent with the one before it"
            notes.append(Note("times", None, words))
        if at is not None and id_ is not None:
            lasts[id_] = at
        times.append(lasts.get(id_ or 0, 0) if at is None else at)
    return times


async def keep_mentions(transaction: Transaction, messages: Sequence[Row]) -> None:
    """Keep whom these messages mention: participants, by the names that they have here."""
    wanted = [
        (id_, conversation_id, sender_id, named)
        for id_, conversation_id, sender_id, content, *_, is_deleted, _ in messages
        if "@" in content and not is_deleted and (named := named_in(content))
    ]
    if not wanted:
        return
    found = await mentions.find(transaction, [(one[1], one[3]) for one in wanted])
    await mentions.add(
        transaction,
        [
            (conversation_id, user.id, id_, user.id == sender_id)
            for (id_, conversation_id, sender_id, _), users in zip(wanted, found, strict=True)
            for user in users
        ],
    )
