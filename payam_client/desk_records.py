"""The records of the desk. Times are aware datetimes in UTC; durations are in seconds."""

from datetime import datetime

from msgspec import Struct, field

from payam_client.records import Profile, User


class Desk(Struct, frozen=True):
    """Whether an agent is there, and a few of those. `opens_at` is when it opens next, or None;
    with `reopens` a message after the closing of a ticket opens what is needed.
    """

    online: bool
    agents: list[Profile]
    in_hours: bool = True
    opens_at: datetime | None = None
    reopens: bool = False


class CannedResponse(Struct, frozen=True):
    """A stored answer of staff. `{{customer}}` stands for the customer's name."""

    id: int
    title: str
    content: str
    created_by: User
    created_at: datetime
    updated_at: datetime


class Guest(User, frozen=True, kw_only=True):
    """What a guest said of themselves. `joined` is the user whose conversations the guest's are
    now. `consent` is what they agreed to at `created_at`.
    """

    email: str
    is_known: bool
    joined: int | None
    created_at: datetime
    consent: str = ""
    display_name: str = ""


class TicketStep(Struct, frozen=True):
    """`by` is who did it, None for the desk itself; `to` is to whom the ticket was given."""

    action: str
    by: User | None
    to: User | None
    at: datetime
    seq: int


class DeskRules(Struct, frozen=True):
    """What the desk does by itself; docs/support-desk.md says what each rule does."""

    timezone: str
    hours: dict[str, list[str]] | None
    days_off: list[str]
    language: str
    first_answer_inside: dict[str, str]
    first_answer_outside: dict[str, str]
    assignment: str
    reminder_minutes: int | None
    reminder_in_hours: bool
    reopen_days: int | None


class DeskAgent(User, frozen=True):
    """`takes_tickets` is the agent's switch; with None being online decides."""

    takes_tickets: bool | None
    online: bool
    is_available: bool
    open: int


class Spread(Struct, frozen=True):
    """The spread of so many durations: all three are None where there is none."""

    count: int
    mean: float | None
    median: float | None
    p90: float | None


class Ratings(Struct, frozen=True):
    count: int
    mean: float | None


class HourFigures(Struct, frozen=True):
    """`open` and `waiting` are those at the end of the hour."""

    at: datetime
    local: str
    opened: int
    closed: int
    open: int
    waiting: int


class AgentFigures(Struct, frozen=True):
    """`agent` is None for tickets that nobody had."""

    agent: User | None
    answered: int
    closed: int
    messages: int
    open: int
    first_response: Spread
    resolution: Spread
    rating: Ratings


class DeskFigures(Struct, frozen=True):
    """From `since` until before `until`; `open`, `waiting` and `unassigned` are of now."""

    since: datetime
    until: datetime
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
    hours: list[HourFigures] = field(default_factory=list)
    agents: list[AgentFigures] = field(default_factory=list)
