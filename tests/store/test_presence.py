"""In which conversations a user's presence is heard of, and what is kept of it."""

from chat.store import presence
from chat.store.database import Database, listed
from chat.store.presence import JOINED, SHARED, SHARED_MAX
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


NUMBERS = "WITH RECURSIVE n (id) AS (SELECT 1000 UNION ALL SELECT id + 1 FROM n WHERE id < 2999)"
CONVERSATIONS = """
    INSERT INTO conversations (id, title, created_by, created_at, active_at, seq, is_direct,
        title_seq, participant_count, changed)
    {numbers} SELECT id, '', {user}, 0, 0, 0, false, 0, 2, 0 FROM n
"""
PARTICIPANTS = """
    INSERT INTO participants (conversation_id, user_id, is_active, seq, last_read_id, read_seq,
        changed, is_archived, is_pinned, is_blocked, role, role_seq)
    {numbers} SELECT id, {user}, true, 0, 0, 0, 0, false, false, false, 'member', 0 FROM n
"""


async def test_presence_reads_only_the_users_own_conversations(database: Database) -> None:
    """Not all that there are, for each user, however many the user has."""
    ali = await user(database, "ali")
    async with database.transaction() as transaction:
        for statement in (CONVERSATIONS, PARTICIPANTS):
            await transaction.execute(statement.format(numbers=NUMBERS, user=ali))
    if database.dialect == "postgresql":
        async with database.transaction() as transaction:
            await transaction.execute("ANALYZE conversations, participants")
        explain, whole = "EXPLAIN", "Seq Scan on conversations"
    else:
        explain, whole = "EXPLAIN QUERY PLAN", "SCAN c"
    sql = SHARED[database.form].format(
        joined=JOINED[database.dialect], most=SHARED_MAX, ids=database.ids
    )
    plan = repr(await database.fetch(f"{explain} {sql}", (listed([ali]),)))
    assert whole not in plan


async def test_when_a_user_was_last_seen_is_kept(database: Database) -> None:
    """Nothing is known of who never was."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    async with database.transaction() as transaction:
        await presence.keep(transaction, {ali: MOMENT})
    assert await presence.last_seen(database, [ali, sara]) == {ali: to_text(MOMENT)}
