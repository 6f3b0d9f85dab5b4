"""Durable followers: each change reaches them, in order per conversation, whoever dies."""

import asyncio
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from chat.events import Change
from chat.followers import looking
from chat.followers.follower import PARALLEL, Follower
from chat.followers.following import Following
from chat.followers.looking import BUSY, REST_MAX, REST_MOST, SHARE, rest_of
from chat.store import conversations, followers, leases, spans, touched
from chat.store.database import Database
from chat.store.postgres.database import PostgresTransaction
from chat.store.spans import Span
from chat.store.sqlite.database import SqliteTransaction
from tests.store.world import Changes, conversation, draft, pair, sent, user
from tests.support.payam_server import CHECKOUT

PATIENCE = 60.0
"""Seconds; only a test that fails waits so long."""


class Noting(Follower):
    """Notes what it gets. It fails while `failing` has the conversation."""

    name = "noting"
    with_past: bool | None = True

    def __init__(self) -> None:
        self.seqs: dict[int, list[int]] = defaultdict(list)
        self.failing: set[int] = set()
        self.failures = 0
        self.calls = 0

    def has(self, conversation_id: int, seq: int) -> bool:
        return self.seqs[conversation_id] == numbers(seq)

    async def handle(self, conversation_id: int, changes: Sequence[Change]) -> None:
        self.calls += 1
        if conversation_id in self.failing:
            self.failures += 1
            raise RuntimeError("not now")
        self.seqs[conversation_id] += [change.seq for change in changes]


class NotingFromNow(Noting):
    name = "from now"
    with_past = False


@asynccontextmanager
async def following(
    database: Database,
    follower: Follower,
    stored: Callable[[], int] = lambda: 0,
    *,
    poll: float = 0.02,
) -> AsyncIterator[Following]:
    one = Following(database, follower, stored, poll=poll, pause=0.02)
    task = asyncio.create_task(one.run())
    try:
        yield one
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    give_up = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < give_up
        await asyncio.sleep(0.01)


def numbers(seq: int) -> list[int]:
    return list(range(1, seq + 1))


async def test_everything_is_followed_in_order_and_once(database: Database) -> None:
    """What was there, and what comes; messages and other changes."""
    talk, ali, _ = await pair(database)
    for _ in range(3):
        last = await sent(database, talk, ali)
    follower = Noting()
    async with following(database, follower):
        await until(lambda: follower.seqs[talk] == numbers(3))
        await Changes(database, talk).edit(last.id, "edited")
        later = await conversation(database, ali)
        await sent(database, later, ali)
        await until(lambda: follower.seqs[talk] == numbers(4) and follower.seqs[later] == [1])


async def test_a_follower_may_begin_with_what_comes(database: Database) -> None:
    """Of what was before it, it gets nothing."""
    talk, ali, _ = await pair(database)
    await sent(database, talk, ali)
    follower = NotingFromNow()
    async with following(database, follower):
        await known(database, follower)
        await sent(database, talk, ali)
        begun = await conversation(database, ali)
        await sent(database, begun, ali)
        await until(lambda: follower.seqs == {talk: [2], begun: [1]})


async def known(database: Database, follower: Follower) -> None:
    while not await database.fetch("SELECT 1 FROM followers WHERE name = ?", (follower.name,)):
        await asyncio.sleep(0.01)


