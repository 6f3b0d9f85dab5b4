"""`python -m loadtest turns`: checkouts side by side in one run."""

import pytest

from loadtest.turns import ASKS, PAIRED, main
from tests.support.payam_server import CHECKOUT

COLUMNS_OF_TWO = 2


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_each_request_of_each_checkout_has_its_cost(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every request has a line with the first checkout's µs, and the second's with a ratio."""
    trees = (str(CHECKOUT), str(CHECKOUT))
    short = ("--bursts", "2", "--burst-seconds", "0.05")
    assert main([*trees, "--database", database, *short]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [line.split()[0] for line in lines if "server" in line] == [*ASKS, *PAIRED]
    for line in lines:
        first, second = line.split("server" if "server" in line else "database")[1].split(": ")
        costs = [float(cost) for cost in first.split()]
        assert len(costs) == COLUMNS_OF_TWO
        assert min(costs) > 0
        assert float(second) > 0
    with_database = len([line for line in lines if "database" in line])
    assert with_database == (len(ASKS) + len(PAIRED) if database == "postgresql" else 0)
