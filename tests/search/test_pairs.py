"""What is found and what is not, by the table beside this file. Anybody may add to it."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from chat.store import search, search_texts
from chat.store.database import Database
from chat.store.search_query import Query
from chat.store.search_sample import Sample, sample
from chat.store.search_texts import Text
from chat.text.searching import keys_of, matches, text_key
from tests.store.world import pair


class Pair(NamedTuple):
    """The place of a text in the table, a query, and whether the query finds the text."""

    number: int
    query: str
    is_found: bool


def read() -> tuple[dict[str, list[Pair]], list[str]]:
    """The pairs by group, and the texts."""
    groups: dict[str, list[Pair]] = {}
    texts: list[str] = []
    group = ""
    for line in (Path(__file__).parent / "pairs.tsv").read_text(encoding="utf-8").split("\n"):
        if line.startswith("## "):
            group = line.removeprefix("## ")
            groups[group] = []
        elif line and not line.startswith("# "):
            state, text, *queries = line.replace(r"\n", "\n").replace(r"\\", "\\").split("\t")
            assert state in ("found", "not")
            groups[group] += [Pair(len(texts), query, state == "found") for query in queries]
            texts.append(text)
    return groups, texts


GROUPS, TEXTS = read()
PAIRS = [one for group in GROUPS.values() for one in group]
OTHERS = 3_000
RECALL = 0.98
WANTED = 10


def test_the_table_is_long_enough() -> None:
    """And no pair stands in it twice."""
    assert len(PAIRS) >= 500
    assert len(set(PAIRS)) == len(PAIRS)
    assert sum(not one.is_found for one in PAIRS) >= 100


@pytest.mark.parametrize("group", GROUPS)
def test_each_pair_is_as_the_table_says(group: str) -> None:
    """Also the other way: a place is marked exactly where something is found."""
    wrong = []
    for number, query, is_found in GROUPS[group]:
        text = TEXTS[number]
        holds = any(key in text_key(text) for key in keys_of(query))
        if holds is not is_found:
            wrong.append((text, query, is_found))
        assert bool(matches(text, query)) is holds, (text, query)
    assert wrong == []


def others() -> Iterator[str]:
    """Messages that say something else: they have none of the words of the table."""
    for number in range(OTHERS):
        yield f"qzx{number * 7919 % 10_007:05} vwy{number % 97} jjh"


@pytest.fixture(params=["by pieces", "by conversations"])
def by_pieces(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "by pieces")


async def first(
    database: Database, asked: Query, pieces: Sample | None, clock: Callable[[], float]
) -> set[int]:
    """The ids of the first messages, page by page: a late page leaves the rest to the next one."""
    found: set[int] = set()
    while True:
        page = await search.find(database, asked, pieces, clock)
        found.update(id_ for _, id_ in page.places[: asked.limit - len(found)])
        if page.rest is None or len(found) >= asked.limit:
            return found
        asked = replace(asked, before=page.rest)


@pytest.mark.parametrize("tick", [0, 1], ids=["never late", "always late"])
async def test_the_store_finds_each_text_among_many(
    database: Database, by_pieces: bool, tick: int
) -> None:
    """Among the first ten at least 98 of 100, and none that the table denies. A late page is
    shorter, but whoever goes on finds the same messages in the same order.
    """
    talk, ali, _ = await pair(database)
    corpus = [*TEXTS, *others()]
    async with database.transaction() as transaction:
        await search_texts.keep(
            transaction,
            [Text(talk, id_, ali, text_key(text)) for id_, text in enumerate(corpus, 1)],
        )
        await transaction.execute("UPDATE conversations SET last_message_id = ?", (len(corpus),))
    pieces = await sample(database) if by_pieces else None
    clock = count(step=tick).__next__
    hits, wanted, false = 0, 0, []
    for number, query, is_found in PAIRS:
        asked = Query(ali, keys_of(query), None, None, None, WANTED if is_found else 100)
        found = await first(database, asked, pieces, clock)
        wanted += is_found
        hits += is_found and number + 1 in found
        if not is_found and number + 1 in found:
            false.append((TEXTS[number], query))
    assert false == []
    assert hits >= RECALL * wanted
