"""Reads everything that changed in conversations after a position, in order.

One statement finds the changes of all of them, so they are one snapshot. A change is either in it,
at its place, or it will come as an event later.

A message comes where it was sent, with its present content, and again where it was last changed.
So a reader whose position is some `seq` has received every message that was sent up to it. The
reader may stop, or be cut off, anywhere, and begin again from there.
"""

from collections.abc import Collection, Mapping
from itertools import islice

from msgspec import UNSET, Struct

from chat.changes.catalogue import FAMILIES, FAMILY_OF, message_of
from chat.changes.family import name_of
from chat.events import Change, ChangeFrame, MessageSent
from chat.records import Parent, User, given_metadata, role_of
from chat.store import changes as store
from chat.store import mentions, participants, replies, users
from chat.store.changes import THE_END, Entry
from chat.store.database import Reads, Row
from chat.times import to_text

SENT = name_of(MessageSent)


class Page(Struct, frozen=True):
    """Changes in the order of `seq`, and the position to which they lead.

    If the database was put back to an older state, that is before the position that was asked for,
    or 0 if the database does not have the conversation any more.
    """

    changes: list[Change]
    seq: int
    is_last: bool


class More(Struct, frozen=True):
    """What only few messages have: mentions, by the place of the message, and parents, by the place
    of the parent.
    """

    mentioned: Mapping[tuple[int, int], list[User]]
    parents: Mapping[tuple[int, int], Parent]
    staff: frozenset[int] | None
    """Who may see notes; None where there are none."""


async def since(reads: Reads, conversation_id: int, seq: int, *, limit: int) -> Page:
    """At most `limit` changes of one conversation after `seq`."""
    return (await since_many(reads, {conversation_id: seq}, limit=limit))[conversation_id]


async def since_many(
    reads: Reads, positions: Mapping[int, int], *, limit: int, user_id: int | None = None
) -> dict[int, Page]:
    """At most `limit` changes of each conversation after its position, in a few statements.

    With `user_id`, conversations that this user is not in are left out.

    All pages are in memory at once. So for many conversations give a small `limit`, or ask for
    some of them after the others.
    """
    # One more than asked for, because the page is the last one only if the end is in it.
    found = await store.rows_since(reads, positions, limit + 1, user_id)
    logged = await _logged(reads, found)
    naming = [
        (conversation_id, row[2])
        for conversation_id, rows in found.items()
        for row in rows
        if "@" in row[4] and not row[7]
    ]
    mentioned = await mentions.of_places(reads, naming)
    replied = [
        (conversation_id, row[11])
        for conversation_id, rows in found.items()
        for row in rows
        if row[11] is not None
    ]
    parents = await replies.parents(reads, replied)
    has_notes = any(FAMILY_OF[entry.kind].is_for_staff for entry in logged)
    more = More(mentioned, parents, frozenset(await users.staff(reads)) if has_notes else None)
    asked: Collection[int] = positions
    if user_id is not None:
        asked = found.keys()
        if logged or naming or replied:  # these were read later, and the user may have gone
            asked = await participants.those_of(reads, user_id, asked)
    return {
        conversation_id: _page(conversation_id, found.get(conversation_id, []), logged, more, limit)
        for conversation_id in asked
    }


async def changed_messages(
    reads: Reads, user_id: int, conversation_id: int, seq: int, limit: int
) -> dict[int, int]:
    """At most `limit` messages that changed after `seq`, in the order of their last changes. Only
    staff get notes.

    Each is an id with the `seq` of that change, which is the reader's position after this message.
    A message that changed twice may come twice.
    """
    changed: dict[int, int] = {}
    is_last = False
    while len(changed) < limit and not is_last:
        page = await since(reads, conversation_id, seq, limit=limit)
        for change in page.changes:
            message_id = message_of(change.frame)
            if message_id is None or _comes_again(change.frame) or not change.is_for(user_id):
                continue
            changed.pop(message_id, None)
            changed[message_id] = change.seq
        seq, is_last = page.seq, page.is_last
    return dict(islice(changed.items(), limit))


def _comes_again(frame: ChangeFrame) -> bool:
    """Whether this message was changed after it was sent, and so comes again later."""
    return (
        isinstance(frame, MessageSent)
        and frame.internal is UNSET  # of a note the log has the last change alone
        and (frame.is_edited is True or frame.is_deleted is True)
    )


async def _logged(reads: Reads, found: Mapping[int, list[Row]]) -> dict[Entry, ChangeFrame]:
    """The frames for the entries of the log among these rows, read family by family."""
    entries = [
        Entry(conversation_id, *row[:3])
        for conversation_id, rows in found.items()
        for row in rows
        if row[1] not in (SENT, THE_END)
    ]
    frames: dict[Entry, ChangeFrame] = {}
    for family in FAMILIES:
        of_family = [entry for entry in entries if FAMILY_OF.get(entry.kind) is family]
        if of_family:
            frames |= await family.read(reads, of_family)
    return frames


def _page(
    conversation_id: int,
    rows: list[Row],
    logged: dict[Entry, ChangeFrame],
    more: More,
    limit: int,
) -> Page:
    if not rows:  # not even the end: the database was put back to before this conversation
        return Page([], 0, True)
    is_last = rows[-1][1] == THE_END
    changes = []
    for row in rows[:-1] if is_last else rows[:limit]:
        # None if its subject is gone, or if a newer release has written an unknown kind.
        if row[1] == SENT:
            changes.append(Change(conversation_id, _sent(conversation_id, row, more), row[10]))
            continue
        frame = logged.get(Entry(conversation_id, *row[:3]))
        if frame is not None:
            readers = more.staff if FAMILY_OF[row[1]].is_for_staff else None
            changes.append(Change(conversation_id, frame, readers=readers))
    return Page(changes, rows[-1 if is_last else limit - 1][0], is_last)


def _sent(conversation_id: int, row: Row, more: More) -> MessageSent:
    seq, _, id_, sender, content, created_at, is_edited, is_deleted, by_agent = row[:9]
    sender_id, reply_to, metadata = row[9], row[11], row[12]
    return MessageSent(
        id_,
        sender,
        "" if is_deleted else content,
        to_text(created_at),
        bool(is_edited) or UNSET,
        bool(is_deleted) or UNSET,
        role_of(by_agent),
        more.mentioned.get((conversation_id, id_)) or UNSET,
        sender_id,
        UNSET if reply_to is None else more.parents.get((conversation_id, reply_to), UNSET),
        given_metadata(metadata),
        seq=seq,
    )
