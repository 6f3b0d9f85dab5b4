"""The rules of the desk, and who takes tickets: read and changed by staff and the operator."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date
from typing import Any

import msgspec

from chat.auth.identity import Identity
from chat.errors import InvalidInput, NotFound, Unavailable
from chat.records.desk import ASSIGNMENTS, WEEKDAYS, DeskAgent, DeskRules
from chat.services import business_hours, checks
from chat.services.staff import require_staff, say_act
from chat.store import acts, users
from chat.store import desk as store
from chat.store.database import Database, Reads
from chat.text.languages import is_tag

SPANS_MAX = 8
DAYS_OFF_MAX = 400
LANGUAGES_MAX = 20
ANSWER_MAX_LENGTH = 2_000
REMINDER_MAX = 30 * 24 * 60
REOPEN_MAX = 365
SWITCHES = {True: "on", False: "off", None: "auto"}
"""What the list of acts calls the switch of an agent, as the command line does."""
FIRST_DAY = "2000-01-01"
"""Of the days off. A date like 1405-01-01 is one of the Persian calendar."""

Online = Callable[[Collection[int]], Awaitable[set[int]]]
_decode = msgspec.json.Decoder(DeskRules).decode
_encode = msgspec.json.Encoder().encode


class DeskKeeping:
    """`who` is the caller; None stands for the operator, on the command line."""

    def __init__(self, database: Database, online: Online) -> None:
        self._database = database
        self._online = online

    async def rules(self, who: Identity | None) -> DeskRules:
        await require_staff(self._database, who)
        return await rules_of(self._database)

    async def change(
        self, who: Identity | None, given: Mapping[str, Any], *, is_whole: bool = False
    ) -> DeskRules:
        """Change the rules that are given. With `is_whole` the others become what they are in the
        beginning.
        """
        async with self._database.transaction() as transaction:
            actor = await require_staff(transaction, who)
            await store.hold(transaction)
            before = await rules_of(transaction)
            rules = msgspec.structs.replace(DeskRules() if is_whole else before, **given)
            check(rules)
            check_languages(rules, differing(before, rules))
            if before.reopen_days is None:
                await store.reopen_from_now(transaction)
            await store.keep(transaction, _encode(rules).decode())
            detail = ", ".join(sorted(given.keys() | differing(before, rules)))
            await acts.write(transaction, actor, acts.DESK_CHANGED, detail=detail)
        say_act(actor, acts.DESK_CHANGED, detail)
        return rules

    async def agents(self, who: Identity | None) -> list[DeskAgent]:
        """All staff, with their switch."""
        await require_staff(self._database, who)
        return await agents_of(self._database, self._online)

    async def switch(self, who: Identity | None, user_id: int, *, takes: bool | None) -> DeskAgent:
        """Set the switch of an agent. Raises NotFound for somebody who is not staff."""
        async with self._database.transaction() as transaction:
            actor = await require_staff(transaction, who)
            if await users.staff_member(transaction, user_id) is None:
                raise no_such_agent()
            await store.switch(transaction, user_id, takes=takes)
            detail = SWITCHES[takes]
            await acts.write(transaction, actor, acts.DESK_SWITCHED, user_id=user_id, detail=detail)
        say_act(actor, acts.DESK_SWITCHED, f"user {user_id}: {detail}")
        found = await agents_of(self._database, self._online)
        for agent in found:
            if agent.id == user_id:
                return agent
        raise no_such_agent()


async def rules_of(reads: Reads) -> DeskRules:
    return _decode(await store.rules(reads))


async def agents_of(reads: Reads, online: Online) -> list[DeskAgent]:
    rows = await store.agents(reads)
    try:
        there = await online([row[0] for row in rows])
    except Unavailable:  # then only the switch counts
        there = set()
    found = []
    for id_, username, switch, _, open_ in rows:
        takes = None if switch is None else bool(switch)
        is_available = id_ in there if takes is None else takes
        found.append(DeskAgent(id_, username, takes, id_ in there, is_available, open_))
    return found


def differing(before: DeskRules, after: DeskRules) -> set[str]:
    """The names of the rules that are not the same."""
    names = DeskRules.__struct_fields__
    return {name for name in names if getattr(before, name) != getattr(after, name)}


def check(rules: DeskRules) -> None:
    """Raises InvalidInput, which names the rule."""
    checks.short("timezone", rules.timezone, checks.KEY_MAX_LENGTH)
    refusing("timezone", business_hours.named_zone, rules.timezone)
    check_hours(rules)
    checks.text("language", rules.language, most=checks.KEY_MAX_LENGTH)
    check_answers("first_answer_inside", rules.first_answer_inside)
    check_answers("first_answer_outside", rules.first_answer_outside)
    if rules.assignment not in ASSIGNMENTS:
        raise InvalidInput({"assignment": [f"One of: {', '.join(ASSIGNMENTS)}."]})
    within("reminder_minutes", rules.reminder_minutes, REMINDER_MAX)
    within("reopen_days", rules.reopen_days, REOPEN_MAX)


def check_hours(rules: DeskRules) -> None:
    for day, spans in (rules.hours or {}).items():
        if day not in WEEKDAYS:
            raise InvalidInput({"hours": [f"{day[:40]} is none of: {', '.join(WEEKDAYS)}."]})
        if len(spans) > SPANS_MAX:
            raise InvalidInput({"hours": [f"At most {SPANS_MAX} spans per day."]})
        for span in spans:
            refusing("hours", business_hours.span, span)
    if len(rules.days_off) > DAYS_OFF_MAX:
        raise InvalidInput({"days_off": [f"At most {DAYS_OFF_MAX} days."]})
    for day in rules.days_off:
        if not is_date(day):
            raise InvalidInput({"days_off": [f"{day[:40]} is no date like 2026-03-21."]})
        if day < FIRST_DAY:  # of another calendar, in which it would never come
            raise InvalidInput({"days_off": [f"{day} is before 2000: dates are Gregorian."]})


def check_answers(field: str, texts: Mapping[str, str]) -> None:
    if len(texts) > LANGUAGES_MAX:
        raise InvalidInput({field: [f"At most {LANGUAGES_MAX} languages."]})
    for language, text in texts.items():
        checks.text(field, language, most=checks.KEY_MAX_LENGTH)
        checks.text(field, text, most=ANSWER_MAX_LENGTH)


def check_languages(rules: DeskRules, changed: Collection[str]) -> None:
    """Raises InvalidInput for what no customer's language can ever be. Of before this check there
    may be some, which must not keep another rule from being changed.
    """
    given = {
        "language": [rules.language],
        "first_answer_inside": rules.first_answer_inside,
        "first_answer_outside": rules.first_answer_outside,
    }
    for field, languages in given.items():
        for language in languages:
            if field in changed and not is_tag(language):
                wrong = f"{language[:40]} is no language tag like fa or pt-BR."
                raise InvalidInput({field: [wrong]})


def refusing(field: str, read: Callable[[str], Any], value: str) -> None:
    try:
        read(value)
    except business_hours.Wrong as error:
        raise InvalidInput({field: [str(error)]}) from None


def is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def within(field: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        raise InvalidInput({field: [f"A whole number from 1 to {most}, or null."]})


def no_such_agent() -> NotFound:
    return NotFound("There is no such member of staff.")
