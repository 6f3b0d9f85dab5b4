"""What a deployment needs, reckoned from measured costs."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.__main__ import main
from loadtest.cluster.comparing import compare
from loadtest.cluster.measuring import PAYAM, POSTGRES, REDIS, Measured
from loadtest.model import costs
from loadtest.model.costs import Cost
from loadtest.model.reckoning import Demand, need_of, need_with, redis_time, remote_workers
from loadtest.yardstick import measured_beside

SCALING = Path(__file__).parents[2] / "docs" / "scaling.md"
LARGE = Demand(sockets=1_000_000, messages=50_000)


def test_one_worker_relays_nothing() -> None:
    """Expected: no Redis, and the worker's time is that of its messages alone."""
    need = need_of(Demand(sockets=100, messages=1000, returns=0, pages=0))
    assert (need.workers, need.nodes, need.redis_primaries) == (1, 1, 0)
    assert need.publishes == need.relayed == need.redis_busy == 0
    commits = 1 / costs.COMMIT_SECONDS.value
    time = costs.WORKER_TIME.value + commits * costs.COMMIT_TIME.value
    assert need.worker_busy == pytest.approx(time + 1000 * costs.MESSAGE_TIME.value)
    time = costs.POSTGRES_IDLE.value + commits * costs.POSTGRES_COMMIT.value
    assert need.postgres_busy == pytest.approx(time + 1000 * costs.POSTGRES_MESSAGE.value)


def test_there_are_as_many_workers_as_needed_and_no_more() -> None:
    """Expected: none is too busy, and with one less one would be."""
    need = need_of(LARGE)
    assert need.worker_busy <= LARGE.busy
    assert need.worker_busy * need.workers / (need.workers - 1) > LARGE.busy * 0.98
    assert need.nodes * LARGE.cores >= need.workers > (need.nodes - 1) * LARGE.cores


@pytest.mark.parametrize(
    ("receivers", "workers", "remote"),
    [(1, 10, 0), (2, 10, 0.9), (2, 1, 0), (10_000, 10, 9), (3, 2, 0.75)],
)
def test_a_message_goes_to_the_workers_that_have_a_receiver(
    receivers: int, workers: int, remote: float
) -> None:
    """Expected: with many receivers all others, with one none."""
    assert remote_workers(receivers, workers) == pytest.approx(remote)


@pytest.mark.parametrize(
    "more",
    [
        {"sockets": 3_000_000},
        {"messages": 100_000.0},
        {"receivers": 200},
        {"returns": 5000.0},
        {"pages": 20_000.0},
        {"busy": 0.3},
    ],
)
def test_more_of_anything_needs_more_workers(more: dict[str, float]) -> None:
    """Expected: no load is free."""
    assert need_of(replace(LARGE, **more)).workers > need_of(LARGE).workers  # type: ignore[arg-type]


# Messages and commits per second, µs of the yardstick, then cores of Payam, Redis and PostgreSQL,
# on three machines.
MEASURED = [
    (2070, 270, 539, 0.556, 0.0849, 0.641),
    (6395, 195, 441, 0.572, 0.0724, 0.651),
    (9395, 74, 490, 0.471, 0.0487, 0.663),
    (9766, 50, 611, 0.458, 0.0400, 0.664),
    (2046, 259, 488, 0.552, 0.0837, 0.679),
    (4330, 137, 633, 0.494, 0.0649, 0.586),
    (9943, 76, 552, 0.477, 0.0499, 0.688),
    (12200, 49, 400, 0.446, 0.0387, 0.657),
    (1996, 257, 518, 0.567, 0.0899, 0.613),
    (6622, 263, 366, 0.536, 0.0712, 0.678),
    (12772, 99, 399, 0.445, 0.0483, 0.641),
    (12214, 44, 345, 0.298, 0.0275, 0.506),
    (3075, 413, 360, 0.596, 0.0974, 0.711),
    (6771, 225, 398, 0.521, 0.0687, 0.718),
    (8941, 83, 379, 0.337, 0.0375, 0.427),
    (12550, 54, 395, 0.420, 0.0375, 0.667),
    (3483, 451, 341, 0.585, 0.0949, 0.686),
    (7909, 239, 367, 0.557, 0.0725, 0.673),
    (13970, 116, 349, 0.466, 0.0437, 0.665),
    (3141, 391, 384, 0.631, 0.0949, 0.694),
    (7639, 242, 399, 0.601, 0.0787, 0.688),
    (13235, 116, 387, 0.480, 0.0487, 0.720),
    (15316, 60, 402, 0.479, 0.0412, 0.701),
]


