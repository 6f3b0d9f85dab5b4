"""Webhooks with little patience, on a database of a test."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

from chat.followers.webhook import Patience
from chat.followers.webhooks import Webhooks
from chat.outgoing.addresses import Allowed
from chat.outgoing.client import Client
from chat.services.webhooks import Webhooks as Service
from chat.store import webhooks as store
from chat.store.database import Database
from chat.store.webhooks import Webhook
from tests.support.receiver import Received, Receiver

PATIENCE = 60.0
"""Seconds; only a test that fails waits so long."""
IMPATIENT = Patience(first=0.02, most=0.2, quiet=0.1, asked=0.2, claim=2.0)


def client_of(timeout: float = 10.0) -> Client:
    return Client(Allowed(["127.0.0.1"]), timeout=timeout)


async def added(database: Database, receiver: Receiver, **options: Any) -> int:
    """A webhook of the operator's."""
    client = client_of()
    webhook, _ = await Service(database, client).add(None, receiver.url, **options)
    await client.close()
    return webhook.id


@asynccontextmanager
async def sending(
    database: Database,
    *,
    patience: Patience = IMPATIENT,
    timeout: float = 10.0,  # noqa: ASYNC109 - of the receiver
    lease: float = 5.0,
    poll: float = 0.02,
) -> AsyncIterator[Webhooks]:
    """A node's followers, for as long as the block lasts."""
    client = client_of(timeout)
    running = Webhooks(database, client, "", patience=patience, poll=poll, lease=lease)
    task = asyncio.create_task(running.run())
    try:
        yield running
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await client.close()


async def until(condition: Callable[[], bool]) -> None:
    give_up = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < give_up
        await asyncio.sleep(0.01)


async def state(database: Database, webhook_id: int) -> Webhook:
    found = await store.by_id(database, webhook_id)
    assert found is not None
    return found


def seqs(requests: list[Received]) -> dict[int, list[int]]:
    """By conversation, the `seq` of each change in the requests, as they came."""
    found: dict[int, list[int]] = defaultdict(list)
    for request in requests:
        for change in request.changes:
            found[change["data"]["conversation"]].append(change["data"]["seq"])
    return dict(found)


def in_order(requests: list[Received]) -> dict[int, list[int]]:
    """The same without what came once more. Nothing is left out on the way."""
    found: dict[int, list[int]] = {}
    for conversation_id, came in seqs(requests).items():
        had = found[conversation_id] = []
        for seq in came:
            if seq not in had:
                assert not had or seq == had[-1] + 1, (conversation_id, came)
                had.append(seq)
    return found


def numbers(seq: int, first: int = 1) -> list[int]:
    return list(range(first, seq + 1))
