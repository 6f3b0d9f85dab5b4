"""Conversations: the list of a user's, one of them, their change number."""

from collections.abc import Collection, Iterable, Sequence

import msgspec
from msgspec import Struct

from chat import records
from chat.store import support_tickets
from chat.store.agents import IS_AGENT
from chat.store.database import Database, Reads, Transaction, in_parts, listed
from chat.store.models import Conversation
from chat.times import now, to_text

PARTICIPANTS_SHOWN = 100
"""How many participants a conversation shows at most. All of them are read page by page."""

_ids = msgspec.json.Decoder(list[int]).decode
_people = msgspec.json.Decoder(list[records.User]).decode


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
    await transaction.execute(
        f"""
        INSERT INTO participants (conversation_id, user_id)
        SELECT CAST(? AS bigint), users.id FROM users WHERE users.id IN ({database.ids})
        """,  # noqa: S608 - of ours
        (conversation_id, listed(participants)),
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


async def advance(transaction: Transaction, conversation_id: int, changes: int = 1) -> int:
    """The next change number, or the last of the next ones; the writer holds the lock."""
    ((seq,),) = await transaction.fetch(
        "UPDATE conversations SET seq = seq + ? WHERE id = ? RETURNING seq",
        (changes, conversation_id),
    )
    return int(seq)


async def creator(reads: Reads, conversation_id: int) -> int:
    ((user_id,),) = await reads.fetch(
        "SELECT created_by FROM conversations WHERE id = ?", (conversation_id,)
    )
    return int(user_id)


async def seqs(reads: Reads, conversation_ids: Collection[int]) -> dict[int, int]:
    """The change number of each, as it is now."""
    found: dict[int, int] = {}
    for part in in_parts(conversation_ids):
        found.update(
            await reads.fetch(
                f"SELECT id, seq FROM conversations WHERE id IN ({reads.ids})",  # noqa: S608 - of ours
                (listed(part),),
            )
        )
    return found


# In one statement, for each a few small questions. The people come as JSON: a row for each of
# them takes five times as long to read. Tickets are read apart, since few have one. It begins
# with the conversations, and asks for the reader in each: a join would have PostgreSQL read all
# that the reader has, which may be many times as many.
LIST = """
    WITH mine AS MATERIALIZED (
        SELECT c.id, c.title, c.is_direct, c.created_at, c.seq, c.last_message_id,
               me.id AS user_id, me.username, {read} AS last_read_id
        FROM users AS me CROSS JOIN conversations AS c WHERE me.id = ? AND {which}
    )
    SELECT mine.id, mine.title, mine.is_direct, mine.created_at, mine.seq,
           (SELECT epoch FROM history), mine.username, mine.last_read_id, t.id,
           (SELECT count(*) FROM messages AS x
            WHERE x.conversation_id = mine.id AND x.created_seq > coalesce(
                (SELECT r.created_seq FROM messages AS r WHERE r.id = mine.last_read_id), 0)
              AND x.sender_id <> mine.user_id AND NOT x.is_deleted),
           (SELECT count(*) FROM participants AS x
            WHERE x.conversation_id = mine.id AND x.is_active),
           (SELECT {people} FROM (
                SELECT x.user_id FROM participants AS x
                WHERE x.conversation_id = mine.id AND x.is_active ORDER BY x.user_id LIMIT {most}
            ) AS first JOIN users AS w ON w.id = first.user_id),
           m.id, m.sender_id, u.username,
           CASE WHEN m.is_deleted THEN '' ELSE m.content END, m.created_at,
           CASE WHEN m.sender_id <> mine.user_id THEN m.id <= mine.last_read_id
                ELSE NOT EXISTS (SELECT 1 FROM participants AS o
                                 WHERE o.conversation_id = mine.id AND o.user_id <> mine.user_id
                                   AND o.is_active AND o.last_read_id < m.id) END,
           m.by_agent
    FROM mine
    LEFT JOIN messages AS m ON m.id = mine.last_message_id
    LEFT JOIN users AS u ON u.id = m.sender_id
    LEFT JOIN support_tickets AS t ON t.conversation_id = mine.id AND t.status <> 'closed'
    WHERE mine.last_read_id IS NOT NULL
"""
READ = """
    (SELECT p.last_read_id FROM participants AS p
     WHERE p.conversation_id = c.id AND p.user_id = me.id AND p.is_active)
"""
# Of an agent nothing is kept: as if all had been read.
READ_BY_AGENT = "coalesce(c.last_message_id, 0)"
OF_AGENT = f"c.id = ? AND {IS_AGENT.format(user='me.id', conversation='c.id')}"
PEOPLE = {
    "sqlite": "json_group_array(json_object('id', w.id, 'username', w.username))",
    "postgresql": "CAST(json_agg(json_build_object('id', w.id, 'username', w.username)) AS text)",
}
PLACES = """
    SELECT c.id, c.active_at
    FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
    WHERE p.user_id = ? AND p.is_active {behind} ORDER BY c.active_at DESC, c.id DESC
"""
JOINED = {
    "sqlite": "group_concat(id, ',')",
    "postgresql": "string_agg(CAST(id AS text), ',')",
}


class Place(Struct, frozen=True):
    """Where a conversation stands in the list: it stays a place when others become active."""

    active_at: int
    id: int


async def ids_of_user(reads: Reads, user_id: int) -> list[int]:
    """Of every conversation of the user, most recently active first."""
    # As one value: rows of their own would hold the event loop where there are many.
    places = PLACES.format(behind="")
    ((joined,),) = await reads.fetch(
        f"SELECT {JOINED[reads.dialect]} FROM ({places}) AS places",  # noqa: S608 - of ours
        (user_id,),
    )
    return _ids(f"[{joined or ''}]")


async def places_of_user(
    reads: Reads, user_id: int, behind: Place | None, limit: int
) -> list[Place]:
    """Of at most `limit` conversations of the user in the same order, from its beginning or on."""
    parameters, condition = [user_id], ""
    if behind is not None:
        parameters += [behind.active_at, behind.id]
        condition = "AND (c.active_at, c.id) < (?, ?)"
    sql = f"{PLACES.format(behind=condition)} LIMIT ?"
    rows = await reads.fetch(sql, [*parameters, limit])
    return [Place(active_at, id_) for id_, active_at in rows]


async def some(
    reads: Reads, user_id: int, conversation_ids: Sequence[int]
) -> list[records.Conversation]:
    """Those of these that the user is in, in this order, as the user sees them."""
    which = f"c.id IN ({reads.ids})"
    found = await _select(reads, user_id, which, listed(conversation_ids))
    by_id = {conversation.id: conversation for conversation in found}
    return [by_id[id_] for id_ in conversation_ids if id_ in by_id]


async def one(reads: Reads, conversation_id: int, user_id: int) -> records.Conversation | None:
    """As this user sees it; None where the user is neither in it nor an agent of it."""
    found = await _select(reads, user_id, "c.id = ?", conversation_id)
    if not found:
        found = await _select(reads, user_id, OF_AGENT, conversation_id, is_agent=True)
    return found[0] if found else None


async def _select(
    reads: Reads, user_id: int, which: str, parameter: int | str, *, is_agent: bool = False
) -> list[records.Conversation]:
    sql = LIST.format(
        people=PEOPLE[reads.dialect],
        most=PARTICIPANTS_SHOWN,
        which=which,
        read=READ_BY_AGENT if is_agent else READ,
    )
    rows = await reads.fetch(sql, (user_id, parameter))
    tickets = await support_tickets.by_ids(reads, [row[8] for row in rows if row[8] is not None])
    ticket_of = {ticket.id: ticket for ticket in tickets}
    return [
        records.Conversation(
            id=id_,
            title=title,
            direct=bool(direct),
            participants=_shown(
                _people(people or "[]"),
                None if is_agent else records.User(user_id, name),
                count,
            ),
            participant_count=count,
            created_at=to_text(moment),
            last_message=_last_message(*last),
            support_ticket=ticket_of.get(ticket),
            unread_count=unread,
            last_read_id=read,
            seq=seq,
            epoch=epoch,
        )
        for (
            id_,
            title,
            direct,
            moment,
            seq,
            epoch,
            name,
            read,
            ticket,
            unread,
            count,
            people,
            *last,
        ) in rows
    ]


def _shown(
    people: list[records.User], reader: records.User | None, count: int
) -> list[records.User]:
    """By id; the reader, who is one of `count`, is always among them. An agent is None."""
    people.sort(key=lambda user: user.id)
    if reader is not None and count > len(people) and reader not in people:
        people[-1] = reader
    return people


def _last_message(
    id_: int | None,
    sender_id: int,
    username: str,
    content: str,
    created_at: int,
    is_read: bool,
    by_agent: bool,
) -> records.LastMessage | None:
    if id_ is None:
        return None
    sender = records.User(sender_id, username)
    return records.LastMessage(
        id_, sender, content, to_text(created_at), bool(is_read), records.role_of(by_agent)
    )


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
