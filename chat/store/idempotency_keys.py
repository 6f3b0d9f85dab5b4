"""Idempotency keys: what was made with each, so that a retry makes nothing new."""

from hashlib import blake2b

import msgspec
from msgspec import Struct

from chat.errors import KeyReused
from chat.store.database import Reads, Transaction
from chat.times import now

NOBODY = 0
"""The owner of keys that come without a token."""
PENDING = 0
"""Stands for the id while this very transaction makes the thing."""


class IdempotencyKey(Struct, frozen=True):
    """`fingerprint` is 64 bits of the request. They show whether the same key has another one."""

    owner_id: int
    text: str
    fingerprint: int

    @classmethod
    def of(cls, owner_id: int, text: str | None, *request: object) -> "IdempotencyKey | None":
        """`request` is what was asked for, as anything that JSON can hold. None without a text."""
        if text is None:
            return None
        digest = blake2b(msgspec.json.encode(request), digest_size=8).digest()
        return cls(owner_id, text, int.from_bytes(digest, "big", signed=True))


async def made_with(reads: Reads, key: IdempotencyKey) -> int | None:
    """The id of what was made with the key. None if the key is new, or claimed at this moment.

    Raises KeyReused if the key came with another request before.
    """
    rows = await reads.fetch(
        "SELECT fingerprint, made_id FROM idempotency_keys WHERE owner_id = ? AND key = ?",
        (key.owner_id, key.text),
    )
    if not rows:
        return None
    fingerprint, made_id = rows[0]
    if fingerprint != key.fingerprint:
        raise KeyReused("Idempotency-Key: was used before, for something else.")
    return int(made_id)


async def claim(transaction: Transaction, key: IdempotencyKey) -> int | None:
    """Claim the key. Returns None if it is new: then it belongs to this transaction.

    Otherwise returns the id of what was made with it. This waits for another transaction that has
    just claimed it. Raises KeyReused if the key came with another request before.
    """
    is_new = await transaction.execute(
        """
        INSERT INTO idempotency_keys (owner_id, key, fingerprint, made_id, created_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT (owner_id, key) DO NOTHING
        """,
        (key.owner_id, key.text, key.fingerprint, PENDING, now()),
    )
    if is_new:
        return None
    # It is a separate statement, so that it sees what was committed while the first one waited.
    made_id = await made_with(transaction, key)
    assert made_id is not None
    return made_id


async def release(transaction: Transaction, key: IdempotencyKey) -> None:
    """Free the key again, because nothing was made."""
    await transaction.execute(
        "DELETE FROM idempotency_keys WHERE owner_id = ? AND key = ?", (key.owner_id, key.text)
    )


async def settle(transaction: Transaction, key: IdempotencyKey, made_id: int) -> None:
    await transaction.execute(
        "UPDATE idempotency_keys SET made_id = ? WHERE owner_id = ? AND key = ?",
        (made_id, key.owner_id, key.text),
    )
