"""Marks of reading that were made while a client was away."""

from chat.store import read_marks
from chat.store.database import Database
from chat.store.read_marks import MARKED_MOST, MARKS_MOST, Mark
from tests.store.world import Changes, conversation, pair, read_up_to, sent, user


async def marks(database: Database, talk: int, since: int, user_id: int) -> list[Mark]:
    found = await read_marks.marks_since(database, {talk: since}, user_id)
    return found.get(talk, [])


async def test_a_mark_is_given_to_who_left_before_it(database: Database) -> None:
    """Also where nothing else changed meanwhile; and not to who has come further since."""
    talk, ali, sara = await pair(database)
    first = await sent(database, talk, ali)
    second = await sent(database, talk, ali)
    assert await marks(database, talk, 2, ali) == []
    await read_up_to(database, talk, sara, first.id)
    assert await marks(database, talk, 2, ali) == [Mark(sara, "sara", first.id)]
    await sent(database, talk, ali)
    await read_up_to(database, talk, sara, second.id)
    for since in (0, 2, 3):
        assert await marks(database, talk, since, ali) == [Mark(sara, "sara", second.id)]
    assert await marks(database, talk, 4, ali) == []


async def test_nothing_is_given_of_who_never_read_or_left(database: Database) -> None:
    """Nor is there a mark of a joining, though what was said before counts as read."""
    talk, ali, sara = await pair(database)
    reza = await user(database, "reza")
    message = await sent(database, talk, ali)
    await read_up_to(database, talk, sara, message.id)
    await Changes(database, talk).leave(sara)
    await Changes(database, talk).join(reza)
    assert await marks(database, talk, 1, ali) == []


async def test_ones_own_mark_is_among_them(database: Database) -> None:
    """It may have been made on another device."""
    talk, ali, _ = await pair(database)
    message = await sent(database, talk, ali)
    await read_up_to(database, talk, ali, message.id)
    assert await marks(database, talk, 1, ali) == [Mark(ali, "ali", message.id)]


async def test_of_many_the_newest_are_given_and_ones_own(database: Database) -> None:
    """In the order in which they were made, as far as that is known."""
    readers = [await user(database, f"user{n}") for n in range(MARKS_MOST + 6)]
    me, *others = readers
    talk = await conversation(database, *readers)
    message = await sent(database, talk, me)
    await read_up_to(database, talk, me, message.id)
    for reader in others:
        await sent(database, talk, me)
        await read_up_to(database, talk, reader, message.id)
    found = await marks(database, talk, 0, me)
    assert [mark.user_id for mark in found] == [me, *others[-MARKS_MOST:]]


async def test_many_conversations_are_asked_at_once(database: Database) -> None:
    """Each from its own point; one of too many participants has only one's own."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    talks = [await conversation(database, ali, sara) for _ in range(3)]
    ids = [(await sent(database, talk, ali)).id for talk in talks]
    for talk, message_id in zip(talks, ids, strict=True):
        await read_up_to(database, talk, sara, message_id)
    async with database.transaction() as transaction:
        await transaction.execute(
            "UPDATE conversations SET participant_count = ? WHERE id = ?",
            (MARKED_MOST + 1, talks[2]),
        )
    points = {talks[0]: 1, talks[1]: 2, talks[2]: 0}
    few = {talks[0]: [Mark(sara, "sara", ids[0])]}
    assert await read_marks.marks_since(database, points, ali) == few
    own = {talks[2]: [Mark(sara, "sara", ids[2])]}
    assert await read_marks.marks_since(database, points, sara) == few | own
    assert await read_marks.marks_since(database, {talks[2]: 2}, sara) == {}
