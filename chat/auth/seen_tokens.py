"""Tokens whose signature was good, so that it is not checked again when they come back.

After a network failed, thousands of clients come back with the tokens that they had. To check a
signature takes longer than everything else about a token.
"""

from base64 import urlsafe_b64decode
from binascii import Error
from hashlib import blake2b

MOST = 50_000
"""Most tokens that are remembered, at about 100 bytes each; beyond it the oldest is forgotten."""
DIGEST_SIZE = 16
"""With fewer bytes somebody could make a token that seems to be another one."""


class SeenTokens:
    """The digests of tokens whose signatures are good. When the keys change, all are forgotten."""

    def __init__(self) -> None:
        self._digests: dict[int, None] = {}
        self._generation = 0

    def add(self, token: str, generation: int) -> None:
        """The token's signature is good, by the keys of this generation."""
        self._look_at(generation)
        if len(self._digests) >= MOST:
            del self._digests[next(iter(self._digests))]
        self._digests[digest_of(token)] = None

    def payload_of(self, token: str, generation: int) -> bytes | None:
        """The JSON of its claims; None for a token that has to be checked."""
        self._look_at(generation)
        if digest_of(token) not in self._digests:
            return None
        encoded = token.split(".", 2)[1]
        try:
            return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except Error:
            return None

    def _look_at(self, generation: int) -> None:
        if generation != self._generation:
            self._generation = generation
            self._digests.clear()


def digest_of(token: str) -> int:
    return int.from_bytes(blake2b(token.encode(), digest_size=DIGEST_SIZE).digest())
