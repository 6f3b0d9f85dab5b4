"""Conversations as one user sees them: all of them, a page of them, or one.

The most recently active one is first.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import NamedTuple

import msgspec
from msgspec import Struct

from chat import records
from chat.store import support_tickets
from chat.store.agents import IS_AGENT
from chat.store.database import Reads, listed
from chat.store.own_settings import muted_text
from chat.times import now, to_text

PARTICIPANTS_SHOWN = 100
"""Most participants in a conversation's JSON. All of them can be read page by page."""

_ids = msgspec.json.Decoder(list[int]).decode


class Person(Struct, frozen=True):
    """A participant, as the statement returns them."""

    id: int
    username: str
    display_name: str
    avatar: str | None


_people = msgspec.json.Decoder(list[Person]).decode


# In one statement, for each a few small questions. The people come as JSON: a row for each of
# them takes five times as long to read. Tickets are read apart, since few have one. It begins
# with the conversations, and asks for the reader in each: a join would have PostgreSQL read all
# that the reader has, which may be many times as many.
LIST = """
    WITH mine AS MATERIALIZED (
        SELECT c.active_at, c.id, c.title, c.is_direct, c.created_at, c.seq, c.last_message_id,
               c.participant_count, c.metadata, c.members_may, c.avatar, me.id AS user_id,
               me.username, me.display_name, me.avatar AS own_avatar,
               {read} AS last_read_id
        FROM users AS me CROSS JOIN conversations AS c WHERE me.id = ? AND {which}
    )
    SELECT mine.active_at, mine.id, mine.title, mine.is_direct, mine.created_at, mine.seq,
           (SELECT epoch FROM history), mine.username, mine.last_read_id, t.id,
           (SELECT count(*) FROM messages AS x
            WHERE x.conversation_id = {id} AND x.created_seq > coalesce(
                (SELECT r.created_seq FROM messages AS r
                 WHERE r.conversation_id = {id} AND r.id = mine.last_read_id), 0)
              AND x.sender_id <> mine.user_id AND NOT x.is_deleted),
           (SELECT count(*) FROM mentions AS n
            WHERE n.conversation_id = {id} AND n.user_id = mine.user_id
              AND n.message_id > mine.last_read_id AND NOT n.is_own),
           mine.participant_count,
           (SELECT {people} FROM (
                SELECT x.user_id FROM participants AS x
                WHERE x.conversation_id = {id} AND x.is_active ORDER BY x.user_id LIMIT {most}
            ) AS first JOIN users AS w ON w.id = first.user_id),
           m.id, m.sender_id, u.username,
           CASE WHEN m.is_deleted THEN '' ELSE m.content END, m.created_at,
           CASE WHEN m.sender_id <> mine.user_id THEN m.id <= mine.last_read_id
                ELSE NOT EXISTS (SELECT 1 FROM participants AS o
                                 WHERE o.conversation_id = {id} AND o.user_id <> mine.user_id
                                   AND o.is_active AND o.last_read_id < m.id) END,
           m.by_agent, own.muted_until, coalesce(own.is_archived, FALSE),
           coalesce(own.is_pinned, FALSE), mine.metadata, own.role, mine.members_may, mine.avatar,
           mine.display_name, mine.own_avatar
    FROM mine
    LEFT JOIN participants AS own
        ON own.conversation_id = {id} AND own.user_id = mine.user_id AND own.is_active
    LEFT JOIN messages AS m ON m.conversation_id = {id} AND m.id = mine.last_message_id
    LEFT JOIN users AS u ON u.id = m.sender_id
    LEFT JOIN support_tickets AS t ON t.conversation_id = {id} AND t.status <> 'closed'
    WHERE mine.last_read_id IS NOT NULL
"""
READ = """
    (SELECT p.last_read_id FROM participants AS p
     WHERE p.conversation_id = {id} AND p.user_id = me.id AND p.is_active)
"""
# Nothing is stored about an agent, so everything counts as read.
READ_BY_AGENT = "coalesce(c.last_message_id, 0)"
OF_AGENT = f"c.id = ? AND {IS_AGENT.format(user='me.id', conversation='?')}"
PERSON = "'id', w.id, 'username', w.username, 'display_name', w.display_name, 'avatar', w.avatar"
PEOPLE = {
    "sqlite": f"json_group_array(json_object({PERSON}))",
    "postgresql": f"CAST(json_agg(json_build_object({PERSON})) AS text)",
}
PLACES = """
    SELECT c.id, c.active_at
    FROM participants AS p JOIN conversations AS c ON c.id = p.conversation_id
    WHERE p.user_id = ? AND p.is_active {asked} {behind} ORDER BY c.active_at DESC, c.id DESC
"""
ASKED = {
    "archived": "p.is_archived",
    "pinned": "p.is_pinned",
    "muted": "coalesce(p.muted_until, 0) > {now}",
    "direct": "c.is_direct",
}
"""By what the list is filtered: each is the condition of those for which it is true."""
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


def condition_of(asked: Asked) -> str:
    return " ".join(
        f"AND {'' if is_so else 'NOT '}({ASKED[name].format(now=now())})"
        for name, is_so in asked.items()
    )


async def ids(reads: Reads, user_id: int, asked: Asked = EVERYTHING) -> list[int]:
    """The ids of all conversations of the user, most recently active first."""
    # As one value, because many rows would keep the event loop busy.
    places = PLACES.format(behind="", asked=condition_of(asked))
    ((joined,),) = await reads.fetch(
        f"SELECT {JOINED[reads.dialect]} FROM ({places}) AS places",  # noqa: S608 - of ours
        (user_id,),
    )
    return _ids(f"[{joined or ''}]")


