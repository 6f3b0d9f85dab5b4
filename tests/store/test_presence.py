"""In which conversations a user's presence is heard of, and what is kept of it."""

from chat.store import presence
from chat.store.database import Database
from chat.store.presence import SHARED_MAX
from chat.times import to_text
from tests.store.world import MOMENT, Changes, conversation, user


async def test_presence_is_heard_of_in_small_conversations(database: Database) -> None:
    """Not in large ones, not where the user has left or nobody else is."""
    ali = await user(database, "ali")
    crowd = [await user(database, f"user{number}") for number in range(SHARED_MAX)]
    small = await conversation(database, ali, crowd[0])
    fitting = await conversation(database, ali, *crowd[1:])
    await conversation(database, ali, *crowd)
    await conversation(database, ali)
    left = await conversation(database, ali, crowd[0], crowd[1])
    await Changes(database, left).leave(ali)
    found = await presence.shared(database, [ali, crowd[0], 10**9])
    assert set(found) == {ali, crowd[0]}
    name, conversations = found[ali]
    assert (name, sorted(conversations)) == ("ali", [small, fitting])
    assert sorted(found[crowd[0]][1]) == [small, left]


async def test_when_a_user_was_last_seen_is_kept(database: Database) -> None:
    """Nothing is known of who never was."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    async with database.transaction() as transaction:
        await presence.keep(transaction, {ali: MOMENT})
    assert await presence.last_seen(database, [ali, sara]) == {ali: to_text(MOMENT)}
