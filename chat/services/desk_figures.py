"""The figures of the desk in some time, and the same as tables for spreadsheets."""

import csv
import io
import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from chat import records
from chat.auth.identity import Identity
from chat.errors import InvalidInput
from chat.records import AgentFigures, DeskFigures, HourFigures, Ratings, Spread
from chat.services import business_hours, checks
from chat.services.desk import refusing, rules_of
from chat.services.lasting import while_allowed
from chat.services.staff import require_staff
from chat.store import desk_figures as store
from chat.store import users
from chat.store.database import Database, Row
from chat.store.desk_figures import HOUR, Hour
from chat.times import now, to_text

TABLES = ("tickets", "hours", "agents")
SECOND = 1_000_000
DAY = 24 * HOUR
DAYS_MAX = 92
DAYS = 7
YEARS = range(1970, 9999)
"""Apart from the ends of the calendar, where a week before, or another zone, has no date."""
PAGE = 500
"""Tickets of the table that are read at once."""
NOTHING = Spread(0, None, None, None)
NO_HOUR = Hour()
BOM = "\ufeff"
"""By it spreadsheets know that the text is UTF-8."""
FORMULA = re.compile("(^|[;|\\t\\r\\n])(\\s*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet might take what follows for a formula. Some separate cells by a semicolon."""
OF_SPREAD = ("count", "mean", "median", "p90")
TICKET_HEAD = (
    "id",
    "conversation",
    "subject",
    "customer",
    "status",
    "priority",
    "agent",
    "created_at",
    "answered_at",
    "closed_at",
    "first_response",
    "resolution",
    "rating",
    "comment",
)
AGENT_HEAD = (
    "id",
    "agent",
    "answered",
    "closed",
    "messages",
    "open",
    *(f"first_response_{name}" for name in OF_SPREAD),
    *(f"resolution_{name}" for name in OF_SPREAD),
    "ratings",
    "rating",
)
HOUR_HEAD = ("at", "local", "opened", "closed", "open", "waiting")


class Period(NamedTuple):
    """From `lo` until before `hi`, in microseconds since 1970. `lo` begins an hour of `place`."""

    lo: int
    hi: int
    place: ZoneInfo


class FiguresOfDesk:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self,
        who: Identity | None,
        since: str | None = None,
        until: str | None = None,
        timezone: str | None = None,
    ) -> DeskFigures:
        await require_staff(self._database, who)
        period = await self._period(since, until, timezone)
        lo, hi, place = period
        present = await store.now(self._database)
        happened = await store.hours(self._database, lo, hi)
        hours = hours_of(period, happened)
        answered = await store.first_responses(self._database, lo, hi, by_agent=False)
        resolved = await store.resolutions(self._database, lo, hi, by_agent=False)
        rated = (await store.ratings(self._database, lo, hi)).values()
        return DeskFigures(
            since=to_text(lo),
            until=to_text(hi),
            timezone=place.key,
            opened=sum(hour.opened for hour in hours),
            closed=sum(hour.closed for hour in hours),
            reopened=sum(one.reopened for number, one in happened.items() if number >= 0),
            open=present.open,
            waiting=present.waiting,
            unassigned=present.unassigned,
            first_response=spread(answered.get(0)),
            resolution=spread(resolved.get(0)),
            rating=mean_of(sum(count for count, _ in rated), sum(total for _, total in rated)),
            hours=hours,
            agents=await self._agents(period),
        )

    async def table(
        self,
        who: Identity | None,
        since: str | None = None,
        until: str | None = None,
        timezone: str | None = None,
        of: str = TABLES[0],
    ) -> AsyncGenerator[bytes, None]:
        """The table as CSV, in pieces."""
        await require_staff(self._database, who)
        if of not in TABLES:
            raise InvalidInput({"of": [f"One of: {', '.join(TABLES)}."]})
        period = await self._period(since, until, timezone)
        if of == "hours":
            hours = hours_of(period, await store.hours(self._database, period.lo, period.hi))
            return whole(HOUR_HEAD, ([getattr(one, name) for name in HOUR_HEAD] for one in hours))
        if of == "agents":
            return whole(AGENT_HEAD, map(line_of_agent, await self._agents(period)))
        return while_allowed(self._tickets(period), partial(require_staff, self._database, who))

    async def _tickets(self, period: Period) -> AsyncGenerator[bytes, None]:
        yield (BOM + lines([TICKET_HEAD])).encode()
        after = 0
        while rows := await store.table(self._database, period.lo, period.hi, after, PAGE):
            yield lines(map(line_of_ticket, rows)).encode()
            after = rows[-1][0]

    async def _agents(self, period: Period) -> list[AgentFigures]:
        lo, hi, _ = period
        answered = await store.first_responses(self._database, lo, hi, by_agent=True)
        resolved = await store.resolutions(self._database, lo, hi, by_agent=True)
        rated = await store.ratings(self._database, lo, hi)
        written = await store.written(self._database, lo, hi)
        open_ = await store.open_of(self._database)
        ids = answered.keys() | resolved.keys() | written.keys() | open_.keys()
        names = {user.id: user for user in await users.by_ids(self._database, ids - {0})}
        return [
            AgentFigures(
                agent=names.get(id_),
                answered=spread(answered.get(id_)).count,
                closed=spread(resolved.get(id_)).count,
                messages=written.get(id_, 0),
                open=open_.get(id_, 0),
                first_response=spread(answered.get(id_)),
                resolution=spread(resolved.get(id_)),
                rating=mean_of(*rated.get(id_, (0, 0))),
            )
            for id_ in sorted(ids, key=lambda id_: (id_ == 0, id_))
        ]

    async def _period(self, since: str | None, until: str | None, timezone: str | None) -> Period:
        """Raises InvalidInput, which names the parameter."""
        if timezone is None:
            timezone = (await rules_of(self._database)).timezone
        else:
            checks.short("timezone", timezone, checks.KEY_MAX_LENGTH)
            refusing("timezone", business_hours.named_zone, timezone)
        place = business_hours.zone(timezone)
        hi = now() if until is None else moment_of("until", until, place)
        if since is None:
            day = datetime.fromtimestamp(hi // SECOND, place).date() - timedelta(days=DAYS - 1)
            lo = business_hours.at(day, timedelta(), place)
        else:
            lo = moment_of("since", since, place)
        if lo >= hi:
            raise InvalidInput({"since": ["Must be before until."]})
        lo -= (lo + offset(lo, place)) % HOUR
        if hi - lo > DAYS_MAX * DAY + HOUR:
            raise InvalidInput({"since": [f"At most {DAYS_MAX} days before until."]})
        return Period(lo, hi, place)


def hours_of(period: Period, happened: Mapping[int, Hour]) -> list[HourFigures]:
    """Each hour of the period, up to the present one."""
    before = happened.get(-1, NO_HOUR)
    open_, waiting = before.open, before.waiting
    hours = []
    for number, at in enumerate(range(period.lo, min(period.hi, now()), HOUR)):
        one = happened.get(number, NO_HOUR)
        open_, waiting = open_ + one.open, waiting + one.waiting
        local = datetime.fromtimestamp(at // SECOND, period.place).isoformat(timespec="minutes")
        hours.append(HourFigures(to_text(at), local, one.opened, one.closed, open_, waiting))
    return hours


def offset(moment: int, place: ZoneInfo) -> int:
    """The offset of the place's clocks from UTC at this moment, in microseconds."""
    found = datetime.fromtimestamp(moment // SECOND, place).utcoffset()
    assert found is not None
    return found // timedelta(microseconds=1)


def moment_of(field: str, text: str, place: ZoneInfo) -> int:
    """The moment, or the beginning of the day at the place. Raises InvalidInput."""
    checks.short(field, text, checks.KEY_MAX_LENGTH)
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text)
            if day.year in YEARS:
                return business_hours.at(day, timedelta(), place)
        # A plus sign that was not escaped came as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is not None and moment.year in YEARS:
            return int(moment.astimezone(UTC).timestamp()) * SECOND
    except (ValueError, OverflowError):
        pass
    raise InvalidInput({field: ["A moment like 2026-01-31T08:00:00Z, or a date like 2026-01-31."]})


def spread(found: tuple[int, float, int, int] | None) -> Spread:
    if found is None:
        return NOTHING
    count, *values = found
    mean, median, p90 = (round(value / SECOND, 3) for value in values)
    return Spread(count, mean, median, p90)


def mean_of(count: int, total: int) -> Ratings:
    return Ratings(count, round(total / count, 2) if count else None)


def line_of_ticket(row: Row) -> list[Any]:
    *first, created, answered, closed, rating, comment = row
    return [
        *first,
        *(None if moment is None else to_text(moment) for moment in (created, answered, closed)),
        *(None if end is None else (end - created) / SECOND for end in (answered, closed)),
        rating,
        comment,
    ]


def line_of_agent(found: AgentFigures) -> list[Any]:
    agent = found.agent or records.User(0, "")
    return [
        agent.id or None,
        agent.username,
        found.answered,
        found.closed,
        found.messages,
        found.open,
        *(getattr(found.first_response, name) for name in OF_SPREAD),
        *(getattr(found.resolution, name) for name in OF_SPREAD),
        found.rating.count,
        found.rating.mean,
    ]


async def whole(head: Sequence[str], found: Iterable[Sequence[Any]]) -> AsyncGenerator[bytes, None]:
    yield (BOM + lines([head, *found])).encode()


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """The rows as lines of CSV, in which no text is a formula for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([plain(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()


def plain(text: str) -> str:
    return FORMULA.sub(r"\1'\2", text)
