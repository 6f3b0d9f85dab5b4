"""Search in the store: by pieces and by conversations, and what the index holds."""

from collections.abc import Callable
from itertools import accumulate, cycle, pairwise

import pytest

from chat.store import (
    participants,
    search,
    search_rebuild,
    search_sample,
    search_stretches,
    search_texts,
    support_tickets,
)
from chat.store.database import Database
from chat.store.migrations import m0079_compounds
from chat.store.search_query import Query
from chat.store.search_sample import Sample, sample
from chat.store.search_texts import Text
from chat.text.searching import keys_of, text_key
from tests.store.world import Changes, conversation, opened, user
from tests.support.postgres_server import PostgresServer


class World:
    """Ali is with Sara in one conversation; another one is Sara's and Reza's."""

    def __init__(self, database: Database, by_pieces: bool) -> None:
        self.database = database
        self.by_pieces = by_pieces
        self.texts: dict[int, str] = {}

    async def fill(self) -> None:
        database = self.database
        self.ali, self.sara, self.reza = [await user(database, n) for n in ("ali", "sara", "reza")]
        self.ours = await conversation(database, self.ali, self.sara)
        self.theirs = await conversation(database, self.sara, self.reza)

    async def say(self, conversation_id: int, sender_id: int, message_id: int, text: str) -> None:
        self.texts[message_id] = text
        async with self.database.transaction() as transaction:
            await search_texts.keep(
                transaction, [Text(conversation_id, message_id, sender_id, text_key(text))]
            )
            await transaction.execute(
                "UPDATE conversations SET last_message_id = ? WHERE id = ?",
                (message_id, conversation_id),
            )

    async def pieces(self) -> Sample | None:
        return await sample(self.database) if self.by_pieces else None

    async def find(
        self,
        user_id: int,
        text: str,
        *,
        within: int | None = None,
        sender: int | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> list[int]:
        query = Query(user_id, keys_of(text), within, sender, before, limit)
        page = await search.find(self.database, query, await self.pieces())
        return [message_id for _, message_id in page.places]


@pytest.fixture(params=["by pieces", "by conversations"])
async def world(database: Database, request: pytest.FixtureRequest) -> World:
    made = World(database, request.param == "by pieces")
    await made.fill()
    return made


async def test_own_messages_are_found_the_newest_first(world: World) -> None:
    """Those of conversations of others are not; a part of a word is enough."""
    await world.say(world.ours, world.ali, 1, "سلام، کتاب‌ها رسید")
    await world.say(world.ours, world.sara, 2, "کدام کتاب ها؟")
    await world.say(world.theirs, world.reza, 3, "کتابها را دیدی؟")
    assert await world.find(world.ali, "کتابها") == [2, 1]
    assert await world.find(world.sara, "كتاب") == [3, 2, 1]
    assert await world.find(world.reza, "کتا") == [3]
    for short in ("ک", "کت"):
        assert await world.find(world.ali, short) == [2, 1]


async def test_a_query_may_name_a_conversation_a_sender_and_a_place(world: World) -> None:
    """Each condition leaves out what does not meet it."""
    for number, sender in enumerate((world.ali, world.sara, world.ali), 1):
        await world.say(world.ours, sender, number, f"خبر {number}")
    await world.say(world.theirs, world.sara, 4, "خبر ۴")
    assert await world.find(world.sara, "خبر", within=world.ours) == [3, 2, 1]
    assert await world.find(world.sara, "خبر", sender=world.sara) == [4, 2]
    assert await world.find(world.sara, "خبر", before=4) == [3, 2, 1]
    assert await world.find(world.sara, "خبر", limit=2) == [4, 3]
    assert await world.find(world.sara, "خبر", limit=2, before=3) == [2, 1]


async def test_signs_of_patterns_are_letters_like_any(world: World) -> None:
    """Per cent, underscore, backslash, quotes, and what a query language might mean."""
    for number, text in enumerate(("100%", "a_b", r"c:\temp", 'say "hello"', "ab OR cd"), 1):
        await world.say(world.ours, world.ali, number, text)
    await world.say(world.ours, world.ali, 6, "1000 axb c:/temp ab cd")
    assert await world.find(world.ali, "100%") == [1]
    assert await world.find(world.ali, "a_b") == [2]
    assert await world.find(world.ali, "c:\\tem") == [3]
    assert await world.find(world.ali, '"hello"') == [4]
    assert await world.find(world.ali, "ab OR cd") == [5]


async def test_what_is_changed_or_forgotten_is_found_as_it_is(world: World) -> None:
    """By the new text alone, or not at all."""
    await world.say(world.ours, world.ali, 1, "بازار تهران")
    await world.say(world.ours, world.ali, 1, "میدان شیراز")
    assert await world.find(world.ali, "تهران") == []
    assert await world.find(world.ali, "شیراز") == [1]
    async with world.database.transaction() as transaction:
        await search_texts.forget(transaction, [(world.ours, 1)])
    assert await world.find(world.ali, "شیراز") == []


async def test_who_has_left_finds_nothing_there(world: World) -> None:
    """Who comes back finds it again."""
    await world.say(world.ours, world.ali, 1, "قرار ساعت ۵")
    changes = Changes(world.database, world.ours)
    await changes.leave(world.sara)
    assert await world.find(world.sara, "قرار") == []
    await changes.join(world.sara)
    assert await participants.is_active(world.database, world.ours, world.sara)
    assert await world.find(world.sara, "قرار") == [1]


async def test_a_frequent_word_is_found_by_conversations(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are more candidates than are sorted at once, most of them of others."""
    monkeypatch.setattr(search, "CANDIDATES", 3)
    monkeypatch.setattr(search_stretches, "STRETCH", 1)
    for number in range(1, 8):
        where, who = (world.ours, world.ali) if number in (2, 5) else (world.theirs, world.reza)
        await world.say(where, who, number, f"باشد {number}")
    assert await world.find(world.ali, "باشد") == [5, 2]
    assert await world.find(world.sara, "باشد", limit=3) == [7, 6, 5]


async def test_what_takes_too_long_is_found_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may be short or empty; whoever goes on finds each message once, the newest first."""
    monkeypatch.setattr(search, "CANDIDATES", 2)
    monkeypatch.setattr(search, "RARE", 2)
    monkeypatch.setattr(search_stretches, "STRETCH", 3)
    monkeypatch.setattr(search_stretches, "MOST", 4)
    for number in range(1, 31):
        where, who = (world.ours, world.ali) if number % 2 else (world.theirs, world.reza)
        await world.say(where, who, number, "باران" if number in (1, 2, 17, 29) else "آفتاب")
    for text, wanted in (("باران", [29, 17, 1]), ("با", [29, 17, 1]), ("برف", [])):
        pages: list[list[int]] = []
        before: int | None = None
        while not pages or before is not None:
            query = Query(world.ali, keys_of(text), None, None, before, 2)
            page = await search.find(world.database, query, await world.pieces())
            pages.append([message_id for _, message_id in page.places])
            before = page.rest
        assert [one for page in pages for one in page] == wanted
        assert len(pages) > 2 or world.by_pieces


LONG = 2 * search.PAGE_SECONDS


def clock(*steps: float) -> Callable[[], float]:
    """A clock that goes on by these steps, in turn, whenever somebody looks at it."""
    return accumulate(cycle(steps)).__next__


@pytest.mark.parametrize(
    "steps",
    [(0.0,), (LONG,), (0.0, LONG), (0.0, 0.0, LONG), (LONG / 3,), (0.0, 0.0, 0.0, LONG, -LONG)],
    ids=["never late", "always late", "late at once", "late", "slow", "late and early"],
)
@pytest.mark.parametrize("least", [0, 40], ids=["no least", "a least"])
async def test_each_message_is_found_once_however_late_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch, steps: tuple[float, ...], least: int
) -> None:
    """Over all pages, the newest first. Each page looks further than the one before."""
    monkeypatch.setattr(search, "CANDIDATES", 2)
    monkeypatch.setattr(search, "RARE", 2)
    monkeypatch.setattr(search_stretches, "STRETCH", 3)
    monkeypatch.setattr(search_stretches, "PART", 4)
    monkeypatch.setattr(search_stretches, "LEAST", least)
    for number in range(1, 61):
        where, who = (world.ours, world.ali) if number % 3 else (world.theirs, world.reza)
        await world.say(where, who, number, "باران" if number % 7 == 1 else "آفتاب")
    ours = [number for number in range(60, 0, -1) if number % 3 and number % 7 == 1]
    ticking = clock(*steps)
    for text, wanted in (("باران", ours), ("با", ours), ("برف", [])):
        found: list[int] = []
        rests: list[int] = []
        before: int | None = None
        while not rests or before is not None:
            query = Query(world.ali, keys_of(text), None, None, before, 3)
            page = await search.find(world.database, query, await world.pieces(), ticking)
            found += [message_id for _, message_id in page.places]
            before = page.rest
            rests.append(before or 0)
        assert found == wanted
        assert rests == sorted(set(rests), reverse=True)


async def test_a_page_ends_when_it_is_late_and_not_before_it_was_worth_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late page has looked through LEAST texts and one part more, at most."""
    monkeypatch.setattr(search_stretches, "STRETCH", 2)
    monkeypatch.setattr(search_stretches, "PART", 2)
    for number in range(1, 41):
        await world.say(world.ours, world.ali, number, "آفتاب")

    async def rest(least: int, *steps: float) -> int | None:
        monkeypatch.setattr(search_stretches, "LEAST", least)
        query = Query(world.ali, keys_of("ژ"), None, None, None, 2)
        return (await search.find(world.database, query, None, clock(*steps))).rest

    assert await rest(0, 0.0) is None
    assert await rest(0, LONG) == 39
    visited = 2 + search_stretches.VISIT  # by each stretch
    assert await rest(2 * visited + 1, LONG) == 35


@pytest.mark.parametrize("first", [1, 200])
async def test_pages_of_somebody_in_many_conversations_are_worth_their_visits(
    world: World, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """None looks through much more than MOST texts, and none does little but visit."""
    bounds = {"STRETCH": 2, "PART": 10, "MOST": 40, "VISIT": 3, "VISITED": 3, "FIRST": first}
    for name, value in bounds.items():
        monkeypatch.setattr(search_stretches, name, value)
    talks = [await conversation(world.database, world.ali) for _ in range(10)]
    for number in range(1, 201):
        await world.say(talks[number % 10], world.ali, number, "باران" if number == 7 else "آفتاب")
    async with world.database.transaction() as transaction:
        await transaction.execute("UPDATE conversations SET seq = 20 WHERE last_message_id > 0")
    found: list[int] = []
    rests = [201]
    while rests[-1]:
        query = Query(world.ali, ("بارا",), None, None, rests[-1], 2)
        page = await search.find(world.database, query, None, clock(0.0))
        found += [message_id for _, message_id in page.places]
        rests.append(page.rest or 0)
    assert found == [7]
    spans = [earlier - later for earlier, later in pairwise(rests)]
    assert max(spans) <= 60
    assert min(spans[2:-1]) >= 10  # where all conversations are visited


@pytest.mark.parametrize("candidates", [1, 100])
async def test_what_no_text_of_a_sample_has_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, candidates: int
) -> None:
    """By pieces, or, where it is frequent after all, by conversations; page by page."""
    monkeypatch.setattr(search, "CANDIDATES", candidates)
    monkeypatch.setattr(search_stretches, "STRETCH", 2)
    monkeypatch.setattr(search_stretches, "FIRST", 1)
    for number in range(1, 31):
        where, who = (world.ours, world.ali) if number % 3 else (world.theirs, world.reza)
        await world.say(where, who, number, "باران" if number % 7 == 1 else "آفتاب")
    of_others = Sample({"آفت": 10}, 10, 40)
    found: list[int] = []
    before: int | None = None
    while not found or before is not None:
        query = Query(world.ali, keys_of("باران"), None, None, before, 2)
        page = await search.find(world.database, query, of_others, clock(0.0))
        found += [message_id for _, message_id in page.places]
        before = page.rest
    assert found == [29, 22, 8, 1]


async def test_a_sample_says_which_pieces_are_rare(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many texts; with few, no piece counts as frequent."""
    for number in range(1, 41):
        await world.say(world.ours, world.ali, number, "سلام ژاله" if number == 7 else "سلام رضا")
    small = await sample(world.database)
    assert small.rarest("سلام ژاله")[1] == 0
    async with world.database.transaction() as transaction:
        if transaction.dialect == "postgresql":
            await transaction.execute("ANALYZE search_texts")
    monkeypatch.setattr(search_sample, "SMALL", 10)
    monkeypatch.setattr(search_sample, "TEXTS", 40)
    monkeypatch.setattr(search_sample, "PART", 7)
    pieces, texts = (await sample(world.database)).rarest("سلام ژ")
    assert "م ژ" in pieces
    assert texts <= 1
    assert (await sample(world.database)).rarest("سلام")[1] == 40


async def test_pieces_are_known_on_both_databases(database: Database) -> None:
    """Also those of Persian letters."""
    assert await search.has_pieces(database)
    assert await search.why_no_pieces(database) is None


async def test_a_database_without_persian_letters_says_so(postgres_server: PostgresServer) -> None:
    """It has the index, and nothing of Persian would be in it."""
    url = postgres_server.create_database(template="template0", lc_ctype="C")
    async with opened(url, migrated=True) as database:
        trouble = await search.why_no_pieces(database)
        assert trouble
        assert "lc_ctype 'C'" in trouble


async def test_a_database_without_the_extension_says_so(
    postgres_server: PostgresServer, migrated_template: str
) -> None:
    """An operator may take it away; or it could not be made."""
    url = postgres_server.create_database(template=migrated_template)
    async with opened(url) as database:
        async with database.transaction() as transaction:
            await transaction.execute("DROP EXTENSION pg_trgm CASCADE")
        trouble = await search.why_no_pieces(database)
        assert trouble
        assert "pg_trgm" in trouble
        assert [count async for count in search_rebuild.rebuild(database)] == []
        assert await search.why_no_pieces(database) is None


async def test_what_an_older_build_has_folded_is_folded_anew(database: Database) -> None:
    """Notes of staff and subjects of tickets at once; for messages search begins anew."""
    agent = await user(database, "agent", is_staff=True)
    talk = await conversation(database, agent)
    await Changes(database, talk).note(agent, "نرم‌افزار")
    async with database.transaction() as transaction:
        await support_tickets.create(transaction, talk, 2, agent, "پیش‌بینی", "normal")
        await transaction.execute("UPDATE notes SET folded = 'x'")
        await transaction.execute("UPDATE support_tickets SET subject_key = 'x'")
        await m0079_compounds.carry_over(transaction)
    assert await database.fetch("SELECT folded FROM notes") == [("نرمافزار\nنرم افزار",)]
    assert await database.fetch("SELECT subject_key FROM support_tickets") == [
        ("پیشبینی\nپیش بینی",)
    ]
