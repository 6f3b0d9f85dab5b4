"""When the desk is open, by the rules: whether it is now, when it opens, and how long it was open.

Moments are microseconds since 1970. Example, open 22:00-02:00 on Mondays only: Tuesday, 01:00 is
inside, and so is no other hour of Tuesday.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chat.records import WEEKDAYS, DeskRules

SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
DAY = timedelta(days=1)
SEARCHED = 800
"""Days in which the next opening is looked for: more than there may be days off."""
AROUND = 4
"""Days whose spans may have begun at a moment: the two before it, its own, and the next one. Where
clocks are put back over midnight they have shown the beginning of that one before.
"""
SECOND = 1_000_000


NOT_PLACES = ("localtime", "posixrules", "Factory")
NOT_CLOCKS = ("right/", "posix/")
"""What machines keep beside the zones: their own one, which another node does not have, and clocks
that count leap seconds.
"""


class Wrong(ValueError):
    """A zone or a span that there is not. Its text says what is wanted."""


def zone(name: str) -> ZoneInfo:
    """Raises Wrong."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise no_zone() from None


def named_zone(name: str) -> ZoneInfo:
    """The same, of a name that means the same on every node. Raises Wrong."""
    if name in NOT_PLACES or name.startswith(NOT_CLOCKS):
        raise no_zone()
    return zone(name)


def no_zone() -> Wrong:
    return Wrong("A name of the IANA, like Asia/Tehran.")


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


def opened(rules: DeskRules, moment: int, days: int) -> Iterator[tuple[int, int]]:
    """The spans that end after the moment, of so many days: (from, to), by their beginning. They
    may overlap. Only for rules with hours.

    The first day is two days before, because a span may go on over midnight, and places have
    left out a day. What the clocks leave out when they are put forward is no span.
    """
    assert rules.hours is not None
    hours = {day: list(map(span, spans)) for day, spans in rules.hours.items() if spans}
    if not hours:
        return
    place = zone(rules.timezone)
    off = set(rules.days_off)
    today = datetime.fromtimestamp(moment / SECOND, place).date() - 2 * DAY
    for _ in range(days):
        spans = hours.get(WEEKDAYS[today.weekday()])
        if spans and today.isoformat() not in off:
            for first, last in sorted((at(today, a, place), at(today, b, place)) for a, b in spans):
                if last > max(first, moment):
                    yield first, last
        today += DAY


def at(day: date, after: timedelta, place: ZoneInfo) -> int:
    """The moment that the clocks of the place show so long after the beginning of the day."""
    shown = datetime.combine(day, time()) + after
    return int(shown.replace(tzinfo=place).astimezone(UTC).timestamp()) * SECOND


def is_inside(rules: DeskRules, moment: int) -> bool:
    if rules.hours is None:
        return True
    return any(first <= moment for first, _ in opened(rules, moment, AROUND))


def opens_at(rules: DeskRules, moment: int) -> int | None:
    """The moment at which it opens next; None where it is open, or never opens."""
    if rules.hours is None or is_inside(rules, moment):
        return None
    return next((first for first, _ in opened(rules, moment, SEARCHED)), None)


def due_at(rules: DeskRules, moment: int, minutes: int, latest: int | None = None) -> int | None:
    """The moment at which so many minutes inside the hours have passed. None where that is never,
    or after `latest`.
    """
    left = minutes * 60 * SECOND
    if rules.hours is None:
        return moment + left
    counted = moment
    for first, last in opened(rules, moment, SEARCHED):
        begin = max(first, counted)
        if latest is not None and begin > latest:
            return None
        if last - begin >= left:
            return begin + left
        left -= max(0, last - begin)
        counted = max(counted, last)
    return None
