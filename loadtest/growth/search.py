"""How long a search takes: short and long queries, frequent and rare, of two kinds of users."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from loadtest.charts import compact
from loadtest.compare.table import EARNED, FAILED
from loadtest.crowd import Crowd
from loadtest.growth import sayings
from loadtest.growth.answer import Answer, Panel
from loadtest.growth.bench import Bench, Database
from loadtest.http import Connection, RequestFailed
from loadtest.peers.payam import run_chat
from loadtest.plots import Axis, Series, linear
from loadtest.report import shown
from loadtest.tokens import Minted

LETTERS = (1, 2, 3, 12)
QUERIES = 3
"""Different queries of each kind."""
WARM = 2
EACH = 250
"""About so many messages each conversation has."""
MEMBERS = 2
OWN = 50
"""Conversations of each user; but the first one has more."""
GOAL = 20.0
"""Milliseconds, of 95 of 100 searches."""
MANY, USUAL = 1, 2
"""The ids of the two users who search."""

Kind = tuple[int, str]
Times = Mapping[tuple[str, str], Mapping[Kind, tuple[float, float]]]
"""By database and user, and by kind of query: the median, and what 95 of 100 take at most, ms."""


def ask(bench: Bench) -> Answer | None:
    found: dict[tuple[str, str], Mapping[Kind, tuple[float, float]]] = {}
    for database in bench.databases.values():
        found |= {(database.title, user): one for user, one in times(bench, database).items()}
    high = max((p95 for one in found.values() for _, p95 in one.values()), default=0.0)
    if not high:
        return None
    kinds = [(letters, kind) for letters in LETTERS for kind in ("frequent", "rare")]
    panels = [
        Panel(letters_axis(), linear(high, compact), lines(one), ", ".join(name))
        for name, one in found.items()
    ]
    return Answer(
        "search",
        "Time of a search, ms, by letters of the query",
        f"Over {bench.sizes.searched:,} messages, for 20 results. The plot has what 95 of 100"
        f" searches take at most (the goal is {GOAL:g} ms), the table the median before it. What"
        " would take longer comes page by page: such an answer has fewer results, and says from"
        " where to go on.",
        panels,
        ["letters", *(f"{letters}, {kind}" for letters, kind in kinds)],
        [
            [", ".join(name), *(cell(one[kind]) if kind in one else "" for kind in kinds)]
            for name, one in found.items()
        ],
    )


def cell(times: tuple[float, float]) -> str:
    p50, p95 = times
    return f"{shown(p50)} / {shown(p95)} {EARNED if p95 <= GOAL else FAILED}"


def letters_axis() -> Axis:
    return Axis(0, max(LETTERS), LETTERS, compact, compact)


def lines(one: Mapping[Kind, tuple[float, float]]) -> list[Series]:
    return [
        Series(
            kind,
            points := [
                (float(letters), one[letters, kind][1])
                for letters in LETTERS
                if (letters, kind) in one
            ],
            colour,
            [(point, "") for point in points],
        )
        for colour, kind in enumerate(("frequent", "rare"), 1)
    ]


def times(bench: Bench, database: Database) -> dict[str, dict[Kind, tuple[float, float]]]:
    """By user. The index is made before the server starts."""
    conversations = max(OWN, min(20_000, bench.sizes.searched // EACH))
    crowd = Crowd(
        users=max(4, conversations * MEMBERS // OWN), conversations=conversations, members=MEMBERS
    )

    def prepare(settings: Mapping[str, str]) -> None:
        sayings.fill(settings, crowd, bench.sizes.searched)
        run_chat("search", "rebuild", settings=settings)

    asked = queries()
    who = {f"a user of {min(sayings.CROWDED, conversations):,} conversations": MANY}
    who[f"a user of {OWN}"] = USUAL
    found = {}
    with bench.serving(database, crowd, prepare) as server:
        tokens = Minted(bench.stores.secret, crowd.users)
        for name, user in who.items():
            try:
                found[name] = asyncio.run(
                    measured(server.url, tokens(user), asked, bench.sizes.searches)
                )
            except RequestFailed as error:
                bench.failures.append(f"{database.title}, {name}: {error}")
    return found


def queries() -> dict[Kind, list[str]]:
    """Of so many letters: what the most texts have, and what few have."""
    texts = sayings.texts()[:5_000]
    asked: dict[Kind, list[str]] = {}
    for letters in LETTERS:
        counted = Counter(
            part
            for text in texts
            for start in range(len(text) - letters + 1)
            if len(part := text[start : start + letters].strip()) == letters
        )
        asked[letters, "frequent"] = [part for part, _ in counted.most_common(QUERIES)]
        rare = sayings.RARE_WORD
        starts = range(0, len(rare) - letters + 1)
        parts = [rare[start : start + letters] for start in starts]
        asked[letters, "rare"] = [
            part for part in parts if len(part.strip()) == letters and sayings.RARE in part
        ][:QUERIES]
    return asked


async def measured(
    url: str, token: str, asked: Mapping[Kind, Sequence[str]], each: int
) -> dict[Kind, tuple[float, float]]:
    """Milliseconds of one search after the other. Raises RequestFailed."""
    connection = await Connection.open(url, token)
    found = {}
    for kind, texts in asked.items():
        taken = []
        for turn in range(WARM + each):
            for text in texts:
                begun = time.perf_counter()
                await connection.request("GET", f"/api/search/?q={quote(text)}&limit=20")
                if turn >= WARM:
                    taken.append((time.perf_counter() - begun) * 1e3)
        taken.sort()
        found[kind] = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
    connection.close()
    return found
