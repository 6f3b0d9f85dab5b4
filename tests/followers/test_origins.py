"""How many pushes may be on their way to which services."""

import pytest

from chat.followers.push import origins as module
from chat.followers.push.origins import FAILURES, FIRST, PARALLEL, UNPROVEN, Origins


def begun(origins: Origins, name: str) -> int:
    """How many more may begin now."""
    count = 0
    while not origins.begin(name):
        count += 1
    return count


def test_services_that_hang_leave_places_to_those_that_answer() -> None:
    """However many they are, and also where they have answered before."""
    origins = Origins()
    assert not origins.begin("good")
    origins.end("good", None)
    hanging = [f"hanging {number}" for number in range(UNPROVEN)]
    counts = [begun(origins, name) for name in hanging]
    assert sum(counts) == UNPROVEN
    assert set(counts) == {FIRST, 0}
    assert begun(origins, "good") == PARALLEL
    for name, count in zip(hanging, counts, strict=True):
        for _ in range(count):
            origins.end(name, "no answer")
    assert not origins.begin("new")
    origins.end("new", None)
    assert begun(origins, "new") == PARALLEL
    origins.end("good", "no answer")  # the others are on their way, and count from now on
    assert sum(begun(origins, name) for name in hanging) == UNPROVEN - (PARALLEL - 1)


def test_one_that_fails_is_left_alone_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(module, "monotonic", lambda: moment)
    origins = Origins()
    for _ in range(FAILURES):
        assert not origins.begin("one")
        origins.end("one", "answered 503")
    assert origins.begin("one") == module.PAUSE_SECONDS
    moment += module.PAUSE_SECONDS
    assert begun(origins, "one") == 1
    origins.end("one", None)
    assert begun(origins, "one") == PARALLEL


def test_one_that_answers_is_remembered_beside_thousands_that_do_not() -> None:
    origins = Origins()
    assert not origins.begin("good")
    origins.end("good", None)
    hanging = [f"hanging {number}" for number in range(UNPROVEN)]
    for name in hanging:
        assert not origins.begin(name)
    for number in range(module.MOST):
        assert origins.begin(f"asked {number}") > 0
    origins.end(hanging[0], "no answer")
    assert not origins.begin(hanging[0])
    assert begun(origins, "good") == PARALLEL
