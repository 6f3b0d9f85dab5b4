"""Makes a thing once, however often it is asked for with one `Idempotency-Key`.

The key is claimed in the transaction that makes the thing. Of two requests at the same
moment, on any nodes, one makes it. The other waits, and gets the same thing. Keys are kept
for ever.
"""

from typing import NamedTuple

from chat.errors import PayamError, Unavailable
from chat.store import idempotency_keys as store
from chat.store.database import Transaction
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.work import Apply, Outcome


class Made(NamedTuple):
    """`id` is that of the thing, made now or by the first request with the key."""

    id: int
    is_new: bool


def once(key: IdempotencyKey | None, make: Apply[int]) -> Apply[Made]:
    """Wrap `make`, which returns the id of what it makes, so that it runs once per key.

    Raises KeyReused. Raises the errors of `make` too; the key is then free again.
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
            except Unavailable:  # the claim is lost together with the transaction
                raise
            except PayamError:
                await store.release(transaction, key)
                raise
            await store.settle(transaction, key, outcome.result)
        return Outcome(Made(outcome.result, is_new=True), outcome.events, outcome.after)

    return apply
