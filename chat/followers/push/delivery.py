"""Sends a push to a device: to a browser's push service, or to a push gateway for phones."""

from collections.abc import Collection
from enum import Enum
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from chat.auth.vapid import Vapid, in_base64url
from chat.outgoing import encryption, urls
from chat.outgoing.addresses import Allowed
from chat.outgoing.client import Answer, Client, Undelivered
from chat.services.webhook_requests import seconds_of
from chat.store.devices import Address
from chat.times import to_text

TIMEOUT_SECONDS = 15.0
RETRY_AFTER_MAX = 3600.0
CONTENT_MAX_LENGTH = 1_000
GONE = {404, 410}
PASSING = {408, 425, 429}


class Outcome(Enum):
    DELIVERED = "delivered"
    GONE = "gone"
    """The device does not exist any more."""
    REFUSED = "refused"
    """It would be refused again."""
    FAILED = "failed"
    """It may work later."""


class Result(Struct, frozen=True):
    """`why` is one line for the log. `retry_after` is in seconds, or 0 where nobody said.

    `is_down` says that the push service, or the gateway, fails as a whole.
    """

    outcome: Outcome
    why: str = ""
    retry_after: float = 0.0
    is_down: bool = False


class Text(Struct, frozen=True):
    """The part of a push that is sent only with PUSH_CONTENT."""

    title: str
    sender: str
    content: str


class Pushed(Struct, frozen=True):
    """One push. `sent_at` is in microseconds since 1970, and `ttl` in seconds.

    `message_id` is 0 where it is of no message.
    """

    kind: str
    conversation: int
    unread: int
    badge: int
    ttl: int
    message_id: int = 0
    sent_at: int = 0
    is_mention: bool = False
    text: Text | None = None

    @property
    def is_visible(self) -> bool:
        return self.kind != "read"

    @property
    def is_urgent(self) -> bool:
        return self.kind not in ("read", "edited")


