"""Conversations: begin one, change its title, advance its `seq`."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from chat.store import blocks
from chat.store import participants as participants_store
from chat.store.database import Database, Reads, Transaction, in_parts, listed
from chat.store.models.conversations import Conversation
from chat.times import now


async def create(
    transaction: Transaction,
    database: Database,
    created_by: int,
    participants: Iterable[int],
    title: str,
    metadata: str | None = None,
) -> int:
    moment, ids = now(), list(participants)
    query = Conversation.insert(
        created_by=created_by, created_at=moment, active_at=moment, title=title, metadata=metadata
    ).returning(Conversation.id)
    ((conversation_id,),) = await transaction.fetch(*database.compile(query))
    await transaction.execute(
        f"""
        INSERT INTO participants (conversation_id, user_id, role, changed)
        SELECT CAST(? AS bigint), users.id,
               CASE WHEN users.id = ? THEN 'owner' ELSE 'member' END, {database.stamp}
        FROM users WHERE users.id IN ({database.ids})
        """,  # noqa: S608 - of ours
        (conversation_id, created_by, listed(ids)),
    )
    await participants_store.recount(transaction, conversation_id)
    if len(ids) == 2:
        await blocks.apply(transaction, conversation_id)
    await transaction.touch([conversation_id])
    return int(conversation_id)


async def title(transaction: Transaction, conversation_id: int) -> tuple[str, int]:
    """The title, and the `seq` of the change that gave it; 0 if it began with this title."""
    ((text, seq),) = await transaction.fetch(
        "SELECT title, title_seq FROM conversations WHERE id = ?", (conversation_id,)
    )
    return text, seq


class Description(NamedTuple):
    """What a conversation says of itself. `avatar` is the name of a file: see `avatars`."""

    title: str
    metadata: str | None
    members_may: str | None
    avatar: str | None


async def described(reads: Reads, conversation_ids: Collection[int]) -> dict[int, Description]:
    rows = await reads.fetch(
        f"""
        SELECT id, title, metadata, members_may, avatar FROM conversations
        WHERE id IN ({reads.ids})
        """,  # noqa: S608 - of ours
        (listed(conversation_ids),),
    )
    return {row[0]: Description(*row[1:]) for row in rows}


async def describe(
    transaction: Transaction, conversation_id: int, description: Description, seq: int
) -> None:
    await transaction.execute(
        """
        UPDATE conversations SET title = ?, metadata = ?, members_may = ?, title_seq = ?
        WHERE id = ?
        """,
        (*description[:3], seq, conversation_id),
    )


async def rename(transaction: Transaction, conversation_id: int, title: str, seq: int) -> None:
    await transaction.execute(
        "UPDATE conversations SET title = ?, title_seq = ? WHERE id = ?",
        (title, seq, conversation_id),
    )


async def advance(transaction: Transaction, conversation_id: int, changes: int = 1) -> int:
    """Take the next `seq`, or several, and return the last one. The writer holds the lock."""
    ((seq,),) = await transaction.fetch(
        "UPDATE conversations SET seq = seq + ? WHERE id = ? RETURNING seq",
        (changes, conversation_id),
    )
    return int(seq)


async def advance_for(
    transaction: Transaction, conversation_id: int, subject_ids: Sequence[int]
) -> dict[int, int]:
    """Take a `seq` for each of these, in their order. Returns them by subject."""
    last = await advance(transaction, conversation_id, len(subject_ids))
    return dict(zip(subject_ids, range(last - len(subject_ids) + 1, last + 1), strict=True))


async def creator(reads: Reads, conversation_id: int) -> int:
    ((user_id,),) = await reads.fetch(
        "SELECT created_by FROM conversations WHERE id = ?", (conversation_id,)
    )
    return int(user_id)


async def seqs(reads: Reads, conversation_ids: Collection[int]) -> dict[int, int]:
    """The present `seq` of each."""
    found: dict[int, int] = {}
    for part in in_parts(conversation_ids):
        found.update(
            await reads.fetch(
                f"SELECT id, seq FROM conversations WHERE id IN ({reads.ids})",  # noqa: S608 - of ours
                (listed(part),),
            )
        )
    return found


async def seed(transaction: Transaction, conversations: list[tuple[int, list[int]]]) -> None:
    """Insert conversations with these ids and participants into an empty database."""
    moment = now()
    await transaction.execute_many(
        """
        INSERT INTO conversations (id, created_by, created_at, active_at, participant_count)
        VALUES (?, ?, ?, ?, ?)
        """,
        [(id_, members[0], moment, moment, len(members)) for id_, members in conversations],
    )
    await transaction.execute_many(
        "INSERT INTO participants (conversation_id, user_id, role) VALUES (?, ?, ?)",
        [
            (id_, user_id, "owner" if user_id == members[0] else "member")
            for id_, members in conversations
            for user_id in members
        ],
    )
