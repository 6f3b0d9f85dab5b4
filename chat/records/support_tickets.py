"""Support tickets, their steps, and the stored answers of staff."""

from typing import Annotated

from msgspec import Meta, Struct

from chat.records.fields import Moment
from chat.records.users import Profile, User

STATUSES = ("open", "pending", "closed")
TICKET_ACTIONS = (
    "opened",
    "assigned",
    "handed_over",
    "returned",
    "closed",
    "reopened",
    "changed",
    "rated",
    "reminded",
)
PRIORITIES = ("low", "normal", "high", "urgent")
Status = Annotated[str, Meta(extra_json_schema={"enum": STATUSES})]
Priority = Annotated[str, Meta(extra_json_schema={"enum": PRIORITIES})]
TicketAction = Annotated[str, Meta(extra_json_schema={"enum": TICKET_ACTIONS})]


class TicketStep(Struct, frozen=True):
    """One step of a ticket. `by` is who did it, null for the server itself. `to` is the agent to
    whom it was assigned.

    `seq` is its place among the changes of the conversation.
    """

    action: TicketAction
    by: User | None
    to: User | None
    at: Moment
    seq: int


class Rating(Struct, frozen=True):
    """The customer's rating of a ticket: `score` is from 1 to 5."""

    score: int
    comment: str


class SupportTicket(Struct, frozen=True):
    """`waiting_since` says since when the customer has waited for an answer. It is null where an
    agent has answered and the customer has written nothing since, and in a closed ticket.
    """

    id: int
    conversation: int
    subject: str
    status: Status
    priority: Priority
    created_by: Profile
    assigned_to: Profile | None
    created_at: Moment
    updated_at: Moment
    waiting_since: Moment | None = None
    rating: Rating | None = None


class CannedResponse(Struct, frozen=True):
    """A stored answer of staff. Clients put the customer's name in for `{{customer}}`."""

    id: int
    title: str
    content: str
    created_by: User
    created_at: Moment
    updated_at: Moment
