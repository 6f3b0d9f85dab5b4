"""Messages as a participant sees them: pages, read marks, what changed after a point."""

import pytest
from msgspec import UNSET, Raw
from msgspec.structs import replace

from chat.changes import reading
from chat.records import Message, Reactions, User, attachment_url
from chat.store import export, mentions, message_changes, messages
from chat.store.database import Database
from chat.store.messages import Reader
from chat.store.postgres.exchange import numbered
from chat.store.sends import Extras
from tests.store.world import Changes, conversation, draft, pair, read_up_to, sent


async def changed(database: Database, talk: int, seq: int, limit: int) -> list[tuple[int, int]]:
    """Id and seq of each message of a page of changes."""
    found = await reading.changed_messages(database, 0, talk, seq, limit)
    return list(found.items())


async def test_a_message_has_everything_that_its_reader_may_know(database: Database) -> None:
    """Its key is for the sender alone."""
    talk, ali, sara = await pair(database)
    send = draft(talk, ali, "سلام", "key")
    await database.store_sends([send])
    expected = Message(
        id=send.id,
        sender=User(ali, "ali"),
        content="سلام",
        timestamp="2023-10-27T10:00:00Z",
        is_read=False,
        is_edited=False,
        is_deleted=False,
        seq=1,
        attachments=[],
        mentions=[],
        reactions=[],
        reply_to=None,
        reply_count=0,
        metadata=Raw(b"{}"),
        client_id="key",
    )
    assert await messages.one(database, Reader(talk, ali), send.id) == expected
    for_sara = await messages.one(database, Reader(talk, sara), send.id)
    assert for_sara is not None
    assert for_sara.client_id is UNSET


async def test_a_message_of_another_conversation_is_not_there(database: Database) -> None:
    """An id alone opens nothing."""
    talk, ali, sara = await pair(database)
    elsewhere = await conversation(database, ali, sara)
    message = await sent(database, elsewhere, ali)
    assert await messages.one(database, Reader(talk, ali), message.id) is None


async def test_an_edited_message_shows_its_new_text_and_a_deleted_one_none(
    database: Database,
) -> None:
    """A deleted message's attachments are gone with its text."""
    talk, ali, _ = await pair(database)
    edited, deleted = [await sent(database, talk, ali) for _ in range(2)]
    make = Changes(database, talk)
    await make.edit(edited.id, "new words")
    await make.attach(deleted.id, "a" * 32)
    await make.delete(deleted.id)
    found = await messages.before(database, Reader(talk, ali), None, 10)
    assert [(m.content, m.is_edited, m.is_deleted, m.attachments, m.seq) for m in found] == [
        ("new words", True, False, [], 3),
        ("", False, True, [], 5),
    ]


async def test_attachments_come_with_their_own_message_oldest_first(database: Database) -> None:
    """Each with the path under which it is served."""
    talk, ali, _ = await pair(database)
    ids = [(await sent(database, talk, ali)).id for _ in range(2)]
    make = Changes(database, talk)
    for name in "abc":
        await make.attach(ids["abc".index(name) % 2], name * 32)
    found = await messages.before(database, Reader(talk, ali), None, 10)
    assert [len(message.attachments) for message in found] == [2, 1]
    first, second = found[0].attachments
    assert first.id < second.id
    assert first.url == attachment_url(talk, ids[0], first.id)
    assert first.message_id == ids[0]


@pytest.mark.parametrize(
    ("place", "limit", "expected"),
    [(None, 3, [7, 8, 9]), (5, 3, [2, 3, 4]), (1, 3, [0]), (0, 3, []), (None, 20, list(range(10)))],
)
async def test_a_page_before_is_the_last_of_what_came_before_oldest_first(
    database: Database, place: int | None, limit: int, expected: list[int]
) -> None:
    """Without a message to stand before, the latest page."""
    talk, ali, _ = await pair(database)
    ids = [(await sent(database, talk, ali)).id for _ in range(10)]
    who = Reader(talk, ali)
    before = None if place is None else ids[place]
    found = await messages.before(database, who, before, limit)
    assert [message.id for message in found] == [ids[n] for n in expected]


@pytest.mark.parametrize(
    ("place", "limit", "expected"), [(None, 2, [0, 1]), (5, 3, [6, 7, 8]), (8, 3, [9]), (9, 3, [])]
)
async def test_a_page_after_is_the_first_of_what_follows(
    database: Database, place: int | None, limit: int, expected: list[int]
) -> None:
    """From the beginning where there is nothing before."""
    talk, ali, _ = await pair(database)
    ids = [(await sent(database, talk, ali)).id for _ in range(10)]
    who = Reader(talk, ali)
    found = await messages.after(database, who, 0 if place is None else ids[place], limit)
    assert [message.id for message in found] == [ids[n] for n in expected]


