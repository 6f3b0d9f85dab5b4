"""Conversations and their participants, who count as there from the start.

Who began one owns it. If that one is not in it, its first participant does.
"""

from collections import defaultdict
from collections.abc import Sequence

from chat.importing.job import Job, Note
from chat.importing.nobody import nobody
from chat.importing.values import moment_or, text
from chat.records import MEMBER, OWNER
from chat.services.checks import TITLE_MAX_LENGTH
from chat.store import imported_rows
from chat.store.database import Row, Transaction
from chat.text.lines import one_line
from chat.times import now


async def store(job: Job, transaction: Transaction, rows: Sequence[Row]) -> list[Note]:
    """Keep these conversations. Who began one is its creator, or else its first participant."""
    first, last = rows[0][0], rows[-1][0]
    members: dict[int, dict[int, None]] = defaultdict(dict)
    notes: list[Note] = []
    pairs = await job.layout.members_of(job.source, first - 1, last)
    users = {id_ for _, user in pairs if (id_ := job.new("users", user)) is not None}
    users |= {id_ for row in rows if (id_ := job.new("users", row[2])) is not None}
    known = await imported_rows.known_users(transaction, users)
    for conversation, user in pairs:
        user_id = job.new("users", user)
        if user_id in known and user_id is not None:
            members[conversation][user_id] = None
        else:
            notes.append(
                Note(
                    "lost", None, f"conversation {conversation}: its participant {user} is no user"
                )
            )
    conversations, owners = [], dict[int, int | None]()
    for old_id, title, creator, created in rows:
        there = members.get(old_id, {})
        by = job.new("users", creator)
        if by is None or by not in known:
            by = next(iter(there), None)
        kept = one_line(text(title))
        if len(kept) > TITLE_MAX_LENGTH:
            notes.append(Note("cut", None, f"conversation {old_id}: its title was cut"))
        at, lost = moment_or(created, job.zone, now(), f"conversation {old_id}")
        notes += lost
        if by is None:
            by = await nobody(job, transaction)
        new_id = old_id + job.shifts["conversations"]
        owners[old_id] = by if by in there else next(iter(there), None)
        conversations.append((new_id, kept[:TITLE_MAX_LENGTH], by, at, at, len(there)))
    await imported_rows.add_conversations(transaction, conversations)
    await imported_rows.add_participants(
        transaction,
        [
            (
                old_id + job.shifts["conversations"],
                user_id,
                OWNER if user_id == owners[old_id] else MEMBER,
            )
            for old_id, *_ in rows
            for user_id in members.get(old_id, {})
        ],
    )
    # Nobody has been sent anything of them, so they are new to all that look for changes.
    await transaction.touch([one[0] for one in conversations])
    return notes