async def page(
    reads: Reads, user_id: int, behind: Place | None, limit: int, asked: Asked = EVERYTHING
) -> list[tuple[Place, records.Conversation]]:
    """At most `limit` conversations, from the beginning of the list or from behind a place."""
    parameters, condition = [user_id], ""
    if behind is not None:
        parameters += [behind.active_at, behind.id]
        condition = "AND (c.active_at, c.id) < (?, ?)"
    found_by = PLACES.format(behind=condition, asked=condition_of(asked))
    if reads.form == "citus":
        rows = await reads.fetch(f"{found_by} LIMIT ?", (*parameters, limit))
        found = await _each(reads, user_id, [id_ for id_, _ in rows])
    else:
        places = f"SELECT id FROM ({found_by} LIMIT ?) AS places"  # noqa: S608 - of ours
        found = await _select(reads, user_id, f"c.id IN ({places})", *parameters, limit)
    return sorted(found, key=itemgetter(0), reverse=True)


async def some(
    reads: Reads, user_id: int, conversation_ids: Sequence[int]
) -> list[records.Conversation]:
    """These conversations in this order, as the user sees them, without those of others."""
    if reads.form == "citus":
        found = await _each(reads, user_id, conversation_ids)
    else:
        found = await _select(reads, user_id, f"c.id IN ({reads.ids})", listed(conversation_ids))
    by_id = {conversation.id: conversation for _, conversation in found}
    return [by_id[id_] for id_ in conversation_ids if id_ in by_id]


async def one(reads: Reads, conversation_id: int, user_id: int) -> records.Conversation | None:
    """One conversation as this user sees it. None if the user is neither participant nor agent."""
    found = await _each(reads, user_id, [conversation_id])
    if not found:
        parameters = (conversation_id, conversation_id)
        found = await _select(reads, user_id, OF_AGENT, *parameters, is_agent=True)
    return found[0][1] if found else None


class Row(NamedTuple):
    """The columns of LIST."""

    active_at: int
    id: int
    title: str
    is_direct: bool
    created_at: int
    seq: int
    epoch: str
    username: str
    last_read_id: int
    ticket_id: int | None
    unread: int
    unread_mentions: int
    participants: int
    people: str | None
    message_id: int | None
    sender_id: int
    sender: str
    content: str
    sent_at: int
    is_read: bool
    by_agent: bool
    muted_until: int | None
    is_archived: bool
    is_pinned: bool
    metadata: str | None
    role: str | None
    members_may: str | None
    avatar: str | None
    display_name: str
    own_avatar: str | None


async def _each(
    reads: Reads, user_id: int, conversation_ids: Sequence[int]
) -> list[tuple[Place, records.Conversation]]:
    """These, each by a statement of its own."""
    return [
        found
        for conversation_id in conversation_ids
        for found in await _select(reads, user_id, "c.id = ?", conversation_id)
    ]


async def _select(
    reads: Reads, user_id: int, which: str, *parameters: int | str, is_agent: bool = False
) -> list[tuple[Place, records.Conversation]]:
    # Where a statement may ask for one conversation only, its id is the first parameter.
    only = str(parameters[0]) if reads.form == "citus" else None
    sql = _statement(reads.dialect, which, only, is_agent)
    rows = [Row._make(row) for row in await reads.fetch(sql, (user_id, *parameters))]
    with_tickets = [(row.id, row.ticket_id) for row in rows if row.ticket_id is not None]
    ticket_of = {one.id: one for one in await support_tickets.by_places(reads, with_tickets)}
    return [
        (
            Place(row.active_at, row.id),
            records.Conversation(
                id=row.id,
                title=row.title,
                direct=bool(row.is_direct),
                participants=_participants(row, None if is_agent else user_id),
                participant_count=row.participants,
                created_at=to_text(row.created_at),
                last_message=_last_message(row),
                support_ticket=ticket_of.get(row.ticket_id) if row.ticket_id else None,
                unread_count=row.unread,
                unread_mentions=row.unread_mentions,
                last_read_id=row.last_read_id,
                seq=row.seq,
                epoch=row.epoch,
                muted_until=muted_text(row.muted_until),
                archived=bool(row.is_archived),
                pinned=bool(row.is_pinned),
                metadata=records.metadata_of(row.metadata),
                role=row.role or records.AGENT,
                members_may=records.rights_of(row.members_may),
                avatar_url=records.conversation_avatar(row.id, row.avatar),
            ),
        )
        for row in rows
    ]


@lru_cache
def _statement(dialect: str, which: str, only: str | None, is_agent: bool) -> str:
    return LIST.format(
        people=PEOPLE[dialect],
        most=PARTICIPANTS_SHOWN,
        which=which,
        read=READ_BY_AGENT if is_agent else READ.format(id=only or "c.id"),
        id=only or "mine.id",
    )


def _participants(row: Row, user_id: int | None) -> list[records.Profile]:
    """The participants by id, always with the reader among them. `user_id` is None for an agent."""
    people = [
        records.profile_of(one.id, one.username, one.display_name, one.avatar)
        for one in _people(row.people or "[]")
    ]
    people.sort(key=attrgetter("id"))
    if user_id is not None and row.participants > len(people):
        reader = records.profile_of(user_id, row.username, row.display_name, row.own_avatar)
        if reader not in people:
            people[-1] = reader
    return people


def _last_message(row: Row) -> records.LastMessage | None:
    if row.message_id is None:
        return None
    return records.LastMessage(
        id=row.message_id,
        sender=records.User(row.sender_id, row.sender),
        content=row.content,
        timestamp=to_text(row.sent_at),
        is_read=bool(row.is_read),
        role=records.role_of(row.by_agent),
    )
