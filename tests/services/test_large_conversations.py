"""A conversation of as many as there may be: nothing is estimated, and nothing is left out."""

import asyncio

from chat import records
from chat.auth.identity import Identity
from chat.services.conversations import PARTICIPANTS_MAX
from chat.services.reactions import Reactions
from chat.store import conversation_list, messages, users
from chat.store.database import Database
from chat.store.messages import Reader
from tests.store.world import conversation, read_up_to, sent, writing

SENDER, LAST = 1, PARTICIPANTS_MAX
REACTING = range(2, 402)
BACK = range(2, 102)
TOGETHER = 50
OTHERS_READ = """
    UPDATE participants SET last_read_id = ? WHERE conversation_id = ? AND user_id NOT IN (?, ?)
"""


def identity(user_id: int) -> Identity:
    return Identity(user_id, f"user{user_id}", False, 0.0, None)


async def filled(database: Database) -> int:
    """A conversation of user1, user2, … and all the others."""
    async with database.transaction() as transaction:
        await users.seed(transaction, PARTICIPANTS_MAX, None)
    return await conversation(database, *range(1, PARTICIPANTS_MAX + 1), title="all")


async def test_among_10_000_every_reaction_and_mark_counts(database: Database) -> None:
    """Of 400 who react 100 take it back. What one has not read is unread for this one alone."""
    talk = await filled(database)
    first, second = [(await sent(database, talk, SENDER)).id for _ in range(2)]
    async with writing(database) as writer:
        reactions = Reactions(database, writer)
        for people, is_there in ((REACTING, True), (BACK, False)):
            for start in range(0, len(people), TOGETHER):
                await asyncio.gather(
                    *(
                        reactions.put(identity(one), talk, first, "👍", is_there=is_there)
                        for one in people[start : start + TOGETHER]
                    )
                )
    for reader, is_theirs in ((BACK[-1], False), (REACTING[-1], True)):
        message = await messages.one(database, Reader(talk, reader), first)
        assert message is not None
        assert message.reactions == [records.Reactions("👍", 300, is_theirs)]

    async def shown(user_id: int) -> tuple[int, int, bool]:
        """How many take part, what is unread, and whether all have read the last message."""
        found = await conversation_list.one(database, talk, user_id)
        assert found is not None
        assert found.last_message is not None
        return found.participant_count, found.unread_count, found.last_message.is_read

    assert [await shown(one) for one in (SENDER, 2, LAST)] == [
        (PARTICIPANTS_MAX, 0, False),
        (PARTICIPANTS_MAX, 2, False),
        (PARTICIPANTS_MAX, 2, False),
    ]
    async with database.transaction() as transaction:
        await transaction.execute(OTHERS_READ, (second, talk, SENDER, LAST))
    await read_up_to(database, talk, LAST, first)
    assert [await shown(one) for one in (SENDER, 2, LAST)] == [
        (PARTICIPANTS_MAX, 0, False),
        (PARTICIPANTS_MAX, 0, True),
        (PARTICIPANTS_MAX, 1, False),
    ]
    await read_up_to(database, talk, LAST, second)
    assert [await shown(one) for one in (SENDER, LAST)] == [
        (PARTICIPANTS_MAX, 0, True),
        (PARTICIPANTS_MAX, 0, True),
    ]
