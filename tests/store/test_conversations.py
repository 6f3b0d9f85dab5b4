"""Conversations: a user's list, participants, unread counts, change numbers."""

import asyncio
from math import inf

import pytest

from chat.auth.identity import Identity
from chat.errors import InvalidInput, NotFound, Unavailable
from chat.records import LastMessage, Profile, User
from chat.services.conversations import LIST_PART, Conversations
from chat.services.direct_conversations import DirectConversations
from chat.store import (
    conversation_list,
    conversations,
    messages,
    participants,
    points,
    support_tickets,
    users,
)
from chat.store.database import Database, listed
from chat.store.messages import Reader
from chat.store.writer import Writer
from tests.store.world import (
    MOMENT,
    Changes,
    all_of,
    conversation,
    draft,
    pair,
    read_up_to,
    sent,
    user,
    writing,
)


async def crowd(database: Database, size: int) -> list[int]:
    """The ids of so many users."""
    async with database.transaction() as transaction:
        await users.seed(transaction, size, None)
    return [id_ for (id_,) in await database.fetch("SELECT id FROM users ORDER BY id")]


async def test_of_many_participants_some_are_shown_and_all_counted(database: Database) -> None:
    """The first by id, and who asks; in the list as alone. Those who left do not count."""
    people = await crowd(database, 103)
    talk = await conversation(database, *people)
    await Changes(database, talk).leave(people[0])
    for who, shown in ((people[1], people[1:101]), (people[-1], [*people[1:100], people[-1]])):
        found = await conversation_list.one(database, talk, who)
        assert found is not None
        assert [user.id for user in found.participants] == shown
        assert found.participant_count == 102
        assert await all_of(database, who) == [found]


async def test_participants_are_read_page_by_page(database: Database) -> None:
    """By id, without those who left."""
    people = await crowd(database, 6)
    talk = await conversation(database, *people)
    await Changes(database, talk).leave(people[2])
    pages, after = [], 0
    while page := await participants.page(database, talk, after, 2):
        pages.append([user.id for user in page])
        after = page[-1].id
    first, second, _, fourth, fifth, last = people
    assert pages == [[first, second], [fourth, fifth], [last]]


