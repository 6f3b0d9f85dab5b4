"""Signatures, checked by the stock library and by the example of the specification."""

import base64
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chat.outgoing import signing

BODY = b'{"type":"chat.message","data":{"content":"\xd8\xb3"}}'


def base(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_the_stock_library_accepts_a_signature() -> None:
    """And not one over another body."""
    secret = signing.new_secret(is_asymmetric=False)
    headers = signing.headers([signing.signer_of(secret)], "msg_1", int(time.time()), BODY)
    assert Webhook(secret).verify(BODY, headers) == {
        "type": "chat.message",
        "data": {"content": "س"},
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + b" ", headers)


def test_a_known_signature() -> None:
    """The example that the libraries of the specification have in their own tests."""
    signer = signing.signer_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signing.headers(
        [signer], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_ed25519_signature_is_checked_with_the_public_key() -> None:
    """Over `{id}.{timestamp}.{body}`, and with the key `whpk_…` alone."""
    signer = signing.signer_of(signing.new_secret(is_asymmetric=True))
    headers = signing.headers([signer], "msg_1", 1_700_000_000, BODY)
    version, _, signature = headers["webhook-signature"].partition(",")
    assert signer.public_key is not None
    prefix, key = signer.public_key[:5], base64.b64decode(signer.public_key[5:])
    assert (version, prefix, len(key)) == ("v1a", "whpk_", 32)
    public = Ed25519PublicKey.from_public_bytes(key)
    public.verify(base64.b64decode(signature), b"msg_1.1700000000." + BODY)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(signature), b"msg_2.1700000000." + BODY)


def test_both_writings_of_a_private_key_are_the_same_key() -> None:
    """With the public key behind it, as libsodium writes it, and without."""
    whole = signing.new_secret(is_asymmetric=True)
    seed = base64.b64decode(whole.removeprefix("whsk_"))[:32]
    assert signing.signer_of(f"whsk_{base(seed)}").public_key == signing.signer_of(whole).public_key


@pytest.mark.parametrize("size", [24, 25, 32, 64])
def test_a_secret_of_an_allowed_length_is_taken(size: int) -> None:
    """24 to 64 bytes, by the specification."""
    assert signing.signer_of(f"whsec_{base(bytes(size))}").sign(b"x").startswith("v1,")


GOOD = base(bytes(range(200, 232)))


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("", "whsec_"),
        (GOOD, "whsec_"),
        (f"WHSEC_{GOOD}", "whsec_"),
        (f" whsec_{GOOD}", "whsec_"),
        (f"whpk_{GOOD}", "whsec_"),
        ("whsec_", "base64"),
        (f"whsec_{GOOD} ", "base64"),
        (f"whsec_{GOOD}\n", "base64"),
        (f"whsec_{GOOD.rstrip('=')}", "base64"),
        (f"whsec_{GOOD}=", "base64"),
        (f"whsec_{GOOD[:10]} {GOOD[10:]}", "base64"),
        ("whsec_" + GOOD.replace("+", "-").replace("/", "_") + "-_", "base64"),
        (f"whsec_{GOOD[:-2]}9=", "base64"),  # bits behind the end
        ("whsec_سلام", "base64"),
        (f"whsec_{base(bytes(23))}", "24 to 64 bytes.*has 23"),
        (f"whsec_{base(bytes(65))}", "24 to 64 bytes.*has 65"),
        (f"whsk_{base(bytes(31))}", "32 bytes.*has 31"),
        (f"whsk_{base(bytes(33))}", "has 33"),
        (f"whsk_{base(bytes(64))}", "halves"),
    ],
)
def test_a_wrong_secret_is_refused(secret: str, says: str) -> None:
    """The error says what is expected, and does not repeat the secret."""
    with pytest.raises(signing.WrongSecret, match=says) as caught:
        signing.signer_of(secret)
    assert GOOD[:10] not in str(caught.value)


def test_two_signatures_stand_side_by_side() -> None:
    """So a receiver may have the old secret or the new one."""
    old, new = (signing.new_secret(is_asymmetric=False) for _ in range(2))
    signers = [signing.signer_of(secret) for secret in (new, old)]
    headers = signing.headers(signers, "msg_1", int(time.time()), BODY)
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers)
