"""Which message a message replies to, and how many reply to it."""

from collections.abc import Iterable

from chat import records
from chat.errors import InvalidInput
from chat.store import participants
from chat.store.database import Reads, listed
from chat.store.sends import Send, not_a_participant

QUOTE_MAX_LENGTH = 500
"""Characters of a message that its replies repeat."""

Place = tuple[int, int]
"""A conversation and a message of it."""

PARENTS = f"""
    SELECT m.conversation_id, m.id, u.id, u.username,
           CASE WHEN m.is_deleted THEN '' ELSE substr(m.content, 1, {QUOTE_MAX_LENGTH}) END,
           m.is_deleted
    FROM ({{pairs}}) AS place
    JOIN messages AS m ON m.conversation_id = place.one AND m.id = place.two
    JOIN users AS u ON u.id = m.sender_id
"""  # noqa: S608 - of ours
# Within the statement that reads the messages, so that all of a message is one snapshot.
OF_ROW = """
    (SELECT count(*) FILTER (WHERE NOT r.is_deleted) || ',' || coalesce(max(r.seq), 0)
     FROM messages AS r WHERE r.conversation_id = {conversation} AND r.reply_to = m.id)
"""
"""An expression for the replies to the message `m` of a conversation."""


def of_row(text: str | None) -> tuple[int, int]:
    """What OF_ROW has found: how many replies there are, and the last change of them."""
    if text is None:
        return 0, 0
    count, _, seq = text.partition(",")
    return int(count), int(seq)


async def parents(reads: Reads, places: Iterable[Place]) -> dict[Place, records.Parent]:
    """The messages at these places, as their replies show them."""
    wanted = sorted(set(places))
    if not wanted:
        return {}
    rows = await reads.fetch(PARENTS.format(pairs=reads.pairs), (listed(wanted),))
    return {
        (conversation_id, id_): records.Parent(
            id_, records.User(sender_id, username), content, bool(is_deleted)
        )
        for conversation_id, id_, sender_id, username, content, is_deleted in rows
    }


async def find_of_sends(reads: Reads, sends: Iterable[Send]) -> None:
    """Give each message that is about to be stored the message that it replies to.

    One that replies to no message of its conversation gets the `error`.
    """
    replying = [
        (send, send.extras, (send.conversation_id, send.extras.reply_to))
        for send in sends
        if send.extras is not None and send.extras.reply_to is not None
    ]
    found = await parents(reads, [place for _, _, place in replying])
    for send, extras, place in replying:
        extras.parent = found.get(place)
        if extras.parent is not None:
            continue
        # Somebody who is not in the conversation learns nothing of what is in it.
        if await participants.may_enter(reads, send.conversation_id, send.sender_id):
            send.error = no_such_parent()
        else:
            send.error = not_a_participant()


def no_such_parent() -> InvalidInput:
    return InvalidInput({"reply_to": ["There is no such message in this conversation."]})
