"""Finds which devices must be looked at, because of what happened in conversations.

It goes from the side that has fewer rows. Example: in a conversation of 10,000 participants, of
whom nobody has a device, it reads no participant at all.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from chat.store.database import Reads, Transaction, in_parts, listed
from chat.store.notices import AT_BEGINNING, Place, length
from chat.store.spans import PAGE, Span

GRACE_SECONDS = 5.0
"""What is read within it is not pushed."""
MANY = 10_000
"""Devices beyond that are not counted: it goes from participants in every conversation then."""

# What counts is how it is now: whoever deleted a message has no need of a push for it.
MESSAGES = """
    SELECT span.one, max(m.id), min(m.sender_id), max(m.sender_id)
    FROM ({pairs}) AS span CROSS JOIN messages AS m
    WHERE m.conversation_id = span.one
      AND m.created_seq > span.two AND m.created_seq <= span.two + {page}
      AND m.created_at >= ? AND NOT m.is_deleted
    GROUP BY span.one
"""
LOGGED = """
    SELECT l.conversation_id, l.seq, l.kind, l.subject_id
    FROM ({pairs}) AS span CROSS JOIN changes AS l
    WHERE l.conversation_id = span.one AND l.seq > span.two AND l.seq <= span.two + {page}
      AND (l.kind = 'message.deleted'
           OR l.kind = 'participant.joined' AND l.actor_id <> l.subject_id AND l.at >= ?
           OR l.kind = 'message.edited' AND ({is_shown} OR EXISTS (
               SELECT 1 FROM mentions AS y WHERE y.conversation_id = span.one
               AND y.message_id = l.subject_id AND NOT y.is_own)))
"""
IS_SHOWN = """
    EXISTS (SELECT 1 FROM notices AS n WHERE n.conversation_id = span.one
            AND n.shown_seq > 0 AND n.shown_id = l.subject_id)
"""
# Whom a message mentions since it was edited may have muted the conversation.
MENTIONED = """
    SELECT span.one, d.id
    FROM ({pairs}) AS span CROSS JOIN mentions AS y CROSS JOIN participants AS p
    CROSS JOIN devices AS d
    WHERE y.conversation_id = span.one AND y.message_id = span.two AND NOT y.is_own
      AND p.conversation_id = span.one AND p.user_id = y.user_id AND p.is_active
      AND NOT p.is_archived AND p.last_read_id < span.two AND d.user_id = y.user_id AND {is_idle}
"""
SIZES = """
    SELECT c.id, c.participant_count FROM conversations AS c WHERE c.id IN ({ids})
"""
FROM_PARTICIPANTS = """
    SELECT p.conversation_id, d.id, d.user_id
    FROM ({pairs}) AS span CROSS JOIN participants AS p CROSS JOIN devices AS d
    WHERE p.conversation_id = span.one AND d.user_id = p.user_id
      AND p.is_active AND p.last_read_id < span.two AND {audible} AND {is_idle}
"""
FROM_DEVICES = """
    SELECT span.one, d.id, d.user_id FROM ({pairs}) AS span CROSS JOIN devices AS d
    WHERE coalesce((
        SELECT p.is_active AND p.last_read_id < span.two AND {audible} FROM participants AS p
        WHERE p.conversation_id = span.one AND p.user_id = d.user_id), FALSE)
      AND {is_idle}
"""
AUDIBLE = """
    NOT p.is_archived AND (coalesce(p.muted_until, 0) <= ? OR EXISTS (
        SELECT 1 FROM mentions AS y
        WHERE y.conversation_id = span.one AND y.user_id = p.user_id
          AND y.message_id > p.last_read_id AND NOT y.is_own))
"""
# One that is due already, or at which somebody is at work, is looked at in any case.
IS_IDLE = """
    NOT EXISTS (SELECT 1 FROM notices AS n
                WHERE n.conversation_id = span.one AND n.device_id = d.id AND n.due IS NOT NULL)
"""
ASK = """
    INSERT INTO notices (conversation_id, device_id, due)
    SELECT place.one, place.two, {moment} + ? FROM ({pairs}) AS place WHERE TRUE
    ON CONFLICT (conversation_id, device_id) DO UPDATE SET due = excluded.due
    WHERE notices.due IS NULL
"""
ASK_ADDED = """
    INSERT INTO notices (conversation_id, device_id, due, added_seq)
    SELECT ?, d.id, {moment} + ?, ? FROM devices AS d WHERE d.user_id = ?
    ON CONFLICT (conversation_id, device_id) DO UPDATE
    SET due = coalesce(notices.due, excluded.due), added_seq = excluded.added_seq
"""
REMIND = """
    INSERT INTO notices (conversation_id, device_id, due, added_seq)
    SELECT ?, d.id, {moment}, ? FROM devices AS d WHERE d.user_id IN ({ids})
    ON CONFLICT (conversation_id, device_id) DO UPDATE
    SET due = coalesce(notices.due, excluded.due), added_seq = excluded.added_seq
"""
BEGUN = """
    INSERT INTO notices (conversation_id, device_id, due, added_seq)
    SELECT ?, d.id, {moment} + ?, ? FROM devices AS d WHERE d.user_id IN ({ids})
    ON CONFLICT (conversation_id, device_id) DO NOTHING
