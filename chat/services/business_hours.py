"""When the desk is open, by the rules: whether it is now, when it opens, and how long it was open.

Moments are microseconds since 1970. Example, open 22:00-02:00 on Mondays only: Tuesday, 01:00 is
inside, and so is no other hour of Tuesday.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chat.desk_records import WEEKDAYS, DeskRules

SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
DAY = timedelta(days=1)
SEARCHED = 800
"""Days in which the next opening is looked for: more than there may be days off."""
SECOND = 1_000_000


class Wrong(ValueError):
    """A zone or a span that there is not. Its text says what is wanted."""


def zone(name: str) -> ZoneInfo:
    """Raises Wrong."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Wrong("A name of the IANA, like Asia/Tehran.") from None


def span(text: str) -> tuple[timedelta, timedelta]:
    """When it begins and ends, after the beginning of its day. Raises Wrong."""
    match = SPAN.fullmatch(text)
    if match is not None:
        hours, minutes, end_hours, end_minutes = map(int, match.groups())
        begin = timedelta(hours=hours, minutes=minutes)
        end = timedelta(hours=end_hours, minutes=end_minutes)
        if end <= DAY and begin != end:
            return begin, end if end > begin else end + DAY
    raise Wrong(f"{text[:40]} is no span like 09:00-17:30.")


def openings(rules: DeskRules, moment: int) -> Iterator[tuple[int, int]]:
    """When it is open from this moment on, in order, apart from each other: (from, to). They end
    after SEARCHED days. Only for rules with hours.
    """
    assert rules.hours is not None
    place = zone(rules.timezone)
    off = {date.fromisoformat(day) for day in rules.days_off}
    today = datetime.fromtimestamp(moment / SECOND, place).date() - 2 * DAY
    begun = ended = 0
    for _ in range(SEARCHED):
        spans = [] if today in off else rules.hours.get(WEEKDAYS[today.weekday()], [])
        for begin, end in sorted(map(span, spans)):
            first, last = at(today, begin, place), at(today, end, place)
            if last <= moment:
                continue
            if first <= ended:
                ended = max(ended, last)
                continue
            if ended:
                yield begun, ended
            begun, ended = max(first, moment), last
        # A span of the next day may go on where the last one ended, but none of a later day.
        if ended and ended < at(today + DAY, timedelta(), place):
            yield begun, ended
            begun = ended = 0
        today += DAY
    if ended:
        yield begun, ended


def at(day: date, after: timedelta, place: ZoneInfo) -> int:
    """The moment that the clocks of the place show so long after the beginning of the day."""
    shown = datetime.combine(day, time()) + after
    return int(shown.replace(tzinfo=place).astimezone(UTC).timestamp()) * SECOND


def is_inside(rules: DeskRules, moment: int) -> bool:
    if rules.hours is None:
        return True
    return any(first <= moment for first, _ in first_opening(rules, moment))


def opens_at(rules: DeskRules, moment: int) -> int | None:
    """When it opens next; None where it is open, or never opens."""
    if rules.hours is None:
        return None
    return next((first for first, _ in first_opening(rules, moment) if first > moment), None)


def first_opening(rules: DeskRules, moment: int) -> list[tuple[int, int]]:
    found = next(openings(rules, moment), None)
    return [] if found is None else [found]


def due_at(rules: DeskRules, moment: int, minutes: int) -> int | None:
    """When so many minutes inside the hours have passed since the moment; None for never."""
    left = minutes * 60 * SECOND
    if rules.hours is None:
        return moment + left
    for first, last in openings(rules, moment):
        if last - first >= left:
            return first + left
        left -= last - first
    return None
