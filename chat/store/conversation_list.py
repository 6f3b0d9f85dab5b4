"""Conversations as one user sees them: all of them, a page of them, or one.

The most recently active one is first.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from chat import records
from chat.store import support_tickets
from chat.store.agents import IS_AGENT
from chat.store.database import Reads, Row, listed
from chat.store.own_settings import muted_text
from chat.times import now, to_text

PARTICIPANTS_SHOWN = 100
"""Most participants in a conversation's JSON. All of them can be read page by page."""

_ids = msgspec.json.Decoder(list[int]).decode


Person = tuple[int, str, str, str | None]
"""A participant, as the statement returns them: id, username, display name, picture."""

_people = msgspec.json.Decoder(list[Person]).decode
_person = msgspec.json.Decoder(Person).decode


# In one statement, for each a few small questions. The people come as JSON: a row for each of
# them takes five times as long to read. Tickets are read apart, since few have one. It begins
# with the conversations, and asks for the reader in each: a join would have PostgreSQL read all
# that the reader has, which may be many times as many. Most conversations have been read to their
# end, and in these nothing is counted.
LIST = """
    WITH mine AS {kept} (
        SELECT c.active_at, c.id, c.title, c.is_direct, c.created_at, c.seq, c.last_message_id,
               c.participant_count, c.metadata, c.members_may, c.avatar, me.id AS user_id,
               {read} AS last_read_id, own.muted_until, own.is_archived, own.is_pinned, own.role,
               CASE WHEN c.participant_count > {most} THEN {reader} END AS reader
        FROM users AS me CROSS JOIN conversations AS c {own}
        WHERE me.id = ? AND {which}
    )
    SELECT mine.active_at, mine.id, t.id, mine.title, mine.is_direct, mine.created_at, mine.seq,
           (SELECT epoch FROM history), mine.last_read_id,
           CASE WHEN mine.last_message_id > mine.last_read_id THEN
               (SELECT count(*) FROM messages AS x
                WHERE x.conversation_id = {id} AND {unread}
                  AND x.sender_id <> mine.user_id AND NOT x.is_deleted)
           ELSE 0 END,
           CASE WHEN mine.last_message_id > mine.last_read_id THEN
               (SELECT count(*) FROM mentions AS n
                WHERE n.conversation_id = {id} AND n.user_id = mine.user_id
                  AND n.message_id > mine.last_read_id AND NOT n.is_own)
           ELSE 0 END,
           mine.participant_count,
           (SELECT {people} FROM (
                SELECT x.user_id FROM participants AS x
                WHERE x.conversation_id = {id} AND x.is_active ORDER BY x.user_id LIMIT {most}
            ) AS first CROSS JOIN users AS w WHERE w.id = first.user_id),
           mine.reader, m.id, m.sender_id, u.username,
           CASE WHEN m.is_deleted THEN '' ELSE m.content END, m.created_at,
           CASE WHEN m.sender_id <> mine.user_id THEN m.id <= mine.last_read_id
                ELSE NOT EXISTS (SELECT 1 FROM participants AS o
                                 WHERE o.conversation_id = {id} AND o.user_id <> mine.user_id
                                   AND o.is_active AND o.last_read_id < m.id) END,
           m.by_agent, mine.muted_until, mine.is_archived, mine.is_pinned, mine.metadata,
           mine.role, mine.members_may, mine.avatar
    FROM mine
    LEFT JOIN messages AS m ON m.conversation_id = {id} AND m.id = mine.last_message_id
    LEFT JOIN users AS u ON u.id = m.sender_id
    LEFT JOIN support_tickets AS t ON t.conversation_id = {id} AND t.status <> 'closed'
"""
# SQLite would write it down for nothing. PostgreSQL would begin elsewhere.
KEPT = {"sqlite": "", "postgresql": "MATERIALIZED"}
OWN = "own.conversation_id = {id} AND own.user_id = me.id AND own.is_active"
OWN_OF = {
    "sqlite": f"CROSS JOIN participants AS own ON {OWN}",
    "postgresql": f"""
        CROSS JOIN LATERAL (SELECT * FROM participants AS own WHERE {OWN} LIMIT 1) AS own
    """,  # noqa: S608 - of ours
}
# In a conversation the ids are in the order of `created_seq`. SQLite has an index of this alone.
UNREAD = {
    "sqlite": """x.created_seq > coalesce(
                    (SELECT r.created_seq FROM messages AS r
                     WHERE r.conversation_id = {id} AND r.id = mine.last_read_id), 0)""",
    "postgresql": "x.id > mine.last_read_id",
}
# Nothing is stored about an agent, so everything counts as read.
OWN_OF_AGENT = f"LEFT JOIN participants AS own ON {OWN}"
READ, READ_BY_AGENT = "own.last_read_id", "coalesce(c.last_message_id, 0)"
OF_AGENT = f"c.id = ? AND {IS_AGENT.format(user='me.id', conversation='?')}"
PERSON = "({user}.id, {user}.username, {user}.display_name, {user}.avatar)"
ARRAY = {"sqlite": "json_array", "postgresql": "json_build_array"}
ARRAYS = {"sqlite": "json_group_array({person})", "postgresql": "CAST(json_agg({person}) AS text)"}
PLACES = """
    SELECT c.id, c.active_at
    FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
    WHERE p.user_id = ? AND p.is_active {asked} {behind} ORDER BY c.active_at DESC, c.id DESC
"""
ASKED = {
    "archived": "p.is_archived",
    "pinned": "p.is_pinned",
    "muted": "coalesce(p.muted_until, 0) > ?",
    "direct": "c.is_direct",
}
"""By what the list is filtered: each is the condition of those for which it is true. Its only
parameter is the present moment.
"""
EVERYTHING: Mapping[str, bool] = {}
JOINED = {
    "sqlite": "group_concat(id, ',')",
    "postgresql": "string_agg(CAST(id AS text), ',')",
}


