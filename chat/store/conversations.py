"""Conversations: the list of a user's, one of them, their change number."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from chat import records
from chat.store import support_tickets
from chat.store.database import Database, Row, Transaction, in_parts
from chat.store.models import Conversation
from chat.store.participants import ReadMarks
from chat.times import now, to_text

People = list[tuple[records.User, int]]
"""The participants of one conversation, by id, each with the last message they have read."""


async def create(
    transaction: Transaction,
    database: Database,
    created_by: int,
    participants: Iterable[int],
    title: str,
) -> int:
    moment = now()
    query = Conversation.insert(
        created_by=created_by, created_at=moment, active_at=moment, title=title
    ).returning(Conversation.id)
    ((conversation_id,),) = await transaction.fetch(*database.compile(query))
    await transaction.execute_many(
        "INSERT INTO participants (conversation_id, user_id) VALUES (?, ?)",
        [(conversation_id, user_id) for user_id in participants],
    )
    return int(conversation_id)


async def title(transaction: Transaction, conversation_id: int) -> str:
    ((text,),) = await transaction.fetch(
        "SELECT title FROM conversations WHERE id = ?", (conversation_id,)
    )
    return str(text)


async def rename(transaction: Transaction, conversation_id: int, title: str, seq: int) -> None:
    await transaction.execute(
        "UPDATE conversations SET title = ?, title_seq = ? WHERE id = ?",
        (title, seq, conversation_id),
    )


async def advance(transaction: Transaction, conversation_id: int) -> int:
    """The next change number; the writer holds the conversation's lock."""
    ((seq,),) = await transaction.fetch(
        "UPDATE conversations SET seq = seq + 1 WHERE id = ? RETURNING seq", (conversation_id,)
    )
    return int(seq)


async def creator(transaction: Transaction, conversation_id: int) -> int:
    ((user_id,),) = await transaction.fetch(
        "SELECT created_by FROM conversations WHERE id = ?", (conversation_id,)
    )
    return int(user_id)


async def seqs(database: Database, conversation_ids: Collection[int]) -> dict[int, int]:
    """The change number of each, as it is now."""
    found: dict[int, int] = {}
    for some in in_parts(conversation_ids):
        query = Conversation.select(Conversation.id, Conversation.seq).where(
            Conversation.id.in_(some)
        )
        found.update(await database.select(query))
    return found


# Who reads what comes with the participants: asked for here, it would be looked up again for
# each conversation. So would a ticket, which few have.
LIST = """
    SELECT c.id, c.title, c.created_at, c.seq, t.id,
           (SELECT count(*) FROM messages AS x
            WHERE x.conversation_id = c.id AND x.created_seq > coalesce(
                (SELECT r.created_seq FROM messages AS r WHERE r.id = p.last_read_id), 0)
              AND x.sender_id <> p.user_id AND NOT x.is_deleted),
           m.id, m.sender_id, u.username,
           CASE WHEN m.is_deleted THEN '' ELSE m.content END, m.created_at
    FROM participants AS p
    JOIN conversations AS c ON c.id = p.conversation_id
    LEFT JOIN messages AS m ON m.id = c.last_message_id
    LEFT JOIN users AS u ON u.id = m.sender_id
    LEFT JOIN support_tickets AS t ON t.conversation_id = c.id AND t.status <> 'closed'
    WHERE p.user_id = ? AND p.is_active
"""


async def of_user(database: Database, user_id: int) -> list[records.Conversation]:
    """Every conversation of the user, most recently active first."""
    rows = await database.fetch(LIST + " ORDER BY c.active_at DESC, c.id DESC", (user_id,))
    return await _present(database, user_id, rows)


async def one(
    database: Database, conversation_id: int, user_id: int
) -> records.Conversation | None:
    """As this user sees it; None where the user is not in it."""
    rows = await database.fetch(LIST + " AND c.id = ?", (user_id, conversation_id))
    presented = await _present(database, user_id, rows)
    return presented[0] if presented else None


async def _present(database: Database, user_id: int, rows: list[Row]) -> list[records.Conversation]:
    if not rows:
        return []
    people = await _participants(database, user_id, rows[0][0] if len(rows) == 1 else None)
    tickets = await support_tickets.by_ids(database, [row[4] for row in rows if row[4] is not None])
    ticket_of = {ticket.id: ticket for ticket in tickets}
    return [
        records.Conversation(
            id=id_,
            title=title,
            participants=[user for user, _ in people[id_]],
            created_at=to_text(created_at),
            last_message=_last_message(user_id, people[id_], *last),
            support_ticket=ticket_of.get(ticket_id),
            unread_count=unread,
            seq=seq,
        )
        for id_, title, created_at, seq, ticket_id, unread, *last in rows
    ]


def _last_message(
    reader_id: int,
    people: People,
    id_: int | None,
    sender_id: int,
    username: str,
    content: str,
    created_at: int,
) -> records.LastMessage | None:
    if id_ is None:
        return None
    own = next((read for user, read in people if user.id == reader_id), 0)  # who has just left
    others = min((read for user, read in people if user.id != reader_id), default=None)
    return records.LastMessage(
        id=id_,
        sender=records.User(sender_id, username),
        content=content,
        timestamp=to_text(created_at),
        is_read=ReadMarks(reader_id, own, others).has_read(id_, sender_id),
    )


async def _participants(
    database: Database, user_id: int, conversation_id: int | None
) -> dict[int, People]:
    """By conversation: of all of the user's, or of one."""
    sql = """
        SELECT p.conversation_id, u.id, u.username, p.last_read_id
        FROM participants AS mine
        JOIN participants AS p ON p.conversation_id = mine.conversation_id AND p.is_active
        JOIN users AS u ON u.id = p.user_id
        WHERE mine.user_id = ? AND mine.is_active
    """
    parameters = [user_id]
    if conversation_id is not None:
        sql += " AND mine.conversation_id = ?"
        parameters.append(conversation_id)
    people: dict[int, People] = defaultdict(list)
    rows = await database.fetch(sql + " ORDER BY u.id", parameters)
    for id_, participant_id, username, last_read_id in rows:
        people[id_].append((records.User(participant_id, username), last_read_id))
    return people


async def seed(transaction: Transaction, conversations: list[tuple[int, list[int]]]) -> None:
    """Insert conversations with ids and participants given, for an empty database."""
    moment = now()
    await transaction.execute_many(
        "INSERT INTO conversations (id, created_by, created_at, active_at) VALUES (?, ?, ?, ?)",
        [(id_, members[0], moment, moment) for id_, members in conversations],
    )
    await transaction.execute_many(
        "INSERT INTO participants (conversation_id, user_id) VALUES (?, ?)",
        [(id_, user_id) for id_, members in conversations for user_id in members],
    )
