"""Reads what there is to push: of a device that is due, what is unread, and what it shows."""

from collections.abc import Sequence
from typing import NamedTuple

from chat.store import notices
from chat.store.database import Reads, in_parts, listed
from chat.store.devices import Address
from chat.store.notices import Looked, Place

COUNT_MAX = 1_000
"""Most unread messages of one conversation that are counted."""

UNREAD = """
    FROM messages AS x
    WHERE x.conversation_id = {conversation} AND x.created_seq > coalesce(
        (SELECT r.created_seq FROM messages AS r
         WHERE r.conversation_id = {conversation} AND r.id = p.last_read_id), 0)
      AND x.sender_id <> p.user_id AND NOT x.is_deleted
"""
# Through a mute comes only what mentions the user.
UNREAD_HERE = UNREAD.format(conversation="wanted.one")
UNREAD_THERE = UNREAD.format(conversation="p.conversation_id")
IS_MUTED = "coalesce(p.muted_until, 0) > ?"
MENTION = """
    (SELECT max(y.message_id) FROM mentions AS y
     WHERE y.conversation_id = wanted.one AND y.user_id = p.user_id
       AND y.message_id > p.last_read_id AND NOT y.is_own)
"""
# Agents are reminded of a ticket that waits for them, and need not be participants.
REMINDS = """
    (l.kind = 'ticket.updated'
     AND EXISTS (SELECT 1 FROM users AS w WHERE w.id = due.user_id AND w.is_staff)
     AND EXISTS (SELECT 1 FROM support_tickets AS t
                 WHERE t.conversation_id = {here} AND t.status <> 'closed'))
"""
AT_BEGINNING = f"due.added_seq = {notices.AT_BEGINNING}"
# A device of a sign-in that has ended is gone, whether it was removed yet or not.
LOOK = f"""
    WITH due AS MATERIALIZED (
        SELECT n.conversation_id, n.device_id, n.added_seq, n.shown_id, n.shown_seq, n.failures,
               d.user_id, d.platform, d.url, d.p256dh, d.auth, d.app_id, d.pushkey, d.data,
               d.created_at, coalesce(p.is_active, FALSE) AS is_active,
               coalesce(p.last_read_id, 0) AS last_read_id, coalesce(p.read_seq, 0) AS read_seq,
               NOT coalesce(p.is_archived, FALSE) AS is_audible, {MENTION} AS mention_id,
               CASE WHEN {IS_MUTED} THEN {MENTION}
                    ELSE (SELECT x.id {UNREAD_HERE} ORDER BY x.created_seq DESC LIMIT 1)
                    END AS newest_id,
               (SELECT count(*) FROM (SELECT 1 {UNREAD_HERE} LIMIT {COUNT_MAX}) AS few) AS unread
        FROM ({{pairs}}) AS wanted
        JOIN notices AS n ON n.conversation_id = wanted.one AND n.device_id = wanted.two
        JOIN devices AS d ON d.id = n.device_id
        LEFT JOIN participants AS p
          ON p.conversation_id = wanted.one AND p.user_id = d.user_id
        WHERE NOT EXISTS (SELECT 1 FROM token_families AS f
                          WHERE f.id = d.family AND f.revoked_at IS NOT NULL)
    )
    SELECT due.*, c.seq, c.title, m.created_at, m.content,
           coalesce(nullif(u.display_name, ''), u.username), s.is_deleted,
           s.is_edited AND s.seq > due.shown_seq,
           CASE WHEN c.is_direct AND coalesce(l.kind, '') <> 'ticket.updated' THEN NULL
                WHEN {AT_BEGINNING} THEN c.created_at ELSE l.at END,
           coalesce(nullif(a.display_name, ''), a.username), {REMINDS} AS reminds
    FROM due
    JOIN conversations AS c ON c.id = {{here}}
    LEFT JOIN messages AS m ON m.conversation_id = {{here}} AND m.id = due.newest_id
    LEFT JOIN users AS u ON u.id = m.sender_id
    LEFT JOIN messages AS s ON s.conversation_id = {{here}} AND s.id = due.shown_id
    LEFT JOIN changes AS l ON l.conversation_id = {{here}} AND l.seq = due.added_seq
    LEFT JOIN users AS a
      ON a.id = CASE WHEN {AT_BEGINNING} THEN c.created_by ELSE l.actor_id END
"""  # noqa: S608 - of ours
# From the user's conversations one by one: a join may read all conversations that there are.
BADGE = f"""
    SELECT sum(unread) FROM (
        SELECT CASE WHEN (SELECT c.last_message_id FROM conversations AS c
                          WHERE c.id = p.conversation_id) > p.last_read_id
               THEN (SELECT count(*) FROM (SELECT 1 {UNREAD_THERE} LIMIT {COUNT_MAX}) AS few)
               END AS unread
        FROM participants AS p
        WHERE p.user_id = ? AND p.is_active
          AND NOT p.is_archived AND coalesce(p.muted_until, 0) <= ?
    ) AS each
"""  # noqa: S608 - of ours