async def test_one_failing_conversation_delays_only_itself(database: Database) -> None:
    """It is tried again and again, and goes on where it was; the others never wait for it."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(12)]
    bad, good = talks[0], talks[1:]
    follower = Noting()
    follower.failing.add(bad)
    async with following(database, follower):
        await database.store_sends([draft(talk, ali) for talk in talks])
        await until(lambda: follower.failures >= 2)
        await database.store_sends([draft(talk, ali) for talk in talks])
        await until(lambda: all(follower.seqs[talk] == numbers(2) for talk in good))
        assert follower.seqs[bad] == []
        follower.failing.clear()
        await until(lambda: follower.seqs[bad] == numbers(2))


@pytest.mark.parametrize("is_pruned", [False, True], ids=["a while", "a week"])
async def test_who_was_off_goes_on_where_it_stopped(database: Database, is_pruned: bool) -> None:
    """After a long time nothing says any more which changed, so all conversations are compared."""
    talk, ali, _ = await pair(database)
    quiet = await conversation(database, ali)
    await database.store_sends([draft(talk, ali), draft(quiet, ali)])
    follower = Noting()
    async with following(database, follower):
        await until(lambda: follower.seqs == {talk: [1], quiet: [1]})
        while await database.fetch("SELECT 1 FROM positions WHERE due IS NOT NULL"):
            await asyncio.sleep(0.01)
    await sent(database, talk, ali)
    if is_pruned:
        assert await touched.prune(database, -1.0)
    follower.calls = 0
    async with following(database, follower):
        await until(lambda: follower.seqs[talk] == numbers(2))
    assert (follower.seqs[quiet], follower.calls) == ([1], 1)


async def test_a_change_during_the_work_is_not_forgotten(database: Database) -> None:
    """Who looked for it meanwhile found a lease, and left it to whoever has that."""
    talk, ali, _ = await pair(database)
    await sent(database, talk, ali)
    follower = Slow()
    async with following(database, follower):
        await follower.began.wait()
        await sent(database, talk, ali)
        await asyncio.sleep(0.2)  # it is looked for
        follower.goes_on.set()
        await until(lambda: follower.seqs[talk] == numbers(2))


async def test_what_is_stopped_in_its_work_is_left_to_others_at_once(database: Database) -> None:
    """They do not wait for the lease, which lasts longer than this test may."""
    talk, ali, _ = await pair(database)
    await sent(database, talk, ali)
    stopped, other = Slow(), Noting()
    async with following(database, stopped):
        await stopped.began.wait()
    async with following(database, other):
        await until(lambda: other.seqs[talk] == [1])


class Slow(Noting):
    def __init__(self) -> None:
        super().__init__()
        self.began, self.goes_on = asyncio.Event(), asyncio.Event()

    async def handle(self, conversation_id: int, changes: Sequence[Change]) -> None:
        self.began.set()
        await self.goes_on.wait()
        await super().handle(conversation_id, changes)


async def test_the_turns_that_end_together_are_settled_together(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one statement, however many conversations there are; and each is followed once."""
    settled: list[int] = []
    for kind in (SqliteTransaction, PostgresTransaction):
        monkeypatch.setattr(kind, "execute_many", noting(kind.execute_many, settled))
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(PARALLEL)]
    await database.store_sends([draft(talk, ali) for talk in talks])
    follower = Together(len(talks))
    async with following(database, follower):
        await until(lambda: follower.seqs == {talk: [1] for talk in talks})
        while await database.fetch("SELECT 1 FROM positions WHERE due IS NOT NULL"):
            await asyncio.sleep(0.01)
    assert settled == [len(talks)]


