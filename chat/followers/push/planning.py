"""Decides what to do for a device that is due, by what it shows and what is unread.

1. It shows nothing, and message 5 is unread. The user is online: look again, for two minutes after
   the message. The user is away: push.
2. It shows 5, and 7 is unread: push, which takes the place of the first.
3. It shows 7, and nothing is unread: push `read`, which takes the notification away. The same where
   7 is deleted, and what is unread besides is muted.
4. It shows the text of 7, and 7 is edited: push `edited`, which replaces the text without a sound.
"""

from enum import Enum

from chat.store.push_looks import Due

WATCH_SECONDS = 120.0
"""For so long after a message its reader may be online on a connection that is dead already."""


class Plan(Enum):
    MESSAGE = "message"
    ADDED = "added"
    EDITED = "edited"
    READ = "read"
    WAIT = "wait"
    KEEP = "keep"
    DROP = "drop"


def plan(
    due: Due, moment: int, *, ttl: float, is_online: bool, watch: float, with_content: bool
) -> Plan:
    """`moment` is in microseconds since 1970; `ttl` and `watch` are in seconds.

    `with_content` says that devices show texts.
    """
    quiet = Plan.KEEP if due.shown_seq else Plan.DROP
    if not due.is_participant:
        return Plan.READ if due.shown_seq else Plan.DROP
    kind, at = news(due, moment - int(ttl * 1_000_000))
    if kind is not None and due.is_audible:
        if not is_online:
            return kind
        return Plan.WAIT if moment - at < watch * 1_000_000 else quiet
    if due.shown_seq and is_seen(due):
        return Plan.READ
    is_outdated = with_content and due.is_shown_edited
    if is_outdated and due.newest is not None and due.newest.id == due.shown_id:
        return Plan.EDITED
    # A muted conversation shows a message for its mention, which an edit may take away.
    if not (due.is_shown_deleted or is_outdated):
        return quiet
    # What it shows is gone. Another unread message takes its place, if one may be pushed now.
    is_replaced = due.newest is not None and due.is_audible and not is_online
    return Plan.MESSAGE if is_replaced else Plan.READ


def news(due: Due, oldest: int) -> tuple[Plan | None, int]:
    """The plan for what the device has not shown, and the moment of that."""
    if due.newest is not None and due.newest.id > due.shown_id and due.newest.at >= oldest:
        return Plan.MESSAGE, due.newest.at
    if due.added is not None and due.added.at >= oldest:
        return (Plan.ADDED if due.newest is None else Plan.MESSAGE), due.added.at
    return None, 0


def is_seen(due: Due) -> bool:
    """Whether the user has read, or somebody deleted, all that the device shows."""
    if due.unread:
        return False
    return due.shown_id > 0 or due.read_seq >= due.shown_seq