class Newest(NamedTuple):
    """The newest unread message of others; `at` is in microseconds since 1970.

    Where the user has muted the conversation, it is the newest that mentions them.
    """

    id: int
    at: int
    content: str
    sender: str


class Added(NamedTuple):
    """Somebody added the user to a conversation, not a direct one, and the device has not shown
    it. With `is_reminder` an agent is reminded of a ticket instead.
    """

    at: int
    by: str
    is_reminder: bool


class Due(NamedTuple):
    """A device that is due: what it shows of a conversation, and what it should show.

    `shown_id` and `shown_seq` are 0 where it shows nothing. `is_shown_deleted` says that the
    message it shows was deleted, `is_shown_edited` that it was edited since, `is_mentioned` that an
    unread one mentions the user, and `is_audible` that the conversation is not archived.
    `registered_at` is in microseconds since 1970.
    """

    looked: Looked
    user_id: int
    address: Address
    registered_at: int
    failures: int
    is_participant: bool
    is_audible: bool
    shown_id: int
    shown_seq: int
    is_shown_deleted: bool
    is_shown_edited: bool
    is_mentioned: bool
    read_seq: int
    unread: int
    newest: Newest | None
    added: Added | None
    title: str

    @property
    def place(self) -> Place:
        return self.looked.place


async def look(reads: Reads, places: Sequence[Place], moment: int) -> list[Due]:
    """These notices as they are now, without those whose device is gone."""
    if not places:
        return []
    found: list[Due] = []
    for part in in_parts(places, reads.part):
        here = str(part[0][0]) if reads.form == "citus" else "due.conversation_id"
        sql = LOOK.format(pairs=reads.pairs, here=here)
        found += [_due(*row) for row in await reads.fetch(sql, (moment, listed(part)))]
    return found


def _due(
    conversation_id: int,
    device_id: int,
    added_seq: int,
    shown_id: int,
    shown_seq: int,
    failures: int,
    user_id: int,
    platform: str,
    url: str,
    p256dh: str | None,
    auth: str | None,
    app_id: str | None,
    pushkey: str | None,
    data: str | None,
    registered_at: int,
    is_active: bool,
    last_read_id: int,
    read_seq: int,
    is_audible: bool,
    mention_id: int | None,
    newest_id: int | None,
    unread: int,
    seq: int,
    title: str,
    newest_at: int,
    content: str,
    sender: str,
    is_shown_deleted: bool | None,
    is_shown_edited: bool | None,
    added_at: int | None,
    added_by: str | None,
    reminds: bool | None,
) -> Due:
    since = max(shown_seq, read_seq)
    is_news = added_seq > since or (added_seq == notices.AT_BEGINNING and since == 0)
    added = Added(added_at, added_by or "", bool(reminds)) if is_news and added_at else None
    return Due(
        looked=Looked(Place(conversation_id, device_id), seq, last_read_id),
        user_id=user_id,
        address=Address(platform, url, p256dh, auth, app_id, pushkey, data),
        registered_at=registered_at,
        failures=failures,
        is_participant=bool(is_active) or (added is not None and added.is_reminder),
        is_audible=bool(is_audible),
        shown_id=shown_id,
        shown_seq=shown_seq,
        is_shown_deleted=bool(is_shown_deleted),
        is_shown_edited=bool(is_shown_edited),
        is_mentioned=mention_id is not None,
        read_seq=read_seq,
        unread=unread,
        newest=None if newest_id is None else Newest(newest_id, newest_at, content, sender),
        added=added,
        title=title,
    )


async def badge(reads: Reads, user_id: int, moment: int) -> int:
    """The unread messages of all conversations that the user has neither muted nor archived."""
    ((found,),) = await reads.fetch(BADGE, (user_id, moment))
    return int(found or 0)