async def test_a_conversation_has_no_more_participants_than_it_may(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would make it more is refused whole, and changes nothing."""
    monkeypatch.setattr("chat.services.conversations.PARTICIPANTS_MAX", 4)
    people = await crowd(database, 5)
    ali = Identity(people[0], "user1", False, inf, None)
    async with writing(database) as writer:
        service = Conversations(database, writer, per_request=10)
        talk = (await service.create(ali, people[1:3], ""))[0].id
        with pytest.raises(InvalidInput, match="3 participants of at most 4"):
            await service.add(ali, talk, "user_ids", people[3:])
        assert (await service.get(ali, talk)).seq == 0
        await service.add(ali, talk, "user_ids", people[:4])
        assert (await service.get(ali, talk)).participant_count == 4


async def test_own_messages_are_read_when_every_other_has(database: Database) -> None:
    """Who has left does not count, and alone there is nobody to wait for."""
    ali, sara, reza = await crowd(database, 3)
    talk = await conversation(database, ali, sara, reza)
    said = await sent(database, talk, ali)

    async def is_read(who: int) -> bool:
        found = await conversation_list.one(database, talk, who)
        assert found is not None
        assert found.last_message is not None
        return found.last_message.is_read

    await read_up_to(database, talk, sara, said.id)
    assert [await is_read(who) for who in (ali, sara, reza)] == [False, True, False]
    await Changes(database, talk).leave(reza)
    assert await is_read(ali)
    await Changes(database, talk).leave(sara)
    assert await is_read(ali)


async def test_a_new_conversation_is_empty_and_has_its_participants(database: Database) -> None:
    """In the order of their ids, with the title that was given."""
    sara, ali = await user(database, "sara"), await user(database, "ali")
    talk = await conversation(database, ali, sara, title="کار")
    found = await conversation_list.one(database, talk, ali)
    assert found is not None
    assert found.participants == [Profile(sara, "sara"), Profile(ali, "ali")]
    assert (found.title, found.last_message, found.support_ticket) == ("کار", None, None)
    assert (found.unread_count, found.seq) == (0, 0)


@pytest.mark.parametrize("who", ["stranger", "left", "unknown"])
async def test_a_conversation_shows_to_its_participants_only(database: Database, who: str) -> None:
    """To others it is as if it were not there, in the list too."""
    talk, ali, sara = await pair(database)
    stranger = await user(database, "stranger")
    if who == "left":
        await Changes(database, talk).leave(sara)
    asking = {"stranger": stranger, "left": sara, "unknown": ali}[who]
    asked = talk + 1 if who == "unknown" else talk
    assert await conversation_list.one(database, asked, asking) is None
    with pytest.raises(NotFound):
        await messages.before(database, Reader(asked, asking), None, 10)
    assert await points.point_for(database, asked, asking) is None
    listed = await all_of(database, asking)
    assert [one.id for one in listed] == ([talk] if who == "unknown" else [])


async def test_the_list_has_the_most_recently_active_first(database: Database) -> None:
    """A message makes a conversation active, as its beginning did; an edit does not."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(3)]
    later = draft(talks[0], ali, created_at=MOMENT * 2)
    latest = draft(talks[1], ali, created_at=MOMENT * 3)
    await database.store_sends([later, latest])
    await Changes(database, talks[0]).edit(later.id, "edited")
    listed = await all_of(database, ali)
    assert [one.id for one in listed] == [talks[1], talks[0], talks[2]]


async def test_a_filter_is_the_same_statement_at_every_moment(
    database: Database, statements: list[str]
) -> None:
    """So the database need not prepare it anew."""
    talk, ali, _ = await pair(database)
    statements.clear()
    asked = {"muted": False, "archived": False, "pinned": False, "direct": False}
    for _ in range(2):
        await asyncio.sleep(0.001)
        found, behind = await conversation_list.page(database, ali, None, 5, asked)
        assert ([one.id for one in found], behind) == ([talk], None)
        assert await conversation_list.ids(database, ali, asked) == [talk]
    assert statements[:2] == statements[2:]


async def test_the_list_and_one_of_it_show_the_same(database: Database) -> None:
    """Whether a conversation is asked for alone or among others."""
    talk, ali, sara = await pair(database)
    other = await conversation(database, sara, ali, title="other")
    await sent(database, talk, sara)
    await Changes(database, other).open_ticket(ali)
    for who in (ali, sara):
        for found in await all_of(database, who):
            assert found == await conversation_list.one(database, found.id, who)


async def test_the_last_message_is_shown_without_the_text_of_a_deleted_one(
    database: Database,
) -> None:
    """It stays the last, and is read or not for the one who asks."""
    talk, ali, sara = await pair(database)
    message = await sent(database, talk, ali, "secret")
    await Changes(database, talk).delete(message.id)
    await read_up_to(database, talk, sara, message.id)
    found = await conversation_list.one(database, talk, ali)
    assert found is not None
    assert found.last_message == LastMessage(
        message.id, User(ali, "ali"), "", "2023-10-27T10:00:00Z", True
    )


async def test_unread_are_the_others_messages_after_what_was_read(database: Database) -> None:
    """Not one's own, not deleted ones, and not what was said before one joined."""
    talk, ali, sara = await pair(database)
    hers = [await sent(database, talk, sara) for _ in range(4)]
    await sent(database, talk, ali)
    reza = await user(database, "reza")
    make = Changes(database, talk)
    await make.delete(hers[3].id)
    await make.join(reza)
    await sent(database, talk, sara)

    async def unread(who: int) -> int:
        found = await conversation_list.one(database, talk, who)
        assert found is not None
        return found.unread_count

    assert [await unread(who) for who in (ali, sara, reza)] == [4, 1, 1]
    await read_up_to(database, talk, ali, hers[1].id)
    assert await unread(ali) == 2


async def test_only_a_ticket_that_is_not_closed_shows(database: Database) -> None:
    """A closed one is gone from the conversation, and makes room for the next."""
    talk, ali, _ = await pair(database)
    make = Changes(database, talk)
    await make.open_ticket(ali, "first")
    found = await conversation_list.one(database, talk, ali)
    assert found is not None
    assert found.support_ticket is not None
    assert found.support_ticket.subject == "first"
    with pytest.raises(Exception, match=r"(?i)unique"):
        await make.open_ticket(ali, "second")
    async with make.next() as (transaction, seq):
        await transaction.execute("UPDATE support_tickets SET status = 'closed', seq = ?", (seq,))
    found = await conversation_list.one(database, talk, ali)
    assert found is not None
    assert found.support_ticket is None
    await make.open_ticket(ali, "third")
    page = await support_tickets.page(database, support_tickets.Wanted(), None, 10)
    assert [ticket.subject for ticket in page] == ["third", "first"]


async def fill(database: Database, most: int, people: tuple[int, int]) -> None:
    """So many conversations of two, with ids from 1, two of each moment, each with a ticket."""
    ali, sara = people
    async with database.transaction() as transaction:
        for table, columns, values in (
            (
                "conversations",
                "id, created_by, created_at, active_at, participant_count",
                f"n, {ali}, 1, n / 2, 2",
            ),
            ("participants", "conversation_id, user_id", f"n, {ali}"),
            ("participants", "conversation_id, user_id", f"n, {sara}"),
            (
                "support_tickets",
                "conversation_id, seq, subject, status, priority, created_by, created_at,"
                " updated_at",
                f"n, 1, 'x', 'open', 'low', {ali}, 1, 1",
            ),
        ):
            await transaction.execute(
                f"INSERT INTO {table} ({columns})"  # noqa: S608 - all of it this test's
                f" WITH s(n) AS ({database.ids}) SELECT {values} FROM s",
                (listed(range(1, most + 1)),),
            )
        if database.dialect == "postgresql":
            # By itself it may look meanwhile, and count none of what is not committed: each
            # conversation is then looked for among all.
            await transaction.execute("ANALYZE conversations, participants, support_tickets")


async def test_a_list_of_more_conversations_than_a_statement_takes(database: Database) -> None:
    """All are listed, in order, each with its ticket; and so is a page far behind."""
    most = 70_000  # PostgreSQL takes 65,535 parameters
    ali, sara = await user(database, "ali"), await user(database, "sara")
    await fill(database, most, (ali, sara))
    who = Identity(ali, "ali", False, inf, None)
    async with writing(database) as writer:
        service = Conversations(database, writer, per_request=1)
        ids = await service.ids(who)
        assert ids == list(range(most, 0, -1))
        parts = [part async for part in service.parts(who, ids[::50])]
        every = [one for part in parts for one in part]
        assert [one.id for one in every] == ids[::50]
        assert all(one.support_ticket and one.participant_count == 2 for one in every)
        assert max(len(part) for part in parts) == LIST_PART
        page, cursor = await service.page(who, "5.10", 200)
        assert ([one.id for one in page], cursor) == ([*range(9, 0, -1)], None)


async def test_a_conversation_begins_through_the_writer(database: Database) -> None:
    """It waits its turn as every change does, and is refused where too much waits."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    who = Identity(ali, "ali", False, inf, None)
    writer = Writer(database, lambda events: None, doubt=lambda ids: None, capacity=2, timeout=60)
    service = Conversations(database, writer, per_request=1)
    direct = DirectConversations(database, writer, service)
    group = asyncio.create_task(service.create(who, [sara], "group"))
    pair_of_two = asyncio.create_task(direct.begin(who, [sara], "", None))
    async with asyncio.timeout(60):
        while writer.backlog < 2:
            await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await service.create(who, [sara], "one too many")
    assert await database.fetch("SELECT id FROM conversations") == []
    writer.close()
    await writer.run()
    for begun, title in ((group, "group"), (pair_of_two, "")):
        conversation, is_new = await begun
        assert (conversation.title, conversation.seq, is_new) == (title, 0, True)
        assert conversation.participant_count == 2
    assert len(await all_of(database, sara)) == 2


async def last_read(database: Database, talk: int, user_id: int) -> int:
    ((message_id,),) = await database.fetch(
        "SELECT last_read_id FROM participants WHERE conversation_id = ? AND user_id = ?",
        (talk, user_id),
    )
    return int(message_id)


async def test_reading_moves_forward_only(database: Database) -> None:
    """What was read stays read, and who is not in it reads nothing."""
    talk, ali, sara = await pair(database)
    first, second = [await sent(database, talk, sara) for _ in range(2)]
    assert await read_up_to(database, talk, ali, second.id)
    assert not await read_up_to(database, talk, ali, second.id)
    assert not await read_up_to(database, talk, ali, first.id)
    assert await last_read(database, talk, ali) == second.id
    await Changes(database, talk).leave(sara)
    assert not await read_up_to(database, talk, sara, second.id)


async def test_who_comes_back_has_missed_nothing_as_unread(database: Database) -> None:
    """Joining again counts what was said meanwhile as read."""
    talk, ali, sara = await pair(database)
    make = Changes(database, talk)
    await make.leave(sara)
    missed = await sent(database, talk, ali)
    await make.join(sara)
    assert await last_read(database, talk, sara) == missed.id


async def test_change_numbers_of_more_conversations_than_a_statement_takes(
    database: Database,
) -> None:
    """A process may have that many open; those that do not exist are left out."""
    talk, ali, _ = await pair(database)
    await sent(database, talk, ali)
    assert await conversations.seqs(database, range(talk, talk + 70_000)) == {talk: 1}
    assert await conversations.seqs(database, []) == {}
