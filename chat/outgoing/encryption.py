"""Encrypts a push to a browser, as RFC 8291 says, in the coding aes128gcm of RFC 8188.

There are libraries (pywebpush, http-ece). But their HTTP client blocks, or takes no check of
addresses, and the rest of them is the thirty lines below. The tests decrypt with http-ece what is
encrypted here.
"""

import os
from base64 import urlsafe_b64decode

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_SIZE = 4096
"""Push services need not take larger bodies (RFC 8030 section 7.2)."""
HEAD_SIZE = 16 + 4 + 1 + 65
PLAIN_MAX = RECORD_SIZE - HEAD_SIZE - 16 - 1
"""Most bytes that fit: without the head, the tag and the byte that ends them."""
STEP = 128
"""What is sent is a multiple of it long, so its length says little of what it holds."""


def encrypt(plain: bytes, p256dh: str, auth: str) -> bytes:
    """The body of a push, for the keys of a subscription. `plain` has PLAIN_MAX bytes at most."""
    if len(plain) > PLAIN_MAX:
        raise ValueError(f"{len(plain)} bytes do not fit into a push")
    theirs = in_bytes(p256dh)
    key = generate_private_key(SECP256R1())
    ours = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), theirs))
    salt = os.urandom(16)
    material = hkdf(in_bytes(auth), b"WebPush: info\0" + theirs + ours, 32).derive(shared)
    content_key = hkdf(salt, b"Content-Encoding: aes128gcm\0", 16).derive(material)
    nonce = hkdf(salt, b"Content-Encoding: nonce\0", 12).derive(material)
    padding = bytes(min(-len(plain) % STEP, PLAIN_MAX - len(plain)))
    head = salt + RECORD_SIZE.to_bytes(4) + bytes([len(ours)]) + ours
    # 2 ends the text of the last record, which is the only one.
    return head + AESGCM(content_key).encrypt(nonce, plain + b"\2" + padding, None)


def hkdf(salt: bytes, info: bytes, length: int) -> HKDF:
    return HKDF(SHA256(), length, salt, info)


def in_bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
