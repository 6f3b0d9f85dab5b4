"""When the desk is open."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from chat.records import WEEKDAYS, DeskRules
from chat.services import business_hours

SECOND = 1_000_000
HOURS = {"saturday": ["13:00-17:00", "09:00-12:00"], "monday": ["22:00-02:00"]}
SHOP = DeskRules(timezone="Asia/Tehran", hours=HOURS, days_off=["2026-03-28"])


def moment(text: str, zone: str = "Asia/Tehran") -> int:
    shown = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return int(shown.timestamp()) * SECOND


@pytest.mark.parametrize(
    ("at", "is_inside"),
    [
        ("2026-03-21T08:59:59", False),
        ("2026-03-21T09:00", True),
        ("2026-03-21T12:00", False),
        ("2026-03-21T16:59:59", True),
        ("2026-03-22T10:00", False),
        ("2026-03-23T23:30", True),
        ("2026-03-24T01:59:59", True),
        ("2026-03-24T02:00", False),
        ("2026-03-28T10:00", False),
    ],
)
def test_a_moment_is_inside_or_not(at: str, *, is_inside: bool) -> None:
    """Several spans, one over midnight, and a Saturday off."""
    assert business_hours.is_inside(SHOP, moment(at)) is is_inside


def test_without_hours_it_is_always_open() -> None:
    """And then it opens at no moment."""
    assert business_hours.is_inside(DeskRules(), 0)
    assert business_hours.opens_at(DeskRules(), 0) is None


def test_a_desk_without_any_span_never_opens() -> None:
    """No day is named, so each is closed."""
    never = DeskRules(hours={})
    assert not business_hours.is_inside(never, moment("2026-03-21T10:00"))
    assert business_hours.opens_at(never, moment("2026-03-21T10:00")) is None
    assert business_hours.due_at(never, moment("2026-03-21T10:00"), 1) is None


def test_it_opens_next() -> None:
    """After the last span, on the next day that has one and is not off; None while it is open."""
    assert business_hours.opens_at(SHOP, moment("2026-03-21T08:00")) == moment("2026-03-21T09:00")
    assert business_hours.opens_at(SHOP, moment("2026-03-24T03:00")) == moment("2026-03-30T22:00")
    assert business_hours.opens_at(SHOP, moment("2026-03-21T10:00")) is None


def test_only_minutes_inside_the_hours_count() -> None:
    """A night, a break at noon and a day off pass for nothing."""
    due = business_hours.due_at(SHOP, moment("2026-03-21T11:30"), 60)
    assert due == moment("2026-03-21T13:30")
    late = business_hours.due_at(SHOP, moment("2026-03-21T16:30"), 90)
    assert late == moment("2026-03-23T23:00")
    assert business_hours.due_at(DeskRules(), 0, 5) == 300 * SECOND


def test_spans_that_meet_are_one() -> None:
    """Over midnight too."""
    whole = DeskRules(hours={"monday": ["20:00-24:00"], "tuesday": ["00:00-03:00", "02:00-04:00"]})
    at = moment("2026-03-23T21:00", "UTC")
    assert business_hours.due_at(whole, at, 7 * 60) == moment("2026-03-24T04:00", "UTC")


def test_a_day_of_23_hours_has_its_hours_by_the_clock() -> None:
    """Berlin puts the clocks forward in the night of 2026-03-29."""
    rules = DeskRules(timezone="Europe/Berlin", hours={"sunday": ["01:00-09:00"]})
    at = moment("2026-03-29T01:00", "Europe/Berlin")
    due = business_hours.due_at(rules, at, 7 * 60)
    assert due == moment("2026-03-29T09:00", "Europe/Berlin")


def test_what_the_clocks_leave_out_is_no_span() -> None:
    """02:15 is 03:15 in that night, so the span would end before it begins."""
    rules = DeskRules(timezone="Europe/Berlin", hours={"sunday": ["02:15-03:00", "12:00-13:00"]})
    noon = moment("2026-03-29T12:00", "Europe/Berlin")
    for text in ("2026-03-29T01:00", "2026-03-29T03:10"):
        at = moment(text, "Europe/Berlin")
        assert not business_hours.is_inside(rules, at)
        assert business_hours.opens_at(rules, at) == noon
        assert business_hours.due_at(rules, at, 30) == noon + 1800 * SECOND


def test_a_desk_that_is_open_day_and_night_is_not_looked_at_for_years(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the days that matter are computed. Guests ask for it, so it must cost little."""
    seen, at = list[object](), business_hours.at

    def counted(day: date, after: timedelta, place: ZoneInfo) -> int:
        seen.append(day)
        return at(day, after, place)

    monkeypatch.setattr(business_hours, "at", counted)
    whole = DeskRules(hours={day: ["00:00-12:00", "12:00-24:00"] for day in WEEKDAYS})
    begin = moment("2026-03-21T10:00", "UTC")
    assert business_hours.is_inside(whole, begin)
    assert business_hours.opens_at(whole, begin) is None
    assert business_hours.due_at(whole, begin, 24 * 60) == moment("2026-03-22T10:00", "UTC")
    closed = replace(whole, days_off=["2026-03-21"])
    assert business_hours.opens_at(closed, begin) == moment("2026-03-22T00:00", "UTC")
    late = moment("2026-03-23T00:00", "UTC")
    assert business_hours.due_at(closed, begin, 30 * 24 * 60, late) is None
    assert len(seen) <= 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9:00-17:00",
        "09:00",
        "09:00-09:00",
        "24:00-02:00",
        "09:00-24:30",
        "09:60-10:00",
        "۰۹:۰۰-۱۷:۰۰",
    ],
)
def test_what_is_no_span_is_refused(text: str) -> None:
    """The error repeats it."""
    with pytest.raises(business_hours.Wrong):
        business_hours.span(text)


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Base", "../etc/passwd", "/etc/passwd", "Asia", "x\0y", "localtime", "right/UTC"],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    """Paths and folders as well, and what means another time on another machine."""
    with pytest.raises(business_hours.Wrong):
        business_hours.named_zone(name)
