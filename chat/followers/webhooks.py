"""Runs the followers that bring changes to other systems, one for each webhook."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from chat import metrics
from chat.errors import Unavailable
from chat.followers.following import LEASE_SECONDS, Following
from chat.followers.looking import POLL_SECONDS
from chat.followers.webhook import PATIENCE, Patience, WebhookFollower
from chat.outgoing.client import Client
from chat.store import history, webhooks
from chat.store.database import Database
from chat.store.history import Name
from chat.store.webhooks import FAILING, GONE, Webhook


class Webhooks:
    """Runs a follower for each webhook that is not paused, and notices what is changed of them."""

    def __init__(
        self,
        database: Database,
        client: Client,
        prefix: str,
        stored: Callable[[], int] = lambda: 0,
        *,
        patience: Patience = PATIENCE,
        poll: float = POLL_SECONDS,
        lease: float = LEASE_SECONDS,
    ) -> None:
        """`stored` and the seconds are those of `Following`."""
        self._database = database
        self._client = client
        self._prefix = prefix
        self._stored = stored
        self._patience = patience
        self._poll = poll
        self._lease = lease
        self._running: dict[int, Running] = {}

    def wake(self) -> None:
        """This process has changed something: look soon."""
        for one in self._running.values():
            one.following.wake()

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            while True:
                with suppress(Unavailable):
                    await self._look()
                await asyncio.sleep(self._poll)
        finally:
            await self._stop(self._running)

    async def _look(self) -> None:
        """Begin and end followers, so that there is one for each webhook that is not paused."""
        present = await webhooks.every(self._database)
        at_work = {one.id: one for one in present if one.paused_at is None}
        metrics.webhooks_failing.set(sum(one.failures > 0 for one in at_work.values()))
        metrics.webhooks_paused.set(sum(one.paused_because in (FAILING, GONE) for one in present))
        await self._stop([id_ for id_ in self._running if id_ not in at_work])
        if not at_work:
            return
        name = await history.read(self._database)
        for id_, webhook in at_work.items():
            if id_ in self._running:
                self._running[id_].follower.see(webhook, name)
                if self._running[id_].task.done():
                    await self._running[id_].task  # raises what ended it
            else:
                self._running[id_] = self._begin(webhook, name)

    def _begin(self, webhook: Webhook, name: Name) -> "Running":
        follower = WebhookFollower(
            self._database, self._client, self._prefix, self._patience, webhook, name
        )
        following = Following(
            self._database, follower, self._stored, poll=self._poll, lease=self._lease
        )
        task = asyncio.get_running_loop().create_task(following.run(), name=follower.name)
        return Running(follower, following, task)

    async def _stop(self, ids: Iterable[int]) -> None:
        stopped = [self._running.pop(id_) for id_ in list(ids)]
        for one in stopped:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in stopped), return_exceptions=True)
        for one in stopped:
            metrics.follower_behind_seconds.labels(one.follower.name).set(0)
            metrics.follower_behind_conversations.labels(one.follower.name).set(0)


class Running(NamedTuple):
    follower: WebhookFollower
    following: Following
    task: "asyncio.Task[None]"