async def test_read_is_what_the_reader_has_read_and_what_everyone_else_has_of_ones_own(
    database: Database,
) -> None:
    """One's own message is read when every other active participant has read it."""
    talk, ali, sara = await pair(database)
    hers, his = await sent(database, talk, sara), await sent(database, talk, ali)

    async def marks(who: int) -> list[bool]:
        found = await messages.before(database, Reader(talk, who), None, 10)
        return [message.is_read for message in found]

    assert (await marks(ali), await marks(sara)) == ([False, False], [False, False])
    assert await read_up_to(database, talk, ali, hers.id)
    assert (await marks(ali), await marks(sara)) == ([True, False], [True, False])
    assert await read_up_to(database, talk, sara, his.id)
    assert not await read_up_to(database, talk, sara, hers.id)
    assert (await marks(ali), await marks(sara)) == ([True, True], [True, True])
    await Changes(database, talk).leave(sara)
    again = await sent(database, talk, ali)
    alone = await messages.one(database, Reader(talk, ali), again.id)
    assert alone is not None
    assert alone.is_read


async def test_changes_come_in_the_order_of_the_last_one_of_each(database: Database) -> None:
    """An attachment is a change of its message, and `seq` is the point it leads to."""
    talk, ali, _ = await pair(database)
    ids = [(await sent(database, talk, ali)).id for _ in range(4)]
    make = Changes(database, talk)
    await make.attach(ids[0], "a" * 32)
    await make.edit(ids[2], "edited")
    await make.open_ticket(ali)
    assert await changed(database, talk, 0, 10) == [
        (ids[1], 2),
        (ids[3], 4),
        (ids[0], 5),
        (ids[2], 6),
    ]
    assert await changed(database, talk, 4, 10) == [(ids[0], 5), (ids[2], 6)]
    assert await changed(database, talk, 7, 10) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7])
async def test_pages_of_changes_lead_through_all_of_them(database: Database, limit: int) -> None:
    """Also where one message changed many times: a full page says that there may be more."""
    talk, ali, _ = await pair(database)
    ids = [(await sent(database, talk, ali)).id for _ in range(4)]
    make = Changes(database, talk)
    for n in range(5):
        await make.attach(ids[0], f"{n}" * 32)
    await make.edit(ids[1], "edited")
    seen: dict[int, int] = {}
    point = 0
    while True:
        page = await changed(database, talk, point, limit)
        assert [seq for _, seq in page] == sorted({seq for _, seq in page})
        seen.update(page)
        if len(page) < limit:
            break
        point = page[-1][1]
    assert seen == {ids[0]: 9, ids[1]: 10, ids[2]: 3, ids[3]: 4}


async def test_who_may_change_a_message_is_decided_by_what_is_stored(database: Database) -> None:
    """Its sender and whether they are still here, whether it is deleted, and its `seq`; None in
    another conversation.
    """
    talk, ali, _ = await pair(database)
    message = await sent(database, talk, ali)
    stored = message_changes.Stored(
        ali,
        is_deleted=False,
        seq=1,
        logged_seq=0,
        by_agent=False,
        has_belongings=False,
        is_sender_here=True,
        is_silenced=False,
    )
    assert await message_changes.find(database, talk, message.id) == stored
    assert await message_changes.find(database, talk + 1, message.id) is None
    await Changes(database, talk).delete(message.id)
    await Changes(database, talk).leave(ali)
    stored = replace(stored, is_deleted=True, seq=2, logged_seq=2, is_sender_here=False)
    assert await message_changes.find(database, talk, message.id) == stored


@pytest.mark.parametrize("kind", ["attachment", "mention", "reaction", "former reaction", "pin"])
async def test_a_message_knows_whether_anything_belongs_to_it(
    database: Database, kind: str
) -> None:
    """What was taken back counts, because it is still stored; what others have does not."""
    talk, ali, sara = await pair(database)
    plain, rich = await sent(database, talk, ali), await sent(database, talk, ali)
    make = Changes(database, talk)
    if kind == "attachment":
        await make.attach(rich.id, "a" * 32)
    elif kind == "mention":
        async with make.next() as (transaction, _):
            await mentions.put(transaction, talk, rich.id, ali, [User(sara, "sara")])
    elif kind == "pin":
        await make.pin(rich.id, sara)
        await make.pin(rich.id, sara, is_pinned=False)
    else:
        await make.react(rich.id, sara)
        if kind == "former reaction":
            await make.react(rich.id, sara, is_there=False)
    found = await message_changes.find_all(database, talk, [plain.id, rich.id])
    assert not found[plain.id].has_belongings
    assert found[rich.id].has_belongings


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("what", ["what may be changed", "a page", "an export"])
async def test_messages_that_are_named_are_found_by_their_ids(
    database: Database, statements: list[str], what: str
) -> None:
    """SQLite goes through no other messages of the conversation, however many there are."""
    talk, ali, _ = await pair(database)
    message = await sent(database, talk, ali)
    statements.clear()
    if what == "what may be changed":
        assert await message_changes.find(database, talk, message.id) is not None
    elif what == "a page":
        assert await messages.some(database, Reader(talk, ali), [message.id])
    else:
        assert await export.sent(database, talk, [message.id])
    (sql,) = statements
    plan = await database.fetch(f"EXPLAIN QUERY PLAN {sql}", ["[]"] * sql.count("?"))
    of_messages = [step for *_, step in plan if step.startswith(("SEARCH m ", "SEARCH messages "))]
    assert of_messages == [one for one in of_messages if "INTEGER PRIMARY KEY (rowid=?)" in one]
    assert of_messages