class Place(Struct, frozen=True, order=True):
    """A place in the list, where a page ends. It stays valid when conversations become active."""

    active_at: int
    id: int


Asked = Mapping[str, bool]
"""Only the conversations of which these are true, or false: names of ASKED."""


def condition_of(asked: Asked) -> tuple[str, list[int]]:
    """The condition, and its parameters. So it is the same statement at every moment."""
    condition = " ".join(
        f"AND {'' if is_so else 'NOT '}({ASKED[name]})" for name, is_so in asked.items()
    )
    return condition, [now()] * condition.count("?")


async def ids(reads: Reads, user_id: int, asked: Asked = EVERYTHING) -> list[int]:
    """The ids of all conversations of the user, most recently active first."""
    # As one value, because many rows would keep the event loop busy.
    condition, moments = condition_of(asked)
    places = PLACES.format(behind="", asked=condition)
    ((joined,),) = await reads.fetch(
        f"SELECT {JOINED[reads.dialect]} FROM ({places}) AS places",  # noqa: S608 - of ours
        (user_id, *moments),
    )
    return _ids(f"[{joined or ''}]")


async def page(
    reads: Reads, user_id: int, behind: Place | None, limit: int, asked: Asked = EVERYTHING
) -> tuple[list[records.Conversation], Place | None]:
    """At most `limit` conversations, from the beginning of the list or from behind a place, and
    the place of the last one if there are more.
    """
    (condition, moments), behind_it = condition_of(asked), ""
    parameters = [user_id, *moments]
    if behind is not None:
        parameters += [behind.active_at, behind.id]
        behind_it = "AND (c.active_at, c.id) < (?, ?)"
    found_by = PLACES.format(behind=behind_it, asked=condition)
    parameters.append(limit + 1)
    if reads.form == "citus":
        places = await reads.fetch(f"{found_by} LIMIT ?", parameters)
        rows = await _each(reads, user_id, [id_ for id_, _ in places])
    else:
        ids = f"SELECT id FROM ({found_by} LIMIT ?) AS places"  # noqa: S608 - of ours
        rows = await _select(reads, user_id, f"c.id IN ({ids})", *parameters)
    rows.sort(reverse=True)  # by the first two columns, which no other row has
    shown = rows[:limit]
    return await _made(reads, shown), Place(*shown[-1][:2]) if len(rows) > limit else None