"""
LOOK_AGAIN = """
    UPDATE notices SET due = {moment}
    WHERE conversation_id IN ({ids}) AND shown_seq > 0 AND due IS NULL
"""
REPLACE = """
    UPDATE notices SET due = {moment} + ?
    WHERE conversation_id = ? AND shown_id = ? AND shown_seq > 0 AND due IS NULL
"""


class News(NamedTuple):
    """`places` are devices to look at, in the order of their keys; `added` has users by
    conversation, with the `seq` at which somebody added them. In `deleted` something was deleted.
    `edited` are messages, by conversation, whose text some devices show.
    """

    places: Sequence[Place] = ()
    added: Mapping[tuple[int, int], int] = {}
    deleted: Collection[int] = ()
    edited: Collection[tuple[int, int]] = ()


async def find(
    reads: Reads, spans: Sequence[Span], oldest: int, moment: int, *, with_content: bool
) -> News:
    """The events in these spans that ask for a look. Those before `oldest` do not.

    Both are in microseconds since 1970. `with_content` says that devices show texts.
    """
    devices = await count_devices(reads)
    if not devices:
        return News()
    starts = listed([(span.conversation_id, span.after) for span in spans])
    rows = await reads.fetch(MESSAGES.format(pairs=reads.pairs, page=PAGE), (starts, oldest))
    newest = {id_: message_id for id_, message_id, *_ in rows}
    only_sender = {id_: first for id_, _, first, last in rows if first == last}
    found = await _listening(reads, newest, devices, moment)
    added, deleted, edited = {}, set(), set()
    is_shown = IS_SHOWN if with_content else "FALSE"
    sql = LOGGED.format(pairs=reads.pairs, page=PAGE, is_shown=is_shown)
    for id_, seq, kind, subject_id in await reads.fetch(sql, (starts, oldest)):
        if kind == "message.deleted":
            deleted.add(id_)
        elif kind == "message.edited":
            edited.add((id_, subject_id))
        else:
            added[id_, subject_id] = seq
    places = {
        Place(id_, device_id)
        for id_, device_id, user_id in found
        if only_sender.get(id_) != user_id
    }
    for part in in_parts(sorted(edited), reads.part):
        sql = MENTIONED.format(pairs=reads.pairs, is_idle=IS_IDLE)
        places.update(Place(*row) for row in await reads.fetch(sql, (listed(part),)))
    return News(sorted(places), added, deleted, edited if with_content else ())


async def count_devices(reads: Reads) -> int:
    """How many devices there are, as far as it counts."""
    ((found,),) = await reads.fetch(
        "SELECT count(*) FROM (SELECT 1 FROM devices LIMIT ?) AS few", (MANY,)
    )
    return int(found)


async def _listening(
    reads: Reads, newest: Mapping[int, int], devices: int, moment: int
) -> list[tuple[int, int, int]]:
    """(conversation, device, user) where the user has not read up to the newest message."""
    if not newest:
        return []
    sizes: dict[int, int] = dict(await reads.fetch(SIZES.format(ids=reads.ids), (listed(newest),)))
    large = [id_ for id_ in newest if devices < min(sizes.get(id_, 0), MANY)]
    small = [id_ for id_ in newest if id_ not in set(large)]
    found: list[tuple[int, int, int]] = []
    for sql, ids in ((FROM_PARTICIPANTS, small), (FROM_DEVICES, large)):
        for part in in_parts(ids, reads.part):
            pairs = listed([(id_, newest[id_]) for id_ in part])
            parameters = (pairs, moment)
            text = sql.format(pairs=reads.pairs, audible=AUDIBLE, is_idle=IS_IDLE)
            found += [(a, b, c) for a, b, c in await reads.fetch(text, parameters)]
    return found


async def ask(transaction: Transaction, news: News, grace: float) -> None:
    """Have these looked at, in so many seconds."""
    moment = transaction.moment
    for part in in_parts(news.places):
        sql = ASK.format(moment=moment, pairs=transaction.pairs)
        await transaction.execute(sql, (length(grace), listed(part)))
    await transaction.execute_many(
        ASK_ADDED.format(moment=moment),
        [(id_, length(grace), seq, user_id) for (id_, user_id), seq in news.added.items()],
    )
    if news.deleted:
        sql = LOOK_AGAIN.format(moment=moment, ids=transaction.ids)
        await transaction.execute(sql, (listed(news.deleted),))
    if news.edited:
        rows = [(length(grace), id_, message_id) for id_, message_id in sorted(news.edited)]
        await transaction.execute_many(REPLACE.format(moment=moment), rows)


async def begun(transaction: Transaction, conversation_id: int, user_ids: Collection[int]) -> None:
    """Somebody began this conversation with these users. That takes no `seq`, so the follower does
    not see it.
    """
    sql = BEGUN.format(moment=transaction.moment, ids=transaction.ids)
    await transaction.execute(
        sql, (conversation_id, length(GRACE_SECONDS), AT_BEGINNING, listed(user_ids))
    )


async def remind(
    transaction: Transaction, conversation_id: int, seq: int, user_ids: Collection[int]
) -> None:
    """Have these users reminded of the conversation's ticket, by its step with this `seq`."""
    sql = REMIND.format(moment=transaction.moment, ids=transaction.ids)
    await transaction.execute(sql, (conversation_id, seq, listed(user_ids)))
