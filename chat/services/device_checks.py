"""What a client must say of a device before it is pushed to.

Each function raises InvalidInput, which names the field and the limit.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from chat.errors import InvalidInput
from chat.outgoing import urls
from chat.outgoing.addresses import address_of, is_public, plain
from chat.services import checks
from chat.services.malformed import HALF_PAIR
from chat.store.devices import Address

DATA_MAX_SIZE = 1024
"""Bytes, in JSON."""
WORD = re.compile(r"[!-~]+")
"""Visible ASCII."""
OF_PLATFORM = {
    "webpush": ("endpoint", "keys"),
    "webhook": ("url", "app_id", "pushkey"),
}
MAY_COME = {"webpush": ("expirationTime",), "webhook": ("data",)}


def address(fields: dict[str, Any], gateways: Collection[str]) -> Address:
    """The address in a body, whose fields that are there these are, by name.

    `gateways` are the origins that the operator trusts.
    """
    platform = fields.pop("platform")
    if platform not in OF_PLATFORM:
        raise InvalidInput({"platform": [f"One of: {', '.join(OF_PLATFORM)}."]})
    needed = OF_PLATFORM[platform]
    if missing := [name for name in needed if name not in fields]:
        raise InvalidInput({name: ["This field is required."] for name in missing})
    if others := [name for name in fields if name not in needed + MAY_COME[platform]]:
        raise InvalidInput({name: [f"Not with the platform {platform}."] for name in others})
    if platform == "webpush":
        endpoint = url("endpoint", fields["endpoint"], gateways)
        return Address(platform, endpoint, *keys(fields["keys"]))
    gateway = url("url", fields["url"], gateways)
    if gateways and not is_trusted(urls.parse(gateway), gateways):
        raise InvalidInput({"url": [f"The push gateways here are: {', '.join(gateways)}."]})
    return Address(
        platform,
        gateway,
        app_id=word("app_id", fields["app_id"], checks.APP_ID_MAX_LENGTH),
        pushkey=word("pushkey", fields["pushkey"], checks.PUSHKEY_MAX_LENGTH),
        data=data(fields["data"]) if "data" in fields else None,
    )


def url(field: str, value: str, gateways: Collection[str]) -> str:
    """A public address with https, or one of an origin that the operator trusts."""
    try:
        found = urls.parse(value)
    except urls.WrongUrl as error:
        raise InvalidInput({field: [str(error)]}) from None
    if is_trusted(found, gateways):
        return value
    if found.scheme != "https":
        raise InvalidInput({field: ["Must begin with https://."]})
    literal = address_of(found.host)
    # What a name leads to is looked at whenever something is sent there.
    if plain(found.host) == "localhost" or (literal is not None and not is_public(literal)):
        raise InvalidInput({field: ["This address is inside a network."]})
    return value


def is_trusted(found: urls.Url, gateways: Collection[str]) -> bool:
    """Whether the operator has named this origin: scheme, host and port."""
    return found.shown in gateways


def keys(given: Any) -> tuple[str, str]:
    """`p256dh` and `auth` of RFC 8291, without padding."""
    p256dh = base64url("keys.p256dh", given.p256dh, 65)
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), p256dh)
    except ValueError:
        raise InvalidInput({"keys.p256dh": ["Not an uncompressed point on P-256."]}) from None
    auth = base64url("keys.auth", given.auth, 16)
    return in_text(p256dh), in_text(auth)


def base64url(field: str, value: str, size: int) -> bytes:
    """Exactly `size` bytes, spelt as base64url spells them, with or without padding."""
    bare = value.rstrip("=") if len(value) <= 2 * size else ""
    try:
        found = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except ValueError:
        found = b""
    # Python's decoder passes over characters of no alphabet, and over bits that are left over.
    spelt = in_text(found)
    if len(found) != size or value not in (spelt, spelt + "=" * (-len(spelt) % 4)):
        raise InvalidInput({field: [f"{size} bytes in base64url."]})
    return found


def in_text(found: bytes) -> str:
    return urlsafe_b64encode(found).decode().rstrip("=")


def word(field: str, value: str, most: int) -> str:
    checks.short(field, value, most)
    if not WORD.fullmatch(value):
        raise InvalidInput({field: ["Visible ASCII characters only, and at least one."]})
    return value


def data(value: dict[str, Any]) -> str:
    try:
        encoded = msgspec.json.encode(value)
    except UnicodeEncodeError:
        raise InvalidInput({"data": [HALF_PAIR]}) from None
    if len(encoded) > DATA_MAX_SIZE:
        size = len(encoded)
        raise InvalidInput({"data": [f"At most {DATA_MAX_SIZE} bytes in JSON; this has {size}."]})
    return checks.text("data", encoded.decode(), most=DATA_MAX_SIZE)
