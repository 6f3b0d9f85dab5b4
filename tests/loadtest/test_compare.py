"""The comparison's arithmetic: medians, ratios, what they are held against, and the table."""

import pytest

from loadtest.compare.demands import FIGURES, RUNS, Bound, Figure, least, most
from loadtest.compare.table import Measured, as_json, markdown, median, rows
from loadtest.peers import PEERS
from loadtest.report import shown

TITLES = {"payam": "Payam", "slow": "Slow", "quick": "Quick", "payam-2": "Payam, two workers"}
RATE = Figure(
    "deliveries/s", "fanout", "rate", rivals={"slow": least(5), "quick": least(1.5), "absent": None}
)
MEMORY = Figure("KiB", "idle", "bytes", rivals={"slow": None}, limit=4096, unit=1024)


def measured(**rates: list[float]) -> Measured:
    """Three rounds a peer of the run `fanout`, by the peer's name."""
    return {("fanout", peer): [{"rate": rate} for rate in three] for peer, three in rates.items()}


def test_a_stray_round_does_not_move_the_value() -> None:
    """Expected: the middle one of three rounds, wherever in them the stray one stands."""
    assert median(RATE, "payam", measured(payam=[100, 1, 90])) == 90


def test_ratios_are_between_medians() -> None:
    """Expected: Payam's median over the rival's, not a mean of ratios."""
    (row,) = rows([RATE], measured(payam=[1000, 1200, 10], slow=[100, 90, 400]))
    assert row.value == 1000
    assert [(rival.peer, rival.value, rival.ratio) for rival in row.rivals] == [("slow", 100, 10)]


@pytest.mark.parametrize(
    ("bound", "ratio", "holds"),
    [
        (least(5), 5.0, True),
        (least(5), 4.99, False),
        (most(1.3), 1.3, True),
        (most(1.3), 1.31, False),
    ],
)
def test_a_bound_holds_at_its_very_factor(bound: Bound, ratio: float, holds: bool) -> None:
    """Expected: the factor itself is enough, or still allowed; beyond it is not."""
    assert bound.holds(ratio) is holds


def test_a_figure_without_a_rival_leaves_its_cell_empty() -> None:
    """Expected: as many cells in each line, whichever rivals a figure has."""
    both = Figure("a", "fanout", "rate", rivals={"slow": None, "quick": None})
    one = Figure("b", "fanout", "rate", rivals={"slow": None})
    results = measured(payam=[4] * 3, slow=[2] * 3, quick=[1] * 3)
    assert markdown(rows([both, one], results), TITLES).splitlines()[2:] == [
        "| a | **4** | 2: 2× | 1: 4× |",
        "| b | **4** | 2: 2× | |",
    ]


def test_figures_of_absent_servers_are_left_out() -> None:
    """Expected: no row without its subject, and no rival that was not measured."""
    assert rows([RATE, MEMORY], measured(slow=[1, 1, 1])) == []
    (row,) = rows([RATE, MEMORY], measured(payam=[2, 2, 2], quick=[1, 1, 1]))
    assert [rival.peer for rival in row.rivals] == ["quick"]


def test_the_markdown_has_each_demand_beside_its_ratio() -> None:
    """Expected: a column a server, and in each cell value, ratio, demand and verdict."""
    table = rows([RATE], measured(payam=[1000] * 3, slow=[100] * 3, quick=[800] * 3))
    assert markdown(table, TITLES).splitlines() == [
        "| | Payam | Slow | Quick |",
        "| --- | ---: | ---: | ---: |",
        "| deliveries/s | **1,000** | 100: 10× (at least 5× ✓) | 800: 1.25× (at least 1.5× ✗) |",
    ]


def test_the_first_row_says_who_stores() -> None:
    """Expected: a word per server, in the order of the columns. Payam always stores."""
    table = rows([RATE], measured(payam=[1000] * 3, slow=[100] * 3, quick=[800] * 3))
    first = markdown(table, TITLES, {"slow": True, "quick": False}).splitlines()[2]
    assert first == "| stores before it answers | **yes** | yes | no |"


def test_a_limit_stands_beside_the_value_in_the_unit_shown() -> None:
    """Expected: bytes are limited, KiB are shown, and a rival without a demand has no verdict."""
    table = rows(
        [MEMORY], {("idle", "payam"): [{"bytes": 5120}], ("idle", "slow"): [{"bytes": 10240}]}
    )
    assert table[0].within_limit is False
    last = markdown(table, TITLES).splitlines()[-1]
    assert last == "| KiB | **5** (at most 4 ✗) | 10: 0.50× |"


def test_payam_beside_itself_has_its_own_column() -> None:
    """Expected: two workers against one need no column of a server."""
    figure = Figure("CPU", "fanout", "rate", subject="payam-2", rivals={"payam": most(1.3)})
    own = Figure("CPU", "fanout", "rate", rivals={"slow": None})
    each: dict[str, list[float]] = {"payam": [2] * 3, "payam-2": [3] * 3, "slow": [4] * 3}
    results = measured(**each)
    lines = markdown(rows([own, figure], results), TITLES).splitlines()
    assert lines[0] == "| | Payam | Slow |"
    assert lines[-1] == "| CPU | **3** / 2: 1.50× (at most 1.3× ✗) | |"


def test_json_has_the_numbers_unrounded() -> None:
    """Expected: values as measured, the demand in words, the verdict as a boolean."""
    (row,) = as_json(rows([RATE], measured(payam=[1000.5] * 3, slow=[100] * 3)))
    assert row["value"] == 1000.5
    assert row["rivals"] == [
        {"peer": "slow", "value": 100, "ratio": 10.005, "demanded": "at least 5×", "holds": True}
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567.8, "1,234,568"), (100, "100"), (12.34, "12.3"), (1.234, "1.23"), (0, "0")],
)
def test_values_show_three_digits(value: float, text: str) -> None:
    """Expected: three digits that count, and every digit before the point."""
    assert shown(value) == text


def test_every_figure_names_runs_and_servers_that_there_are() -> None:
    """Expected: no figure waits for a run or a peer that nothing measures."""
    names = {peer.name for peer in PEERS}
    for figure in FIGURES:
        assert figure.run in RUNS
        assert {figure.subject, *figure.rivals} <= names
