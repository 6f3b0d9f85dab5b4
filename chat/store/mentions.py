"""Who is mentioned in which message: participants, by the names that the text has."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from chat import records
from chat.store.database import Reads, Transaction, listed
from chat.store.sends import Send
from chat.text.mentions import Named

# The names are few, and the participants may be many: so the names come first.
FIND = """
    SELECT p.conversation_id, u.username_key, u.id, u.username
    FROM users AS u CROSS JOIN participants AS p
    WHERE u.username_key IN ({texts}) AND p.user_id = u.id AND p.is_active
      AND p.conversation_id IN ({ids})
"""
OF_PLACES = """
    SELECT n.conversation_id, n.message_id, u.id, u.username
    FROM ({pairs}) AS place
    JOIN mentions AS n ON n.conversation_id = place.one AND n.message_id = place.two
    JOIN users AS u ON u.id = n.user_id
    ORDER BY u.id
"""
INSERT = """
    INSERT INTO mentions (conversation_id, user_id, message_id, is_own) VALUES (?, ?, ?, ?)
"""

Place = tuple[int, int]
"""A conversation and a message of it."""


async def find(reads: Reads, wanted: Sequence[tuple[int, Named]]) -> list[list[records.User]]:
    """For each conversation and the names in a text, those participants who are named, by id."""
    keys = {key for _, named in wanted for spellings in named for key in spellings}
    sql = FIND.format(texts=reads.texts, ids=reads.ids)
    rows = await reads.fetch(sql, (listed(keys), listed({one for one, _ in wanted})))
    known = {(conversation_id, key): records.User(*user) for conversation_id, key, *user in rows}
    return [participants_of(known, conversation_id, named) for conversation_id, named in wanted]


def participants_of(
    known: dict[tuple[int, str], records.User], conversation_id: int, named: Named
) -> list[records.User]:
    """For each mention, the first name that is a participant's."""
    found: dict[int, records.User] = {}
    for spellings in named:
        for key in spellings:
            user = known.get((conversation_id, key))
            if user is not None:
                found[user.id] = user
                break
    return [found[user_id] for user_id in sorted(found)]


async def find_of_sends(reads: Reads, sends: Iterable[Send]) -> None:
    """Give each message that is about to be stored the participants whom it mentions."""
    naming = [send for send in sends if send.extras is not None and send.extras.named]
    if not naming:
        return
    wanted = [(send.conversation_id, send.extras.named) for send in naming if send.extras]
    for send, users in zip(naming, await find(reads, wanted), strict=True):
        if send.extras is not None:
            send.extras.mentions = users


async def of_places(reads: Reads, places: Sequence[Place]) -> dict[Place, list[records.User]]:
    """Those who are mentioned in each message, by id; without those in which nobody is."""
    found: dict[Place, list[records.User]] = defaultdict(list)
    if places:
        rows = await reads.fetch(OF_PLACES.format(pairs=reads.pairs), (listed(places),))
        for conversation_id, message_id, *user in rows:
            found[conversation_id, message_id].append(records.User(*user))
    return found


async def add(transaction: Transaction, rows: Sequence[tuple[int, int, int, bool]]) -> None:
    """Each is a conversation, who is mentioned, a new message, and whether that is its sender."""
    await transaction.execute_many(INSERT, rows)


async def remove_all(
    transaction: Transaction, conversation_id: int, message_ids: Sequence[int]
) -> None:
    """These messages mention nobody any more."""
    await transaction.execute(
        f"""
        DELETE FROM mentions WHERE conversation_id = ? AND message_id IN ({transaction.ids})
        """,  # noqa: S608 - of ours
        (conversation_id, listed(message_ids)),
    )


async def put(
    transaction: Transaction,
    conversation_id: int,
    message_id: int,
    sender_id: int,
    users: Sequence[records.User],
) -> None:
    """The message mentions these users now, and nobody else."""
    await remove_all(transaction, conversation_id, [message_id])
    if users:
        await transaction.execute_many(
            INSERT, [(conversation_id, one.id, message_id, one.id == sender_id) for one in users]
        )
