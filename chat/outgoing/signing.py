"""Signatures of webhooks, as Standard Webhooks 1.0 has them (https://www.standardwebhooks.com).

What is signed is `{webhook-id}.{webhook-timestamp}.{body}`. With a secret `whsec_…` the signature
is `v1,` and an HMAC-SHA256, with a private key `whsk_…` it is `v1a,` and one of ed25519. Whoever
has the public key `whpk_…` can check the second, and cannot make one.
"""

import base64
import binascii
import hmac
import secrets
from hashlib import sha256
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
SECRET_MIN, SECRET_MAX = 24, 64
"""Bytes, by the specification."""
SEED = 32
NEW_SECRET = 32


class WrongSecret(ValueError):
    """Says what is wrong with a secret, without repeating it."""


class Signer(Protocol):
    @property
    def public_key(self) -> str | None: ...

    def sign(self, content: bytes) -> str:
        """The signature with its version, as it stands in `webhook-signature`."""
        ...


class Symmetric:
    public_key = None

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, content: bytes) -> str:
        return f"v1,{encoded(hmac.digest(self._key, content, sha256))}"


class Asymmetric:
    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = PUBLIC + encoded(public_of(self._key))

    def sign(self, content: bytes) -> str:
        return f"v1a,{encoded(self._key.sign(content))}"


def signer_of(secret: str) -> Signer:
    """Read a secret or a private key, strictly. Raises WrongSecret."""
    if secret.startswith(SECRET):
        key = decoded(secret.removeprefix(SECRET))
        if not SECRET_MIN <= len(key) <= SECRET_MAX:
            raise WrongSecret(
                f"Must have {SECRET_MIN} to {SECRET_MAX} bytes in base64; this has {len(key)}."
            )
        return Symmetric(key)
    if secret.startswith(PRIVATE):
        key = decoded(secret.removeprefix(PRIVATE))
        if len(key) not in (SEED, 2 * SEED):
            raise WrongSecret(
                f"An ed25519 key has {SEED} bytes in base64, or {2 * SEED} with its public key;"
                f" this has {len(key)}."
            )
        signer = Asymmetric(key[:SEED])
        if key[SEED:] and signer.public_key != PUBLIC + encoded(key[SEED:]):
            raise WrongSecret("The two halves of the ed25519 key do not belong together.")
        return signer
    raise WrongSecret(f"Must begin with {SECRET}, or with {PRIVATE} for an ed25519 key.")


def new_secret(*, is_asymmetric: bool) -> str:
    if not is_asymmetric:
        return SECRET + encoded(secrets.token_bytes(NEW_SECRET))
    seed = secrets.token_bytes(SEED)
    return PRIVATE + encoded(seed + public_of(Ed25519PrivateKey.from_private_bytes(seed)))


def headers(signers: "list[Signer]", id_: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of one attempt at `timestamp`, in seconds since 1970."""
    content = b"%b.%d.%b" % (id_.encode(), timestamp, body)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signer.sign(content) for signer in signers),
    }


def public_of(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    """Standard base64 with its padding, written in the one way that base64 writes it."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or encoded(data) != text:
        raise WrongSecret("Must be standard base64 with its padding (=) after the prefix.")
    return data
