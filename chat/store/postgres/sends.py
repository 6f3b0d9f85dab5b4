"""Stores new messages in PostgreSQL: the lock, and one statement after it, in one round trip."""

import logging
from collections.abc import Sequence
from typing import Protocol

import msgspec
from psycopg.errors import UniqueViolation

from chat.errors import Failed, Unavailable
from chat.store import blocks
from chat.store.agents import IS_AGENT
from chat.store.database import Reads, Row
from chat.store.postgres.dialect import LOCK_CONVERSATIONS, STAMP, array
from chat.store.postgres.exchange import Answer, Values
from chat.store.sends import FIRST_WITH_KEY, Send, blocked, not_a_participant
from chat.times import now

log = logging.getLogger("payam.writer")

_numbers = msgspec.json.Decoder(list[int]).decode

# It is a separate statement after the lock, so that it sees what was committed while it waited.
TEMPLATE = """
    WITH numbered AS (
        SELECT incoming.*,
               conversations.seq + row_number() OVER (PARTITION BY conversation_id ORDER BY place)
                   AS seq
        FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bigint[]{more})
            WITH ORDINALITY AS incoming(conversation_id, sender_id, content, created_at, client_id,
                                        fingerprint{columns}, place)
        {senders}
    ), inserted AS (
        INSERT INTO messages (conversation_id, sender_id, content, created_at, created_seq, seq,
                              client_id, fingerprint, by_agent, changed{columns})
        SELECT conversation_id, sender_id, content, created_at, seq, seq, client_id, fingerprint,
               {by_agent}, {stamp}{columns}
        FROM numbered ORDER BY place
        RETURNING id, conversation_id, seq, created_at
    ), advanced AS (
        UPDATE conversations
        SET seq = last.seq, last_message_id = last.id, active_at = last.created_at,
            changed = {stamp}
        FROM (SELECT DISTINCT ON (conversation_id) * FROM inserted
              ORDER BY conversation_id, id DESC) AS last
        WHERE conversations.id = last.conversation_id
    ), noted AS (
        INSERT INTO touched (changed, ids, at)
        SELECT {stamp}, string_agg(DISTINCT CAST(conversation_id AS text), ','), ?::bigint
        FROM inserted HAVING count(*) > 0
    ){also}
    SELECT array_agg(created_at), array_agg(id), array_agg(seq) FROM inserted
"""
PARTICIPANTS = """JOIN participants USING (conversation_id)
        JOIN conversations ON conversations.id = conversation_id
        WHERE participants.user_id = incoming.sender_id AND participants.is_active
          AND NOT participants.is_blocked"""
AGENTS = f"""JOIN conversations ON conversations.id = conversation_id
        WHERE {IS_AGENT.format(user="incoming.sender_id", conversation="conversations.id")}"""
# A batch names each message by its time.
MENTIONED = """, mentioned AS (
        INSERT INTO mentions (conversation_id, user_id, message_id, is_own)
        SELECT inserted.conversation_id, named.user_id, inserted.id, named.is_own <> 0
        FROM unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS named(created_at, user_id, is_own)
        JOIN inserted ON inserted.created_at = named.created_at
    )"""


def insert_of(*, by_agents: bool, extended: bool) -> str:
    """The statement for participants or for agents, with or without what only few messages have.

    They are separate, because with all in one each batch took a tenth more of PostgreSQL's time.
    """
    return TEMPLATE.format(
        senders=AGENTS if by_agents else PARTICIPANTS,
        by_agent="TRUE" if by_agents else "FALSE",
        stamp=STAMP,
        also=MENTIONED if extended else "",
        more=", ?::bigint[], ?::text[]" if extended else "",
        columns=", reply_to, metadata" if extended else "",
    )


INSERTS = {
    (by_agents, extended): insert_of(by_agents=by_agents, extended=extended)
    for by_agents in (False, True)
    for extended in (False, True)
}


def the_new_of(insert: str) -> str:
    """The same statement, but it leaves out messages that are stored already.

    It is used only after a conflict. Looking for each key first would cost a tenth of PostgreSQL's
    time for a batch. ON CONFLICT would look too, and write each row in two steps.
    """
    return insert.replace(
        "\n    ), inserted AS (",
        """
          AND NOT EXISTS (SELECT 1 FROM messages
                          WHERE messages.conversation_id = incoming.conversation_id
                            AND messages.sender_id = incoming.sender_id
                            AND messages.client_id = incoming.client_id)
    ), inserted AS (""",
    )


class Exchanges(Reads, Protocol):
    """What this module needs of the database."""

    async def together(self, statements: Sequence[tuple[str, Values]]) -> list[Answer]:
        """Commit these as one transaction, in one round trip. Returns the answer of each."""
        ...


