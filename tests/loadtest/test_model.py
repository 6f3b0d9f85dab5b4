"""What a deployment needs, reckoned from measured costs."""

from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.__main__ import main
from loadtest.cluster.comparing import compare
from loadtest.cluster.measuring import PAYAM, POSTGRES, REDIS, Measured
from loadtest.model import costs
from loadtest.model.costs import Cost
from loadtest.model.reckoning import Demand, need_of, remote_workers

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


# Messages and commits per second, then cores of Payam, Redis and PostgreSQL, on three machines.
MEASURED = [
    (1175, 153, 0.344, 0.0596, 0.437),
    (2377, 150, 0.350, 0.0580, 0.517),
    (3551, 101, 0.319, 0.0515, 0.379),
    (5570, 79, 0.305, 0.0479, 0.344),
    (7296, 54, 0.304, 0.0430, 0.318),
    (10827, 42, 0.350, 0.0444, 0.337),
    (557, 71, 0.210, 0.0380, 0.260),
    (2501, 72, 0.263, 0.0480, 0.309),
    (5503, 44, 0.248, 0.0400, 0.270),
]


@pytest.mark.parametrize("run", MEASURED, ids=str)
def test_the_model_is_near_what_was_measured(run: tuple[float, ...]) -> None:
    """Expected: within 20 % of each run from which its costs are."""
    messages, commits, payam, redis, postgres = run
    busy = {PAYAM: payam, REDIS: redis, POSTGRES: postgres}
    found = Measured(100, messages, commits, busy, 556 * 1024**2, 0)
    for one in compare(found, workers=6, redis_servers=6):
        assert one.is_near, one


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
