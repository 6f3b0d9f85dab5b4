"""The support desk: whether it is open, its rules, who answers there, and its figures."""

from typing import Annotated

from msgspec import Meta, Struct, field

from chat.records.fields import Moment
from chat.records.users import Profile, User
from chat.text.languages import TAG


class Desk(Struct, frozen=True):
    """`online` says that an agent is there. `agents` are a few of those who are.

    `in_hours` says whether the desk is open by its rules. `opens_at` is when it opens next; null
    where it is open, or never opens. With `reopens` a message after the closing of a ticket opens
    what is needed, and the client need not.
    """

    online: bool
    agents: list[Profile]
    in_hours: bool
    opens_at: Moment | None
    reopens: bool


OFF, IN_TURN, LEAST_OPEN = "off", "in_turn", "least_open"
ASSIGNMENTS = (OFF, IN_TURN, LEAST_OPEN)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Assignment = Annotated[str, Meta(extra_json_schema={"enum": ASSIGNMENTS})]
Hours = Annotated[
    dict[str, list[str]],
    Meta(
        description="By weekday in English, spans like `09:00-17:30`. One that ends earlier than"
        " it begins goes on until the next day. A day that is missing is closed.",
        extra_json_schema={"propertyNames": {"enum": WEEKDAYS}},
    ),
]
Texts = Annotated[
    dict[str, str],
    Meta(
        description="By language, a tag of BCP 47 such as `fa` or `pt-BR`. Empty: nothing is sent.",
        extra_json_schema={"propertyNames": {"pattern": f"^{TAG}$"}},
    ),
]
DaysOff = Annotated[list[str], Meta(description="Dates like 2026-03-21, on which it is closed.")]


class DeskRules(Struct, frozen=True):
    """What the desk does by itself.

    `hours` are in `timezone`, a name of the IANA; null means always. The automatic first answer to
    a ticket is `first_answer_inside` or `first_answer_outside`, in the language of the ticket, or
    else in `language`. `assignment` gives tickets of the queue to agents: `in_turn`, or to who has
    the `least_open`. When a customer has waited for `reminder_minutes`, agents are reminded once;
    with `reminder_in_hours` only the time inside the hours counts. A customer's reply within
    `reopen_days` after the ticket was closed reopens it, and a later one opens a new ticket; null
    does neither.
    """

    timezone: str = "UTC"
    hours: Hours | None = None
    days_off: DaysOff = field(default_factory=list)
    language: str = "en"
    first_answer_inside: Texts = field(default_factory=dict)
    first_answer_outside: Texts = field(default_factory=dict)
    assignment: Assignment = OFF
    reminder_minutes: int | None = None
    reminder_in_hours: bool = False
    reopen_days: int | None = None


class DeskAgent(User, frozen=True):
    """A member of staff at the desk. `takes_tickets` is their switch: true or false, or null where
    being online decides. `is_available` says whether a rule would give them a ticket now, and
    `open` how many tickets of theirs are not closed.
    """

    takes_tickets: bool | None
    online: bool
    is_available: bool
    open: int


class Spread(Struct, frozen=True):
    """The spread of so many durations in seconds: the mean, the median, and what nine of ten stay
    below. All three are null where there is none.
    """

    count: int
    mean: float | None
    median: float | None
    p90: float | None


class HourFigures(Struct, frozen=True):
    """What happened in the hour that begins at `at`, and how many tickets were `open` and
    `waiting` at its end; in the present hour, now. `local` is the hour in the timezone.
    """

    at: Moment
    local: str
    opened: int
    closed: int
    open: int
    waiting: int


class Ratings(Struct, frozen=True):
    """The ratings of customers: their number, and the mean from 1 to 5."""

    count: int
    mean: float | None


class AgentFigures(Struct, frozen=True):
    """`agent` is null for tickets that nobody had. `answered` are tickets whose first answer was
    theirs, `closed` those that they had when these were closed, `messages` what they wrote to
    customers, and `open` what they have now.
    """

    agent: User | None
    answered: int
    closed: int
    messages: int
    open: int
    first_response: Spread
    resolution: Spread
    rating: Ratings


class DeskFigures(Struct, frozen=True):
    """From `since` until before `until`. `open`, `waiting` and `unassigned` are of now.

    `first_response` is from the opening until the first answer of an agent, of the tickets that
    were first answered in that time. `resolution` is from the opening until the closing, of those
    that were closed in it and still are.
    """

    since: Moment
    until: Moment
    timezone: str
    opened: int
    closed: int
    reopened: int
    open: int
    waiting: int
    unassigned: int
    first_response: Spread
    resolution: Spread
    rating: Ratings
    hours: list[HourFigures]
    agents: list[AgentFigures]
