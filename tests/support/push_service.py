"""Browsers, and the push service to which they subscribe.

It decrypts with http-ece, which is another implementation than Payam's, and checks the signature
(VAPID) as RFC 8292 says.
"""

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.receiver import Received, Receiver, answer


async def accept(_: Received) -> bytes:
    return answer(201)


def text_of(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class Browser:
    """A subscription at the service, with the keys that decrypt what comes."""

    def __init__(self, service: "PushService") -> None:
        self.service = service
        self.path = f"/push/{secrets.token_hex(8)}"
        self._key = generate_private_key(SECP256R1())
        self._auth = secrets.token_bytes(16)
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.registration: dict[str, Any] = {
            "platform": "webpush",
            "endpoint": f"{service.origin}{self.path}",
            "keys": {"p256dh": text_of(point), "auth": text_of(self._auth)},
        }

    @property
    def received(self) -> list[Received]:
        return [one for one in self.service.received if one.path == self.path]

    @property
    def pushes(self) -> list[dict[str, Any]]:
        """What the service worker gets, in order."""
        return [self.decrypt(one) for one in self.received]

    @property
    def kinds(self) -> list[str]:
        return [push["kind"] for push in self.pushes]

    def decrypt(self, received: Received) -> dict[str, Any]:
        self.service.check(received)
        plain = http_ece.decrypt(received.body, private_key=self._key, auth_secret=self._auth)
        found: dict[str, Any] = json.loads(plain)
        return found


@dataclass
class PushService(Receiver):
    """`behaviour` may change at any time; it accepts every push until then."""

    public_key: str = ""
    """The key with which browsers have subscribed: nobody else may push."""

    def __post_init__(self) -> None:
        self.behaviour = accept

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def check(self, received: Received) -> None:
        """Fail as a push service refuses: by what RFC 8030, 8188 and 8292 ask for."""
        headers = received.headers
        assert headers["content-encoding"] == "aes128gcm"
        assert len(received.body) <= 4096
        assert 0 <= int(headers["ttl"]) <= 28 * 86400
        assert headers["urgency"] in ("very-low", "low", "normal", "high")
        assert 1 <= len(headers["topic"]) <= 32
        assert len(urlsafe_b64decode(headers["topic"])) == 24
        scheme, _, rest = headers["authorization"].partition(" ")
        parameters = dict(part.split("=", 1) for part in rest.split(", "))
        assert (scheme, parameters["k"]) == ("vapid", self.public_key)
        point = urlsafe_b64decode(self.public_key + "=")
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        claims = jwt.decode(parameters["t"], key, algorithms=["ES256"], audience=self.origin)
        assert 0 < claims["exp"] - time.time() <= 24 * 3600


@dataclass
class Gateway(Receiver):
    """A push gateway. It rejects the pushkeys in `gone`."""

    gone: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.behaviour = self.take

    async def take(self, received: Received) -> bytes:
        keys = {one["pushkey"] for one in received.json["notification"]["devices"]}
        return answer(200, json.dumps({"rejected": sorted(keys & self.gone)}).encode())

    @property
    def notifications(self) -> list[dict[str, Any]]:
        return [one.json["notification"] for one in self.received]

    def phone(self, pushkey: str, **data: Any) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port}/_matrix/push/v1/notify"
        phone = {"platform": "webhook", "url": url, "app_id": "org.example", "pushkey": pushkey}
        return {**phone, "data": data} if data else phone
