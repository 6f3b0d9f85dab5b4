"""What is made once, however often it is asked for with one `Idempotency-Key`.

The key is claimed in the transaction that makes the thing: of two requests at once, on any
nodes, one makes it and the other waits and gets the same. Keys are kept for ever.
"""

from typing import NamedTuple

from chat.errors import PayamError, Unavailable
from chat.store import idempotency_keys as store
from chat.store.database import Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.work import Apply, Outcome


class Made(NamedTuple):
    """The id of what was made, now or by the first request with the key."""

    id: int
    is_new: bool


def once(key: IdempotencyKey | None, make: Apply[int]) -> Apply[Made]:
    """`make`, whose result is the id of what it makes, for all requests with this key.

    Raises what `make` raises, after which the key is free, and KeyReused.
    """

    async def apply(transaction: Transaction) -> Outcome[Made]:
        if key is None:
            outcome = await make(transaction)
        else:
            first = await store.claim(transaction, key)
            if first is not None:
                return Outcome(Made(first, is_new=False))
            try:
                outcome = await make(transaction)
            except Unavailable:  # the transaction is lost, and the claim with it
                raise
            except PayamError:
                await store.release(transaction, key)
                raise
            await store.settle(transaction, key, outcome.result)
        return Outcome(Made(outcome.result, is_new=True), outcome.events, outcome.after)

    return apply
