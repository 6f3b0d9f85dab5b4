"""Search as a service: messages and notes in one list, page by page."""

from collections.abc import AsyncIterator

import pytest
from msgspec import UNSET

from chat.auth.identity import Identity
from chat.services.notes import Notes
from chat.services.search import Search
from chat.store import search_stretches
from chat.store.database import Database
from tests.store.world import Changes, conversation, opened_index, sent, user, writing

LIMIT = 2
FEW = 4


@pytest.fixture
async def index(database_url: str) -> AsyncIterator[Database]:
    async with opened_index(database_url) as index:
        yield index


def staff(user_id: int, name: str) -> Identity:
    return Identity(user_id, name, True, 0.0, None)


async def pages(search: Search, who: Identity, text: str, where: int | None) -> list[list[str]]:
    """What is found, page by page, until no page follows."""
    found: list[list[str]] = []
    before: int | None = None
    while not found or before is not None:
        page, before = await search.find(
            who, text, conversation_id=where, sender_id=None, before=before, limit=LIMIT
        )
        found.append([one.message.content for one in page])
    return found


async def test_every_note_is_found_though_no_message_is(
    database: Database, index: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among so many messages that one question does not look through all of them."""
    monkeypatch.setattr(search_stretches, "STRETCH", FEW)
    monkeypatch.setattr(search_stretches, "MOST", FEW)
    ali, customer = await user(database, "ali", is_staff=True), await user(database, "customer")
    talk = await conversation(database, customer, ali)
    who = staff(ali, "ali")
    async with writing(database) as writer:
        notes = Notes(database, writer, most=100)
        search = Search(database, index, notes)
        for _ in range(3 * FEW):
            await sent(database, talk, customer, "sun")
        wanted = []
        for number in range(2 * LIMIT):
            wanted.append(f"rain {number}")
            await notes.create(who, talk, wanted[-1], None, UNSET)
        wanted.append("rain at last")
        await sent(database, talk, customer, wanted[-1])
        found = await pages(search, who, "rain", talk)
    assert [one for page in found for one in page] == wanted[::-1]
    assert max(map(len, found)) == LIMIT


async def test_a_note_is_found_by_those_who_may_enter(database: Database, index: Database) -> None:
    """A conversation without a ticket is open to its participants alone, whoever is staff."""
    ali = await user(database, "ali", is_staff=True)
    sara = await user(database, "sara", is_staff=True)
    customer = await user(database, "customer")
    talk = await conversation(database, customer, ali)
    async with writing(database) as writer:
        notes = Notes(database, writer, most=100)
        search = Search(database, index, notes)
        await notes.create(staff(ali, "ali"), talk, "giraffe", None, UNSET)
        assert await pages(search, staff(ali, "ali"), "giraffe", None) == [["giraffe"]]
        assert await pages(search, staff(sara, "sara"), "giraffe", None) == [[]]
        await Changes(database, talk).open_ticket(customer)
        assert await pages(search, staff(sara, "sara"), "giraffe", None) == [["giraffe"]]


async def test_a_found_message_has_its_files(database: Database, index: Database) -> None:
    """And one without any has none."""
    ali, sara = await user(database, "ali"), await user(database, "sara")
    talk = await conversation(database, ali, sara)
    first = await sent(database, talk, ali, "first picture")
    await sent(database, talk, ali, "second picture")
    await Changes(database, talk).attach(first.id, "stored")
    async with writing(database) as writer:
        search = Search(database, index, Notes(database, writer, most=100))
        found, _ = await search.find(
            Identity(sara, "sara", False, 0.0, None),
            "picture",
            conversation_id=None,
            sender_id=None,
            before=None,
            limit=LIMIT,
        )
    files = {one.message.content: len(one.message.attachments) for one in found}
    assert files == {"second picture": 0, "first picture": 1}