@pytest.mark.parametrize("dialect", ["postgresql"])
async def test_a_message_is_found_without_the_rest_of_its_conversation(
    database: Database, statements: list[str]
) -> None:
    """PostgreSQL has one plan for all conversations, and most of them are small."""
    talk, ali, _ = await pair(database)
    for part in range(4):
        await database.store_sends([draft(talk, ali, f"{part}.{n}") for n in range(250)])
    others = [await conversation(database, ali) for _ in range(40)]
    await database.store_sends([draft(other, ali) for other in others])
    message = await sent(database, talk, ali)
    statements.clear()
    assert await message_changes.find(database, talk, message.id) is not None
    (sql,) = statements
    given = ", ".join([str(talk)] * (sql.count("?") - 1))
    async with database.transaction() as transaction:
        await transaction.execute("ANALYZE messages")
        await transaction.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await transaction.execute(f"PREPARE found AS {numbered(sql).decode()}")
        plan = await transaction.fetch(f"EXPLAIN EXECUTE found ({given}, {message.id})")
        await transaction.execute("DEALLOCATE found")
    [of_messages] = [line for (line,) in plan if "Index Cond" in line and "(id = " in line]
    assert "conversation_id = " in of_messages


async def test_a_page_takes_the_same_few_statements(
    database: Database, statements: list[str]
) -> None:
    """However many of its messages have files, mentions or reactions."""
    talk, ali, sara = await pair(database)
    make = Changes(database, talk)
    plain = [(await sent(database, talk, ali)).id for _ in range(3)]
    statements.clear()
    assert len(await messages.before(database, Reader(talk, sara), None, 50)) == 3
    assert len(statements) == 1
    for number, message_id in enumerate(plain * 5):
        if number % 3 == 0:
            await make.attach(message_id, f"{number:032}")
        await make.react(message_id, sara, chr(0x1F600 + number))
        await sent(database, talk, ali, f"@sara {number}")
    who = Reader(talk, sara)
    for known in (1, 0):  # what belongs to messages is asked for where there is something
        statements.clear()
        found = await messages.before(database, who, None, 50)
        assert len(found) == 18
        assert len(found[0].reactions) == 5
        assert len(statements) == 3 + known


async def test_what_is_remembered_of_a_conversation_decides_nothing(database: Database) -> None:
    """A plain page is the same as one that was read with what belongs to messages."""
    talk, ali, sara = await pair(database)
    make = Changes(database, talk)
    for number in range(3):
        last = draft(talk, ali, "mine", f"key {number}")
        await database.store_sends([last, draft(talk, sara, "@sara", f"key {number}")])
    await make.edit(last.id, "edited")
    await make.delete((await sent(database, talk, sara)).id)
    await read_up_to(database, talk, sara, last.id)
    for who in (ali, sara):
        for place, expected in ((None, 7), (last.id, 4), (1, 0)):
            plain = await messages.before(database, Reader(talk, who), place, 50)
            assert len(plain) == expected
            remembered = Reader(talk, who, {talk: None})
            assert plain == await messages.before(database, remembered, place, 50)


@pytest.mark.parametrize("what", ["attachment", "reaction", "reply", "metadata"])
async def test_what_belongs_to_messages_comes_where_there_was_none(
    database: Database, what: str
) -> None:
    """Each of them alone, to a conversation whose last page was plain."""
    talk, ali, sara = await pair(database)
    first = await sent(database, talk, ali)
    who = Reader(talk, sara)
    (plain,) = await messages.before(database, who, None, 1)
    assert (plain.attachments, plain.reactions, plain.reply_count) == ([], [], 0)
    assert who.rich == {}
    last = draft(talk, ali)
    if what == "attachment":
        await Changes(database, talk).attach(first.id, "a" * 32)
    elif what == "reaction":
        await Changes(database, talk).react(first.id, sara, "👍")
    elif what == "reply":
        last.extras = Extras(reply_to=first.id)
    else:
        last.extras = Extras(metadata='{"a":1}')
    await database.store_sends([last])
    found, new = await messages.before(database, who, None, 2)
    assert who.rich == {talk: None}
    assert [one.size for one in found.attachments] == [3] * (what == "attachment")
    assert found.reactions == [Reactions("👍", 1, me=True)] * (what == "reaction")
    assert found.reply_count == (what == "reply")
    assert (new.reply_to is not None) == (what == "reply")
    assert new.metadata == Raw(b'{"a":1}' if what == "metadata" else b"{}")
