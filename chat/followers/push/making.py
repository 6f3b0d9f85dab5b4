"""Makes what is pushed, from what there is to push."""

from chat.followers.push.delivery import Pushed, Text
from chat.followers.push.planning import Plan
from chat.store.push_looks import Due
from chat.times import now


def pushed_of(due: Due, planned: Plan, badge: int, *, ttl: int, with_content: bool) -> Pushed:
    """`ttl` is in seconds: the push service gets what is left of it."""
    conversation = due.place.conversation_id
    if planned is Plan.READ:
        unread = due.unread if due.is_participant else 0
        return Pushed("read", conversation, unread, badge, ttl)
    left = max(1, ttl - (now() - moment_of(due)) // 1_000_000)
    if planned is Plan.ADDED or due.newest is None:
        is_reminder = due.added is not None and due.added.is_reminder
        by = due.added.by if due.added is not None and not is_reminder else ""
        text = Text(due.title, by, "") if with_content else None
        kind = "reminder" if is_reminder else "added"
        return Pushed(kind, conversation, due.unread, badge, left, text=text)
    newest = due.newest
    return Pushed(
        "edited" if planned is Plan.EDITED else "message",
        conversation,
        due.unread,
        badge,
        left,
        message_id=newest.id,
        sent_at=newest.at,
        is_mention=due.is_mentioned,
        text=Text(due.title, newest.sender, newest.content) if with_content else None,
    )


def moment_of(due: Due) -> int:
    """The moment of what is pushed, in microseconds since 1970."""
    if due.newest is not None:
        return due.newest.at
    return due.added.at if due.added is not None else now()
