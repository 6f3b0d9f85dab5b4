"""Webhooks, for staff."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chat.records.fields import Moment

WebhookStatus = Annotated[str, Meta(extra_json_schema={"enum": ("working", "failing", "paused")})]
PausedBecause = Annotated[str, Meta(extra_json_schema={"enum": ("asked", "gone", "failing")})]


class Webhook(Struct, frozen=True):
    """Another system that receives changes, for staff.

    `events` are the types of changes that it receives; an empty list means all. With `batches` one
    request may have many changes. `status` is `failing` while its last requests failed and are
    tried again. `paused_because` is `asked` (by staff), `gone` (the receiver answered 410) or
    `failing` (for three days). `last_error` is that of the last request that failed.
    `behind_seconds` is the age of the oldest change that it has not received, of those in
    `behind_conversations` (at most 1,000 are counted). `public_key` is there for ed25519, and
    `secret` only in the answer that adds it.
    """

    id: int
    url: str
    events: list[str]
    batches: bool
    status: WebhookStatus
    paused_because: PausedBecause | None
    paused_at: Moment | None
    failing_since: Moment | None
    last_error: str | None
    last_error_at: Moment | None
    delivered_at: Moment | None
    behind_conversations: int
    behind_seconds: float
    created_at: Moment
    public_key: str | None = None
    secret: str | UnsetType = UNSET


class WebhookTest(Struct, frozen=True):
    """The outcome of a test request: the `status` of the answer, and what was wrong, if anything.

    `seconds` is how long it took.
    """

    status: int | None
    error: str | None
    seconds: float


class Replay(Struct, frozen=True):
    """The number of conversations whose changes are sent once more."""

    conversations: int