class Together(Noting):
    """All of its turns end in one step of the loop."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.missing, self.all_are_here = count, asyncio.Event()

    async def handle(self, conversation_id: int, changes: Sequence[Change]) -> None:
        self.missing -= 1
        if not self.missing:
            asyncio.get_running_loop().call_soon(self.all_are_here.set)
        await self.all_are_here.wait()
        await super().handle(conversation_id, changes)


def noting(real: Any, settled: list[int]) -> Any:
    async def call(transaction: Any, sql: str, rows: Sequence[Any]) -> None:
        if "lease = NULL" in sql:
            settled.append(len(rows))
        await real(transaction, sql, rows)

    return call


async def test_a_position_that_somebody_locks_is_settled_later(database: Database) -> None:
    """The others are settled meanwhile, and nobody waits for it."""
    if database.dialect == "sqlite":
        pytest.skip("nobody locks a row there")
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(2)]
    await database.store_sends([draft(talk, ali) for talk in talks])
    await followers.begin(database, "one", with_past=True)
    await followers.find(database, "one")
    lease = leases.Lease("one", leases.token_of("here"), 60.0)
    turns = [leases.Turn(lease, one, 1) for one in await leases.lease(database, lease, 10)]
    held = turns[0].position.conversation_id
    async with database.transaction() as transaction:
        await transaction.fetch(
            "SELECT 1 FROM positions WHERE conversation_id = ? FOR UPDATE", (held,)
        )
        assert await leases.settle(database, turns) == turns[:1]
    assert await leases.settle(database, turns[:1]) == []
    assert await database.fetch("SELECT DISTINCT seq, due, lease FROM positions") == [
        (1, None, None)
    ]


async def test_what_is_forgiven_during_a_turn_is_due_at_its_end(database: Database) -> None:
    """And not after the pause of a failure that does not count any more."""
    ali = await user(database, "ali")
    await sent(database, await conversation(database, ali), ali)
    await followers.begin(database, "one", with_past=True)
    await followers.find(database, "one")
    lease = leases.Lease("one", leases.token_of("here"), 60.0)

    async def fail(position: leases.Position, pause: float) -> None:
        await leases.settle(database, [leases.Turn(lease, position, 0, pause, is_failure=True)])

    (position,) = await leases.lease(database, lease, 1)
    await fail(position, 0.0)
    (position,) = await leases.lease(database, lease, 1)
    async with database.transaction() as transaction:
        await followers.forgive(transaction, "one")
    await fail(position, 1_000_000.0)
    (position,) = await leases.lease(database, lease, 1)
    await fail(position, 1_000_000.0)
    assert await leases.lease(database, lease, 1) == []


class Nodes:
    """Processes that follow one database, and what they wrote of it."""

    def __init__(self, url: str, path: Path) -> None:
        self.url = url
        self.path = path
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        command = [sys.executable, "-m", "tests.followers.node", self.url, name, str(self.path)]
        self.running[name] = subprocess.Popen(command, cwd=CHECKOUT)

    def lines(self) -> list[tuple[str, str, int, list[int]]]:
        if not self.path.exists():
            return []
        parts = [line.split(" ") for line in self.path.read_text().splitlines()]
        return [
            (node, what, int(one), [int(seq) for seq in seqs.split(",") if seq])
            for node, what, one, seqs in parts
        ]

    def close(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()


@pytest.fixture
def nodes(database_url: str, tmp_path: Path) -> Iterator[Nodes]:
    nodes = Nodes(database_url, tmp_path / "followed")
    yield nodes
    nodes.close()


async def test_two_nodes_share_the_work_and_one_takes_over_when_the_other_is_killed(
    database: Database, nodes: Nodes
) -> None:
    """Nothing is missed, each conversation is in order, and never at two nodes at once."""
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(20)]
    nodes.start("first")
    nodes.start("second")

    async def send(count: int) -> None:
        for _ in range(count):
            await database.store_sends([draft(talk, ali) for talk in talks])
            await asyncio.sleep(0.01)

    def who_works() -> set[str]:
        return {node for node, what, *_ in nodes.lines() if what == "has"}

    while who_works() != {"first", "second"}:
        await send(2)
    while not any(line[:2] == ("first", "begins") for line in nodes.lines()[-3:]):
        await send(1)
    nodes.running["first"].kill()
    await send(5)
    seq = (await conversations.seqs(database, talks))[talks[0]]

    def followed(talk: int) -> set[int]:
        return {seq for _, what, one, seqs in nodes.lines() if one == talk for seq in seqs}

    await until(lambda: all(followed(talk) == set(numbers(seq)) for talk in talks))
    for talk in talks:
        check(talk, [line for line in nodes.lines() if line[2] == talk])


def check(talk: int, lines: Sequence[tuple[str, str, int, list[int]]]) -> None:
    """In order, but for what came once more because nobody could say that it had been handled."""
    reached = 0
    at_work: str | None = None
    for node, what, _, seqs in lines:
        if what == "begins":
            assert at_work in (None, "first"), (talk, lines)  # the first was killed over it
            at_work = node
            continue
        assert node == at_work, (talk, lines)
        at_work = None
        assert seqs[0] <= reached + 1, (talk, lines)
        assert seqs == list(range(seqs[0], seqs[-1] + 1)), (talk, lines)
        reached = max(reached, seqs[-1])


async def test_what_this_process_changed_is_followed_at_once(database: Database) -> None:
    """Though it looks seldom for what others change."""
    talk, ali, _ = await pair(database)
    follower = Noting()
    async with following(database, follower, poll=PATIENCE) as one:
        await known(database, follower)
        for _ in range(3):
            last = await sent(database, talk, ali)
            one.wake()
            await until(partial(follower.has, talk, last.seq))


async def test_while_senders_are_busy_it_follows_all_the_same(database: Database) -> None:
    """It only takes longer."""
    talk, ali, _ = await pair(database)
    stored = 0

    def busy() -> int:
        nonlocal stored
        stored += 1_000_000
        return stored

    follower = Noting()
    async with following(database, follower, busy) as one:
        for _ in range(5):
            last = await sent(database, talk, ali)
            one.wake()
        await until(partial(follower.has, talk, last.seq))


async def test_how_far_it_is_behind_can_be_asked(database: Database) -> None:
    """By the age of the oldest change that is not handled, a message or another one."""
    talk, ali, _ = await pair(database)
    last = await sent(database, talk, ali)
    follower = Noting()
    async with following(database, follower):
        await until(lambda: follower.seqs[talk] == [1])
        while (await followers.lag(database, follower.name)).conversations:
            await asyncio.sleep(0.01)
        follower.failing.add(talk)
        await Changes(database, talk).edit(last.id, "edited")
        await until(lambda: follower.failures >= 2)
        lag = await followers.lag(database, follower.name)
    assert lag.conversations == 1
    assert 0 < lag.seconds < PATIENCE


class Beginning(Noting):
    name = "in steps"
    with_past = None


async def test_a_beginning_that_was_interrupted_is_completed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever follows gives the rest their positions. What came after a position is followed."""
    monkeypatch.setattr(followers, "STEP", 2)
    ali = await user(database, "ali")
    talks = [await conversation(database, ali) for _ in range(6)]
    for talk in talks:
        await sent(database, talk, ali)
    follower = Beginning()
    cursor = await touched.present(database)
    async with database.transaction() as transaction:
        await followers.prepare(transaction, follower.name, cursor)
        step = (follower.name, 0, talks[2], followers.BEGINNING + follower.name)
        await transaction.execute(followers.BEGIN, step)
    await sent(database, talks[0], ali)
    assert await followers.names(database) == []
    async with following(database, follower):
        await until(lambda: follower.seqs == {talks[0]: [2]})
        await sent(database, talks[5], ali)
        await until(lambda: follower.seqs == {talks[0]: [2], talks[5]: [2]})
    assert await followers.names(database) == [follower.name]


