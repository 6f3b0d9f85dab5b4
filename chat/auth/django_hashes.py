"""Password hashes as Django writes them: PBKDF2, argon2 and scrypt.

A hash says itself how much work it is. Here the work has a limit, because somebody else wrote the
hash, and a sign-in must not take minutes. Work is counted in rounds of PBKDF2 with SHA-256, of
which a core does some four million per second. bcrypt is left out: it would need another library.
"""

import base64
import binascii
from collections.abc import Callable
from functools import partial
from hashlib import pbkdf2_hmac, scrypt
from hmac import compare_digest

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import Argon2Error, InvalidHashError
from msgspec import Struct

ROUNDS_MOST = 4_000_000
"""About a second. Django 6.1 writes 1,500,000."""
MEMORY_MOST = 256 * 1024 * 1024
"""In bytes. Django's argon2 takes 100 MiB and its scrypt 16."""
OF_SCRYPT, OF_ARGON2 = 0.09, 0.17
"""How many KiB each goes through in the time of one round of PBKDF2, as measured."""
HASH_LENGTH_MOST = 1_000
DIGESTS = {"pbkdf2_sha256": "sha256", "pbkdf2_sha1": "sha1"}
ARGON = PasswordHasher()


class DjangoHash(Struct, frozen=True):
    """`check` computes for a while, so call it in a thread. `rounds` is how much work it is."""

    rounds: int
    check: Callable[[bytes], bool]


def read(stored: str) -> DjangoHash | None:
    """The hash in Django's text form; None for one that cannot be checked, or is too much work."""
    scheme, _, rest = stored.partition("$")
    reader = READERS.get(scheme)
    if reader is None or len(stored) > HASH_LENGTH_MOST:
        return None
    try:
        found = reader(scheme, rest)
    except (ValueError, binascii.Error, InvalidHashError):
        return None
    return found if 0 < found.rounds <= ROUNDS_MOST else None


def read_pbkdf2(scheme: str, rest: str) -> DjangoHash:
    iterations, salt, encoded = rest.split("$")
    rounds, expected = whole(iterations), decoded(encoded)

    def check(password: bytes) -> bool:
        digest = DIGESTS[scheme]
        return compare_digest(
            pbkdf2_hmac(digest, password, salt.encode(), rounds, len(expected)), expected
        )

    return DjangoHash(rounds, check)


def read_scrypt(_: str, rest: str) -> DjangoHash:
    factor, salt, block, lanes, encoded = rest.split("$")
    n, r, p, expected = whole(factor), whole(block), whole(lanes), decoded(encoded)
    size = 128 * n * r
    if n & (n - 1) or size > MEMORY_MOST:
        raise ValueError
    of_scrypt = partial(
        scrypt, salt=salt.encode(), n=n, r=r, p=p, maxmem=2 * MEMORY_MOST, dklen=len(expected)
    )
    return DjangoHash(
        work(size / 1024 * p / OF_SCRYPT),
        lambda password: compare_digest(of_scrypt(password), expected),
    )


def read_argon2(_: str, rest: str) -> DjangoHash:
    encoded = f"${rest}"
    parameters = extract_parameters(encoded)
    if parameters.memory_cost * 1024 > MEMORY_MOST:
        raise ValueError

    def check(password: bytes) -> bool:
        try:
            return ARGON.verify(encoded, password)
        except Argon2Error:
            return False

    return DjangoHash(work(parameters.memory_cost * parameters.time_cost / OF_ARGON2), check)


READERS: dict[str, Callable[[str, str], DjangoHash]] = {
    "pbkdf2_sha256": read_pbkdf2,
    "pbkdf2_sha1": read_pbkdf2,
    "scrypt": read_scrypt,
    "argon2": read_argon2,
}


def work(rounds: float) -> int:
    return max(1, int(rounds))


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < 1:
        raise ValueError
    return int(text)


def decoded(text: str) -> bytes:
    found = base64.b64decode(text, validate=True)
    if not 16 <= len(found) <= 64:
        raise ValueError
    return found


def burn(rounds: int) -> None:
    """Do so much work for nothing."""
    if rounds > 0:
        pbkdf2_hmac("sha256", b"nobody's", b"nobody's", rounds)