class Delivery:
    """`gateways` are origins that the operator trusts: they may be inside the network."""

    def __init__(
        self, vapid: Vapid, gateways: Collection[str], *, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self._vapid = vapid
        self._trusted = {urls.parse(origin).shown for origin in gateways}
        hosts = {urls.parse(origin).host for origin in gateways}
        self._outside = Client(Allowed(), timeout=timeout)
        self._inside = Client(Allowed(hosts), timeout=timeout)

    async def close(self) -> None:
        await self._outside.close()
        await self._inside.close()

    async def send(self, address: Address, registered_at: int, pushed: Pushed) -> Result:
        """Send once; raises nothing but being cancelled."""
        if address.platform == "webpush":
            return await self._to_browser(address, pushed)
        return await self._to_gateway(address, registered_at, pushed)

    async def _to_browser(self, address: Address, pushed: Pushed) -> Result:
        assert address.p256dh is not None
        assert address.auth is not None
        headers = {
            "Authorization": self._vapid.authorization(address.url),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(pushed.ttl),
            "Topic": collapse_id(address, pushed.conversation),
            "Urgency": "high" if pushed.is_urgent else "normal",
        }
        body = encryption.encrypt(for_browser(pushed), address.p256dh, address.auth)
        answer = await self._post(address.url, headers, body)
        if isinstance(answer, Result):
            return answer
        if answer.status in GONE:
            return Result(Outcome.GONE, said(answer))
        return result_of(answer)

    async def _to_gateway(self, address: Address, registered_at: int, pushed: Pushed) -> Result:
        body = msgspec.json.encode(for_gateway(address, registered_at, pushed))
        headers = {"Content-Type": "application/json"}
        answer = await self._post(address.url, headers, body)
        if isinstance(answer, Result):
            return answer
        if answer.status in GONE:  # of the gateway itself, whose other phones are there still
            return Result(Outcome.FAILED, said(answer), is_down=True)
        if 200 <= answer.status < 300 and address.pushkey in rejected(answer.body):
            return Result(Outcome.GONE, "the gateway rejects it")
        return result_of(answer)

    async def _post(self, text: str, headers: dict[str, str], body: bytes) -> Answer | Result:
        url = urls.parse(text)
        client = self._inside if url.shown in self._trusted else self._outside
        try:
            return await client.post(url, headers, body)
        except Undelivered as error:
            if error.outcome == "forbidden":
                return Result(Outcome.REFUSED, str(error))
            return Result(Outcome.FAILED, str(error), is_down=True)


def result_of(answer: Answer) -> Result:
    if 200 <= answer.status < 300:
        return Result(Outcome.DELIVERED)
    if answer.status in PASSING or answer.status >= 500:
        is_down = answer.status >= 500
        retry_after = seconds_of(answer.headers.get("retry-after", ""))
        return Result(Outcome.FAILED, said(answer), min(retry_after, RETRY_AFTER_MAX), is_down)
    return Result(Outcome.REFUSED, said(answer))


def said(answer: Answer) -> str:
    return f"it answered {answer.status}"


def rejected(body: bytes) -> Collection[str]:
    """The pushkeys that a gateway's answer rejects; none where it says nothing of it."""
    try:
        return msgspec.json.decode(body, type=Rejected).rejected
    except msgspec.DecodeError:
        return ()


class Rejected(Struct):
    rejected: list[str]


def for_browser(pushed: Pushed) -> bytes:
    """The JSON that the service worker gets. A long text is cut so that it fits."""
    fields: dict[str, Any] = {
        "kind": pushed.kind,
        "conversation": pushed.conversation,
        "unread": pushed.unread,
        "badge": pushed.badge,
    }
    if pushed.message_id:
        fields |= {"message_id": pushed.message_id, "timestamp": to_text(pushed.sent_at)}
    if pushed.is_mention:
        fields["mention"] = True
    if pushed.text is None:
        return msgspec.json.encode(fields)
    if pushed.text.title:
        fields["title"] = pushed.text.title
    if pushed.text.sender:
        fields["sender"] = pushed.text.sender
    if not pushed.message_id:
        return msgspec.json.encode(fields)
    length = CONTENT_MAX_LENGTH
    while True:
        encoded = msgspec.json.encode({**fields, "content": cut(pushed.text.content, length)})
        if len(encoded) <= encryption.PLAIN_MAX or not length:
            return encoded
        length = length * 3 // 4


def for_gateway(address: Address, registered_at: int, pushed: Pushed) -> dict[str, Any]:
    """The JSON for a push gateway, in the form of the Matrix Push Gateway API."""
    device: dict[str, Any] = {
        "app_id": address.app_id,
        "pushkey": address.pushkey,
        "pushkey_ts": registered_at // 1_000_000,
    }
    if address.data is not None:
        device["data"] = msgspec.Raw(address.data.encode())
    notification: dict[str, Any] = {
        "prio": "high" if pushed.is_urgent else "low",
        "counts": {"unread": pushed.badge},
        "kind": pushed.kind,
        "conversation": pushed.conversation,
        "unread": pushed.unread,
        "collapse_id": collapse_id(address, pushed.conversation),
        "devices": [device],
    }
    if pushed.is_visible:  # without these it is only about counts
        notification["room_id"] = str(pushed.conversation)
        notification["event_id"] = str(pushed.message_id or f"added-{pushed.conversation}")
    if pushed.text is not None:
        if pushed.text.sender:
            notification["sender_display_name"] = pushed.text.sender
        if pushed.text.title:
            notification["room_name"] = pushed.text.title
        if pushed.message_id:
            notification["type"] = "m.room.message"
            body = cut(pushed.text.content, CONTENT_MAX_LENGTH)
            notification["content"] = {"msgtype": "m.text", "body": body}
    return {"notification": notification}


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def collapse_id(address: Address, conversation_id: int) -> str:
    """The same for all pushes of a conversation to a device, and it says nothing of either."""
    secret = (address.auth or address.pushkey or "").encode()
    digest = blake2b(str(conversation_id).encode(), key=secret[:64], digest_size=24).digest()
    return in_base64url(digest)