async def test_a_follower_that_ends_while_it_begins_begins_no_more(database: Database) -> None:
    """Nothing of it is left in the list of followers."""
    talk, ali, _ = await pair(database)
    await sent(database, talk, ali)
    cursor = await touched.present(database)
    async with database.transaction() as transaction:
        await followers.prepare(transaction, "one", cursor)
    async with database.transaction() as transaction:
        await followers.end(transaction, "one")
    await followers.complete(database, "one")
    assert await database.fetch("SELECT count(*) FROM followers") == [(0,)]
    assert await database.fetch("SELECT count(*) FROM positions") == [(0,)]


@pytest.mark.parametrize("sharing", [1, 2, 50])
def test_who_yields_takes_a_small_part_of_the_time_together(sharing: int) -> None:
    """However many they are. A single long piece of work holds nobody up for minutes."""
    worked = 0.0001
    rest = rest_of(worked, sharing)
    assert sharing * worked / (worked + rest) == pytest.approx(SHARE)
    assert rest_of(10.0, sharing) == min(sharing * REST_MAX, REST_MOST)


def test_senders_are_busy_for_as_long_as_much_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look of some milliseconds hears of nothing: what was said last holds meanwhile."""
    moment, stored = 0.0, 0
    monkeypatch.setattr(looking, "monotonic", lambda: moment)
    pace = looking.Pace(lambda: stored)
    for passed, more, is_busy in (
        (0.01, 0, False),
        (1.0, 10_000, True),
        (0.01, 0, True),
        (0.1, 0, True),
        (0.2, 2 * BUSY, True),
        (1.0, BUSY // 2, False),
        (0.01, 10, False),
    ):
        moment += passed
        stored += more
        assert pace.is_busy() is is_busy


def test_a_look_that_found_all_waits_for_more() -> None:
    """One that left something out goes on: too many changes, or too many of one conversation."""
    assert not spans.is_full([], 10)
    assert not spans.is_full([Span(1, 5, 8), Span(2, 0, 6)], 10)
    assert spans.is_full([Span(1, 5, 8), Span(2, 0, 7)], 10)
    assert spans.is_full([Span(1, 5, 5 + spans.PAGE)], 2 * spans.PAGE)