async def some(
    reads: Reads, user_id: int, conversation_ids: Sequence[int]
) -> list[records.Conversation]:
    """These conversations in this order, as the user sees them, without those of others."""
    if reads.form == "citus":
        rows = await _each(reads, user_id, conversation_ids)
    else:
        rows = await _select(reads, user_id, f"c.id IN ({reads.ids})", listed(conversation_ids))
    by_id = {conversation.id: conversation for conversation in await _made(reads, rows)}
    return [by_id[id_] for id_ in conversation_ids if id_ in by_id]


async def one(reads: Reads, conversation_id: int, user_id: int) -> records.Conversation | None:
    """One conversation as this user sees it. None if the user is neither participant nor agent."""
    rows = await _each(reads, user_id, [conversation_id])
    if not rows:
        parameters = (conversation_id, conversation_id)
        rows = await _select(reads, user_id, OF_AGENT, *parameters, is_agent=True)
    return (await _made(reads, rows))[0] if rows else None


async def _each(reads: Reads, user_id: int, conversation_ids: Sequence[int]) -> list[Row]:
    """These, each by a statement of its own."""
    return [
        row
        for conversation_id in conversation_ids
        for row in await _select(reads, user_id, "c.id = ?", conversation_id)
    ]


async def _select(
    reads: Reads, user_id: int, which: str, *parameters: int | str, is_agent: bool = False
) -> list[Row]:
    # Where a statement may ask for one conversation only, its id is the first parameter.
    only = str(parameters[0]) if reads.form == "citus" else None
    sql = _statement(reads.dialect, which, only, is_agent)
    return await reads.fetch(sql, (user_id, *parameters))


@lru_cache
def _statement(dialect: str, which: str, only: str | None, is_agent: bool) -> str:
    person = ARRAY[dialect] + PERSON
    own = OWN_OF_AGENT if is_agent else OWN_OF[dialect]
    unread = UNREAD[dialect].format(id=only or "mine.id")
    return LIST.format(
        kept=KEPT[dialect],
        people=ARRAYS[dialect].format(person=person.format(user="w")),
        reader="NULL" if is_agent else f"CAST({person.format(user='me')} AS text)",
        most=PARTICIPANTS_SHOWN,
        which=which,
        own=own.format(id=only or "c.id"),
        read=READ_BY_AGENT if is_agent else READ,
        unread=unread,
        id=only or "mine.id",
    )


async def _made(reads: Reads, rows: Sequence[Row]) -> list[records.Conversation]:
    """The conversations of these rows of LIST."""
    with_tickets = [(row[1], row[2]) for row in rows if row[2] is not None]
    ticket_of = {one.id: one for one in await support_tickets.by_places(reads, with_tickets)}
    return [_conversation(ticket_of, row) for row in rows]


def _conversation(ticket_of: Mapping[int, records.SupportTicket], row: Row) -> records.Conversation:
    # fmt: off
    (
        _, id_, ticket_id, title, is_direct, created_at, seq, epoch, last_read_id, unread,
        unread_mentions, participants, people, reader, message_id, sender_id, sender, content,
        sent_at, is_read, by_agent, muted_until, is_archived, is_pinned, metadata, role,
        members_may, avatar,
    ) = row
    # fmt: on
    last_message = None
    if message_id is not None:
        last_message = records.LastMessage(
            message_id,
            records.User(sender_id, sender),
            content,
            to_text(sent_at),
            bool(is_read),
            records.role_of(by_agent),
        )
    # By position: twenty names would take five times as long.
    return records.Conversation(
        id_,
        title,
        bool(is_direct),
        _participants(people, reader),
        participants,
        to_text(created_at),
        last_message,
        ticket_of.get(ticket_id) if ticket_id else None,
        unread,
        unread_mentions,
        last_read_id,
        seq,
        epoch,
        None if muted_until is None else muted_text(muted_until),
        bool(is_archived),
        bool(is_pinned),
        records.metadata_of(metadata),
        role or records.AGENT,
        records.rights_of(members_may),
        records.conversation_avatar(id_, avatar),
    )


def _participants(people: str | None, reader: str | None) -> list[records.Profile]:
    """The participants by id. `reader` is to be among them: if it is not, it is the last one."""
    if people is None:
        return []
    found = sorted(_people(people))
    if reader is not None and (own := _person(reader)) not in found:
        found[-1] = own
    return [records.profile_of(*person) for person in found]
