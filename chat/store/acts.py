"""Acts of staff. They are kept for ever, and every process reads them to do its part."""

from collections.abc import Sequence

from msgspec import Struct

from chat import records
from chat.store.database import Database, Reads, Row, Transaction
from chat.times import now, to_text

CREATED, DELETED, EXPORTED = "user.created", "user.deleted", "user.exported"
SUSPENDED, UNSUSPENDED = "user.suspended", "user.unsuspended"
STAFF_BEGAN, STAFF_ENDED = "user.staff_began", "user.staff_ended"
PASSWORD_SET = "user.password_set"  # noqa: S105 - the name of an act
CONVERSATION_DELETED = "conversation.deleted"
CONVERSATION_EXPORTED = "conversation.exported"
MESSAGE_REMOVED = "message.removed"
RETENTION, RESTORED = "retention", "restored"
WEBHOOK_ADDED, WEBHOOK_CHANGED = "webhook.added", "webhook.changed"
WEBHOOK_REMOVED, WEBHOOK_REPLAYED = "webhook.removed", "webhook.replayed"
WEBHOOK_PAUSED = "webhook.paused"
"""By Payam itself. Where staff pause it, that is a change."""
ANSWER_ADDED, ANSWER_CHANGED = "canned_response.added", "canned_response.changed"
ANSWER_REMOVED = "canned_response.removed"
DESK_CHANGED, DESK_SWITCHED = "desk.changed", "desk.switched"
TICKET = "ticket."
"""With the name of the step: `ticket.closed`."""
OF_ACCOUNTS = (DELETED, SUSPENDED, UNSUSPENDED, STAFF_BEGAN, STAFF_ENDED, PASSWORD_SET)
"""What a process must hear of, because it remembers users and their tokens."""

SELECT = """
    SELECT a.id, a.at, a.kind, a.actor_id, by_user.username, a.user_id, of_user.username,
           a.conversation_id, a.message_id, a.detail
    FROM acts AS a LEFT JOIN users AS by_user ON by_user.id = a.actor_id
    LEFT JOIN users AS of_user ON of_user.id = a.user_id
"""


class News(Struct, frozen=True):
    """An act on an account. `is_suspended` is how the user is now."""

    id: int
    kind: str
    user_id: int
    is_suspended: bool


async def write(
    transaction: Transaction,
    actor_id: int | None,
    kind: str,
    *,
    user_id: int | None = None,
    conversation_id: int | None = None,
    message_id: int | None = None,
    detail: str = "",
) -> None:
    """Keep an act, in the transaction that does it. `actor_id` is None on the command
    line, and for what Payam does by itself.
    """
    await transaction.execute(
        """
        INSERT INTO acts (at, actor_id, kind, user_id, conversation_id, message_id, detail)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (now(), actor_id, kind, user_id, conversation_id, message_id, detail),
    )


async def page(
    reads: Reads, before: int | None, limit: int, user_id: int | None = None
) -> list[records.Act]:
    """The newest first; only those about one user, if `user_id` is given."""
    conditions, parameters = ["TRUE"], list[object]()
    if before is not None:
        conditions, parameters = [*conditions, "a.id < ?"], [*parameters, before]
    if user_id is not None:
        conditions, parameters = [*conditions, "a.user_id = ?"], [*parameters, user_id]
    rows = await reads.fetch(
        f"{SELECT} WHERE {' AND '.join(conditions)} ORDER BY a.id DESC LIMIT ?",
        [*parameters, limit],
    )
    return [from_row(row) for row in rows]


def from_row(row: Row) -> records.Act:
    id_, at, kind, by, by_name, user, user_name, conversation, message, detail = row
    return records.Act(
        id=id_,
        kind=kind,
        at=to_text(at),
        by=None if by is None else records.User(by, by_name),
        user=None if user is None else records.User(user, user_name),
        conversation=conversation,
        message=message,
        detail=detail,
    )


async def last_id(reads: Reads) -> int:
    ((last,),) = await reads.fetch("SELECT coalesce(max(id), 0) FROM acts")
    return int(last)


async def after(database: Database, act_id: int, kinds: Sequence[str]) -> list[News]:
    """The acts on accounts behind this one, in order."""
    rows = await database.fetch(
        f"""
        SELECT a.id, a.kind, a.user_id, u.suspended_at IS NOT NULL FROM acts AS a
        JOIN users AS u ON u.id = a.user_id
        WHERE a.id > ? AND a.kind IN ({", ".join("?" * len(kinds))}) ORDER BY a.id
        """,  # noqa: S608 - question marks
        (act_id, *kinds),
    )
    return [News(id_, kind, user_id, bool(suspended)) for id_, kind, user_id, suspended in rows]
