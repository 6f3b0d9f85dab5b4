"""Token buckets, with a clock of the test's own."""

import pytest

from chat.errors import RateLimited
from chat.services import limits
from chat.services.limits import Limit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "monotonic", clock)
    return clock


def allowed(limit: Limit, caller: str, tries: int) -> int:
    """How many of so many tries at once are let through."""
    count = 0
    for _ in range(tries):
        try:
            limit.take(caller)
        except RateLimited:
            continue
        count += 1
    return count


def test_a_burst_is_let_through_and_no_more(clock: Clock) -> None:
    """As many as the burst allows; each caller has its own."""
    limit = Limit(2, 5, "things")
    assert allowed(limit, "ali", 8) == 5
    assert allowed(limit, "sara", 8) == 5


def test_time_fills_the_bucket_again(clock: Clock) -> None:
    """By the rate, and never beyond the burst."""
    limit = Limit(2, 5, "things")
    allowed(limit, "ali", 5)
    clock.now += 1.5
    assert allowed(limit, "ali", 5) == 3
    clock.now += 3600
    assert allowed(limit, "ali", 8) == 5


def test_a_refusal_says_when_to_come_back(clock: Clock) -> None:
    """Coming back then is early enough, and refused tries cost nothing."""
    limit = Limit(0.5, 1, "things")
    limit.take("ali")
    for _ in range(3):
        with pytest.raises(RateLimited) as refused:
            limit.take("ali")
    assert refused.value.retry_after == 2.0
    clock.now += refused.value.retry_after
    limit.take("ali")


def test_a_lifted_limit_lets_everything_through(clock: Clock) -> None:
    """As RATE_LIMITS=off does."""
    assert allowed(Limit(None, 1, "things"), "ali", 1000) == 1000


def test_the_quietest_callers_are_forgotten_first(clock: Clock) -> None:
    """So that a flood of callers cannot fill the memory."""
    limit = Limit(1, 1, "things", most=2)
    for caller in ("a", "b", "c"):
        limit.take(caller)
    assert allowed(limit, "c", 1) == 0
    assert allowed(limit, "a", 1) == 1


def test_who_is_limited_is_not_forgotten_before_who_is_not(clock: Clock) -> None:
    """So that a flood of callers gives nobody a new burst, as long as others can be forgotten."""
    limit = Limit(1, 10, "things", most=2)
    assert allowed(limit, "busy", 20) == 10
    limit.take("quiet")
    clock.now += 1
    limit.take("new")
    assert allowed(limit, "busy", 20) == 1


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (50, "50 per second"),
        (10 / 60, "10 per minute"),
        (10 / 6, "100 per minute"),
        (1 / 60, "1 per minute"),
        (10 / 3600, "10 per hour"),
    ],
)
def test_what_is_refused_says_what_there_was_too_much_of(
    clock: Clock, rate: float, said: str
) -> None:
    """And how much is allowed, in whole numbers."""
    limit = Limit(rate, 1, "sign-ups from this address")
    limit.take("ali")
    with pytest.raises(RateLimited) as refused:
        limit.take("ali")
    assert refused.value.detail == (
        f"Too many sign-ups from this address: at most {said} on the average, 1 at once."
    )


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("ali", "ali"),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, network: str) -> None:
    """Of a /64 all addresses are one client, which has them all."""
    assert limits.network_of(address) == network