async def store(database: Exchanges, sends: Sequence[Send]) -> bool:
    """The same as `Database.store_sends`."""
    first, *others = without_repeats(sends)
    refused = await store_part(database, first, by_agents=False)
    for part in others:
        refused += await store_apart(database, part, by_agents=False)
    if refused:
        for send in refused:
            send.error = None
        for part in without_repeats(refused):
            await store_apart(database, part, by_agents=True)
    return not any(send.by_agent for send in refused)


async def store_apart(database: Exchanges, part: Sequence[Send], *, by_agents: bool) -> list[Send]:
    """Store a part of a batch. Others are stored already, so a failure is this part's alone."""
    try:
        return await store_part(database, part, by_agents=by_agents)
    except Unavailable as error:
        for send in part:
            send.error = error
    except Exception:  # one bad row must not make the others fail
        if len(part) > 1:
            return [
                one
                for send in part
                for one in await store_apart(database, [send], by_agents=by_agents)
            ]
        log.exception("a message could not be stored")
        part[0].error = Failed()
    return []


def without_repeats(sends: Sequence[Send]) -> list[list[Send]]:
    """Divide the batch into parts, nearly always one, in which no key comes twice."""
    parts: list[list[Send]] = [[]]
    keys: set[tuple[int, int, str]] = set()
    for send in sends:
        if send.client_id is not None:
            key = (send.conversation_id, send.sender_id, send.client_id)
            if key in keys:
                parts.append([])
                keys.clear()
            keys.add(key)
        parts[-1].append(send)
    return parts


async def store_part(database: Exchanges, sends: Sequence[Send], *, by_agents: bool) -> list[Send]:
    """Store messages with different keys. Returns those whose senders were refused."""
    # The answer names each message by its time, so no two may have the same.
    moment = 0
    for send in sends:
        send.created_at = moment = max(send.created_at, moment + 1)
    columns = [
        array(send.conversation_id for send in sends),
        array(send.sender_id for send in sends),
        array(send.content for send in sends),
        array(send.created_at for send in sends),
        array(send.client_id for send in sends),
        array(send.fingerprint for send in sends),
    ]
    extended = any([send.extras is not None for send in sends])  # noqa: C419 - a list is faster
    if extended:
        columns += [
            array(send.extras.reply_to if send.extras else None for send in sends),
            array(send.extras.metadata if send.extras else None for send in sends),
        ]
    columns.append(str(now()))
    if extended:
        columns += columns_of_mentions(sends)
    insert = INSERTS[by_agents, extended]
    conversation_ids = sorted({send.conversation_id for send in sends})
    ((times, *places),) = await insert_all(database, insert, conversation_ids, columns)
    # Three arrays: with a row per message, each took half a microsecond more of this process.
    stored = dict(zip(numbers(times), zip(*map(numbers, places), strict=True), strict=True))
    if by_agents:
        for send in sends:
            send.by_agent = send.created_at in stored
    refused = []
    for send in sends:
        if send.created_at in stored:
            send.id, send.seq = stored[send.created_at]
        else:
            try:
                first = await first_of(database, send)
                # Everybody who is refused is tried as an agent, and so comes here twice.
                is_blocked = by_agents and await blocks.is_blocked(
                    database, send.conversation_id, send.sender_id
                )
            except Unavailable as error:
                send.error = error
                continue
            if first is None:
                send.error = blocked() if is_blocked else not_a_participant()
                refused.append(send)
            else:
                send.settle_as_repeat(first)
    return refused


def numbers(array: bytes | None) -> list[int]:
    """The items of an array, as PostgreSQL writes it; none where there is no array."""
    return [] if array is None else _numbers(b"[%b]" % array[1:-1])


def columns_of_mentions(sends: Sequence[Send]) -> list[str]:
    """The columns of MENTIONED."""
    mentions = [
        (send, user) for send in sends if send.extras is not None for user in send.extras.mentions
    ]
    return [
        array(send.created_at for send, _ in mentions),
        array(user.id for _, user in mentions),
        array(int(user.id == send.sender_id) for send, user in mentions),
    ]


async def insert_all(
    database: Exchanges, insert: str, conversation_ids: Sequence[int], columns: Sequence[str]
) -> Answer:
    lock = (LOCK_CONVERSATIONS, [array(conversation_ids)])
    try:
        # A whole pipeline is one transaction, so there is no BEGIN or COMMIT to wait for.
        return (await database.together([lock, (insert, columns)]))[-1]
    except UniqueViolation:
        # Whoever stored the key held the same lock, so the next statement sees it.
        return (await database.together([lock, (the_new_of(insert), columns)]))[-1]


async def first_of(database: Exchanges, send: Send) -> Row | None:
    if send.client_id is None:
        return None
    rows = await database.fetch(
        FIRST_WITH_KEY, (send.conversation_id, send.sender_id, send.client_id)
    )
    return rows[0] if rows else None
