"""Latencies: what is recorded is what is reported."""

import pytest

from loadtest.histogram import Histogram, parts_of

THREE_DIGITS = 0.001


def recorded(*seconds: float) -> Histogram:
    histogram = Histogram()
    for value in seconds:
        histogram.record(value)
    return histogram


def test_percentiles_are_of_all_that_was_recorded() -> None:
    """Expected: of 1 to 1000 ms, the value below which that share lies, to three digits."""
    latencies = recorded(*(n / 1000 for n in range(1, 1001))).latencies()
    assert latencies is not None
    assert latencies.count == 1000
    assert latencies.maximum == pytest.approx(1.0, rel=THREE_DIGITS)
    assert latencies.mean == pytest.approx(0.5005, rel=THREE_DIGITS)
    heard = dict(latencies.percentiles)
    expected = {50.0: 0.5, 90.0: 0.9, 99.0: 0.99, 99.9: 0.999}
    assert heard == {at: pytest.approx(value, rel=THREE_DIGITS) for at, value in expected.items()}


def test_recording_goes_on_after_a_look() -> None:
    """Expected: nothing is lost, and nothing counts twice, when it is looked at meanwhile."""
    histogram = recorded(0.001, 0.001)
    assert histogram.percentile(100) == pytest.approx(0.001, rel=THREE_DIGITS)
    histogram.record(0.004)
    latencies = histogram.latencies()
    assert latencies is not None
    assert latencies.count == 3
    assert [count for _, count in latencies.bars] == [2, 1]


def test_nothing_recorded_is_no_latencies() -> None:
    """Expected: None rather than noughts that look like a very fast server."""
    histogram = recorded(0.5)
    histogram.clear()
    assert histogram.latencies() is None


def test_values_beyond_its_range_are_kept_at_the_ends() -> None:
    """Expected: a microsecond and ten minutes, not an error and not a loss."""
    latencies = recorded(0.0, 3600.0).latencies()
    assert latencies is not None
    assert latencies.count == 2
    assert latencies.bars[0][0] == pytest.approx(1e-6)
    assert latencies.maximum == pytest.approx(600, rel=THREE_DIGITS)


@pytest.mark.parametrize(("count", "last"), [(1, 0.0), (10, 0.9), (1000, 0.999)])
def test_a_curve_ends_at_the_last_share_that_is_one_value(count: int, last: float) -> None:
    """Expected: no percentile that so few values cannot tell."""
    assert parts_of(count)[-1] == pytest.approx(last)


def test_a_lap_has_what_came_since_the_one_before() -> None:
    """Expected: its own median and worst, and no effect on the whole."""
    histogram = recorded(*(n / 1000 for n in range(1, 101)))
    first = histogram.lap()
    assert first is not None
    assert first.count == 100
    assert first.p50 == pytest.approx(0.05)
    assert first.p99 == pytest.approx(0.099)
    assert first.maximum == pytest.approx(0.1)
    assert histogram.lap() is None
    histogram.record(0.5)
    second = histogram.lap()
    assert second is not None
    assert second.count == 1
    assert second.p50 == pytest.approx(0.5)
    whole = histogram.latencies()
    assert whole is not None
    assert whole.count == 101
