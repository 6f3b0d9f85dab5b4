"""What is sent to a webhook, and what counts as delivered."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256
from time import time

import msgspec
from msgspec import Raw, Struct

from chat import __version__, metrics
from chat.changes.family import name_of
from chat.events import Change
from chat.outgoing import signing
from chat.outgoing.client import Client, Undelivered
from chat.outgoing.urls import Url, parse
from chat.records import Moment
from chat.store.history import Name
from chat.store.webhooks import Webhook
from chat.times import to_text

BATCH = "batch"
TEST = "webhook.test"
GONE = 410

encode = msgspec.json.Encoder().encode


class Event(Struct, frozen=True):
    """`data` is the change as its frame on `/ws/`, and `timestamp` is when it happened."""

    type: str
    timestamp: Moment
    data: Raw


class Identified(Struct, frozen=True):
    """An event within a batch. `id` is what `webhook-id` would be without the batch."""

    id: str
    type: str
    timestamp: Moment
    data: Raw


class Batch(Struct, frozen=True):
    """Changes of one conversation, in the order of `seq`."""

    type: str
    timestamp: Moment
    data: Sequence[Identified]


class Request(Struct, frozen=True):
    id: str
    body: bytes


class NotDelivered(Exception):
    """The receiver did not take it. The text is one line and repeats nothing that was sent.

    `status` is that of the answer, if there was one. `retry_after` is in seconds, from now, or 0
    where the receiver did not say.
    """

    def __init__(self, detail: str, *, status: int | None = None, retry_after: float = 0.0) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after = retry_after

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing more."""
        return self.status == GONE


def identified(
    history: Name, webhook: Webhook, changes: Sequence[Change], logged: Mapping[int, int]
) -> list[Identified]:
    """The changes of a conversation as events. `logged` are moments by `seq`, in microseconds.

    Where no moment is known, because an earlier release kept none, the time is now. The id is the
    same for ever, and another one in another epoch, where the same `seq` is another change.
    """
    found = []
    for change in changes:
        frame, conversation_id = change.frame, change.conversation_id
        sent = getattr(frame, "timestamp", None)
        key = f"{history.deployment}.{history.epoch}.{webhook.id}.{conversation_id}.{change.seq}"
        found.append(
            Identified(
                id=id_of(key),
                type=name_of(frame),
                timestamp=sent or to_text(logged.get(change.seq) or int(time() * 1_000_000)),
                data=Raw(b'%b,"conversation":%d}' % (encode(frame)[:-1], conversation_id)),
            )
        )
    return found


def alone(event: Identified) -> Request:
    """One change in a request of its own."""
    return Request(event.id, encode(Event(event.type, event.timestamp, event.data)))


def together(events: Sequence[Identified]) -> Request:
    """Several changes in one request. The same ones have the same id again."""
    id_ = id_of(".".join(event.id for event in events))
    return Request(id_, encode(Batch(BATCH, events[-1].timestamp, events)))


def test_of(webhook: Webhook, nonce: str) -> Request:
    """A request that stands for no change."""
    data = Raw(encode({"webhook": webhook.id}))
    timestamp = to_text(int(time() * 1_000_000))
    return Request(f"msg_test_{nonce}", encode(Event(TEST, timestamp, data)))


async def send(client: Client, webhook: Webhook, request: Request) -> int:
    """Make one attempt. Returns the status of the answer, a 2xx; raises NotDelivered."""
    secrets = [webhook.secret, *([webhook.old_secret] if webhook.old_secret else [])]
    headers = {
        "content-type": "application/json",
        "user-agent": f"Payam/{__version__}",
        **signing.headers(
            [signer_of(one) for one in secrets], request.id, int(time()), request.body
        ),
    }
    try:
        answer = await client.post(url_of(webhook.url), headers, request.body)
    except Undelivered as error:
        metrics.webhook_attempts.labels(error.outcome).inc()
        raise NotDelivered(str(error)) from None
    if 200 <= answer.status < 300:
        metrics.webhook_attempts.labels("delivered").inc()
        return answer.status
    metrics.webhook_attempts.labels("refused").inc()
    raise NotDelivered(
        f"answered {answer.status}",
        status=answer.status,
        retry_after=seconds_of(answer.headers.get("retry-after", "")),
    )


def seconds_of(retry_after: str) -> float:
    """How long the header `Retry-After` asks to wait: seconds or a date; 0 for anything else."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # of a year or a time zone without end
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def id_of(key: str) -> str:
    return f"msg_{sha256(key.encode()).hexdigest()[:32]}"


@lru_cache(maxsize=256)
def url_of(url: str) -> Url:
    return parse(url)


@lru_cache(maxsize=256)
def signer_of(secret: str) -> signing.Signer:
    return signing.signer_of(secret)
