"""Erasing a user: the account at once, and then message by message what they wrote.

The row of the user stays as a tombstone, because messages, tickets and changes name it.
"""

from collections.abc import Sequence

from chat.store.avatars import CONVERSATIONS, Avatar
from chat.store.chores import ERASURES
from chat.store.database import Reads, Transaction, listed
from chat.store.users import keys_of
from chat.times import now

TOMBSTONE = "deleted-user-{}"
"""The name that an erased user has, by id."""

ERASE = """
    UPDATE users SET username = ?, password_hash = NULL, password_rounds = NULL, external_id = NULL,
        is_staff = FALSE, last_seen_at = 0, display_name = '', display_name_key = '',
        metadata = NULL, avatar = NULL, avatar_size = NULL, erased_at = ?,
        username_key = CASE
        WHEN NOT EXISTS (SELECT 1 FROM users AS o WHERE o.username_key = ? AND o.id <> ?)
        THEN ? ELSE ? END
    WHERE id = ? AND erased_at IS NULL
"""
END_SIGN_INS = """
    UPDATE token_families SET revoked_at = ? WHERE user_id IN ({ids}) AND revoked_at IS NULL
"""
# What is these users' alone, and nobody else sees.
OWN = (
    "DELETE FROM notices WHERE device_id IN (SELECT id FROM devices WHERE user_id IN ({ids}))",
    "DELETE FROM devices WHERE user_id IN ({ids})",
    "DELETE FROM idempotency_keys WHERE owner_id IN ({ids})",
    "DELETE FROM import_notes WHERE user_id IN ({ids})",
    # They expire now, and go with their files.
    "UPDATE resumable_uploads SET expires_at = 0, name = '', metadata = ''"
    " WHERE user_id IN ({ids})",
    "DELETE FROM blocks WHERE blocker_id IN ({ids})",
    "DELETE FROM blocks WHERE blocked_id IN ({ids})",
    "DELETE FROM invites WHERE created_by IN ({ids})",
    "UPDATE reports SET content = '' WHERE sender_id IN ({ids})",
    "UPDATE reports SET reason = '' WHERE reported_by IN ({ids})",
    "UPDATE acts SET detail = '' WHERE user_id IN ({ids})",
    "UPDATE support_tickets SET languages = '' WHERE created_by IN ({ids}) AND languages <> ''",
    "DELETE FROM guests WHERE user_id IN ({ids})",
    "DELETE FROM guests WHERE joined_id IN ({ids})",
)
# The tickets of a customer, as long as they say something of them.
TICKETS = """
    SELECT id, conversation_id FROM support_tickets
    WHERE created_by = ? AND (subject <> '' OR rating_comment <> '' OR status <> 'closed')
    ORDER BY id
"""
# Of somebody who was an agent, also the conversations that they were never a participant of.
PLACES = """
    SELECT conversation_id FROM participants WHERE user_id = ?
    UNION SELECT conversation_id FROM messages WHERE sender_id = ? AND by_agent
    ORDER BY conversation_id
"""
# A part of the conversation's messages is read by its index, and the user's are taken out of it.
MINE = """
    SELECT max(created_seq), {joined}(CASE WHEN sender_id = ? THEN CAST(id AS text) END, ',')
    FROM (SELECT id, sender_id, created_seq FROM messages
          WHERE conversation_id = ? AND created_seq > ? ORDER BY created_seq LIMIT ?) AS part
"""


async def begin(transaction: Transaction, user_id: int) -> bool:
    """Make the user a tombstone, end their sign-ins, and note what is to be done. Returns False for
    a user who is one already. The same happens to the guests whom the user was before.
    """
    if not await transaction.execute(ERASE, values_of(user_id)):
        return False
    await forget(transaction, user_id)
    await ERASURES.add(transaction, [user_id])
    return True


def values_of(user_id: int) -> tuple[object, ...]:
    """The parameters of ERASE."""
    name = TOMBSTONE.format(user_id)
    key, apart = keys_of(user_id, name)
    return name, now(), key, user_id, key, apart, user_id


async def forget(transaction: Transaction, user_id: int) -> None:
    """End the user's sign-ins, delete what is theirs alone, and erase the guests whom they were.
    Repeated, it changes nothing.
    """
    guests = await guests_of(transaction, user_id)
    await transaction.execute_many(ERASE, [values_of(guest_id) for guest_id in guests])
    await ERASURES.add(transaction, guests)
    everybody = listed([user_id, *guests])
    ids = transaction.ids
    await transaction.execute(END_SIGN_INS.format(ids=ids), (now(), everybody))
    for statement in OWN:
        await transaction.execute(statement.format(ids=ids), (everybody,))


async def guests_of(reads: Reads, user_id: int) -> list[int]:
    """The guests whose conversations joined this user."""
    rows = await reads.fetch(
        "SELECT user_id FROM guests WHERE joined_id = ? ORDER BY user_id", (user_id,)
    )
    return [id_ for (id_,) in rows]


async def tickets(reads: Reads, user_id: int) -> list[tuple[int, int]]:
    """The user's tickets from which something is to be taken: each one's id and conversation."""
    return [(id_, place) for id_, place in await reads.fetch(TICKETS, (user_id,))]


async def conversations(reads: Reads, user_id: int) -> list[int]:
    """The conversations in which the user is, was, or wrote as an agent."""
    return [id_ for (id_,) in await reads.fetch(PLACES, (user_id, user_id))]


async def messages_of(
    reads: Reads, conversation_id: int, user_id: int, after: int, most: int
) -> tuple[int | None, list[int]]:
    """The user's messages among the next `most` after this `seq`, and the last `seq`; None if there
    are no more.
    """
    ((last, ids),) = await reads.fetch(
        MINE.format(joined=reads.joined), (user_id, conversation_id, after, most)
    )
    return last, sorted(int(id_) for id_ in (ids or "").split(",") if id_)


async def blank(
    transaction: Transaction,
    conversation_id: int,
    message_ids: Sequence[int],
    *,
    is_erasure: bool = False,
) -> None:
    """Forget what deleted messages said, and what was kept with them.

    Where the sender is erased, this is also the `client_id`, and the hash of the text beside it:
    nobody comes to send the message again.
    """
    ids = ", client_id = NULL, fingerprint = NULL" if is_erasure else ""
    await transaction.execute(
        f"""
        UPDATE messages SET content = '', metadata = NULL{ids}
        WHERE {transaction.not_by}conversation_id = ? AND is_deleted AND id IN ({transaction.ids})
        """,  # noqa: S608 - of ours
        (conversation_id, listed(message_ids)),
    )


async def undress(transaction: Transaction, conversation_id: int) -> Avatar | None:
    """Forget the title of a conversation in which nobody is any more. Returns its picture."""
    emptied = await transaction.execute(
        """
        UPDATE conversations SET title = '', metadata = NULL WHERE id = ? AND participant_count = 0
        """,
        (conversation_id,),
    )
    return await CONVERSATIONS.put(transaction, conversation_id, None) if emptied else None