@pytest.mark.parametrize("run", MEASURED, ids=str)
def test_the_model_is_near_what_was_measured(run: tuple[float, ...]) -> None:
    """Expected: within 20 % of each load from which its costs are, fast or slow as cores were."""
    messages, commits, yardstick, payam, redis, postgres = run
    found = Measured(
        sockets=100,
        messages=messages,
        commits=commits,
        busy={PAYAM: payam, REDIS: redis, POSTGRES: postgres},
        memory=562 * costs.MIB,
        lost=0,
        yardstick=yardstick * costs.MICRO,
    )
    for one in compare(found, workers=6, redis_servers=6):
        assert one.is_near, one


def test_slower_cores_need_as_much_more_of_everything_but_memory() -> None:
    """Expected: with twice the yardstick, twice the processor time, also of those who come back."""
    demand = replace(LARGE, commits=3000.0)
    fast = need_with(demand, 20)
    slow = need_with(replace(demand, yardstick=2 * demand.yardstick), 20)
    assert slow.worker_busy == pytest.approx(2 * fast.worker_busy)
    assert slow.postgres_busy == pytest.approx(2 * fast.postgres_busy)
    assert redis_time(replace(demand, yardstick=2 * demand.yardstick), 20) == pytest.approx(
        2 * redis_time(demand, 20)
    )
    assert slow.all_return == pytest.approx(2 * fast.all_return)
    assert slow.node_memory == fast.node_memory


def test_the_yardstick_is_taken_as_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Expected: the number that one command prints, the other takes; the costs' own changes
    nothing, and a slower core asks for more workers.
    """
    assert main(["yardstick", "--seconds", "0.2"], {}) == 0
    number, unit = capsys.readouterr().out.split()
    assert unit == "µs"
    assert int(number) > 0
    arguments = ["model", "--sockets", "1000000", "--messages-per-second", "50000"]
    assert main([*arguments, "--yardstick", number], {}) == 0
    capsys.readouterr()
    printed = []
    for own in (
        [],
        ["--yardstick", f"{costs.YARDSTICK / costs.MICRO:.0f}"],
        ["--yardstick", "5000"],
    ):
        assert main([*arguments, *own], {}) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2]


def test_a_piece_is_measured_beside_other_work() -> None:
    """Expected: a time of the other process, while this one goes on."""

    async def both() -> tuple[float, int]:
        beside = asyncio.create_task(measured_beside(0.3))
        turns = 0
        while not beside.done():
            await asyncio.sleep(0.01)
            turns += 1
        return await beside, turns

    taken, turns = asyncio.run(both())
    assert taken > 0
    assert turns > 1


def test_memory_is_that_of_sockets_conversations_and_workers() -> None:
    """Expected: a socket in one more conversation costs so much more."""
    need = need_of(LARGE)
    more = need_of(replace(LARGE, conversations=LARGE.conversations + 100))
    assert more.workers == need.workers
    grown = (more.node_memory - need.node_memory) * need.nodes
    assert grown == pytest.approx(LARGE.sockets * 100 * costs.ENTRY_MEMORY.value)


def test_each_cost_says_where_it_was_measured() -> None:
    """Expected: a value above zero, and a source in words."""
    found = [cost for cost in vars(costs).values() if isinstance(cost, Cost)]
    assert len(found) > 10
    assert all(cost.value > 0 and " " in cost.source for cost in found)


def test_the_page_shows_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Expected: its table is that of its command."""
    page = SCALING.read_text(encoding="utf-8")
    assert "python -m loadtest model --sockets 1000000 --messages-per-second 50000\n" in page
    arguments = ["model", "--sockets", "1000000", "--messages-per-second", "50000"]
    assert main(arguments, {}) == 0
    assert capsys.readouterr().out in page
    assert main([*arguments, "--costs"], {}) == 0
    assert costs.REDIS_COPY.source in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        ["--sockets", "0"],
        ["--sockets", "ten"],
        ["--messages-per-second", "-1"],
        ["--messages-per-second", "inf"],
        ["--busy", "0"],
        ["--busy", "1.1"],
        ["--cores", "0"],
        ["--yardstick", "0"],
        ["--yardstick", "inf"],
        ["--nodes", "3"],
    ],
)
def test_what_cannot_be_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Expected: status 2, and the option's name."""
    right = ["model", "--sockets", "10", "--messages-per-second", "1"]
    with pytest.raises(SystemExit) as caught:
        main([*right, *wrong], {})
    assert caught.value.code == 2
    assert wrong[0] in capsys.readouterr().err
