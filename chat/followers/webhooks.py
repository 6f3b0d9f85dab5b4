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
from chat.store import webhooks
from chat.store.database import Database
from chat.store.webhooks import FAILING, GONE, Webhook


class Webhooks:
    """Runs a follower for each webhook, and notices what is changed of them."""

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
        owner: str = "",
    ) -> None:
        """`stored`, `owner` and the seconds are those of `Following`."""
        self._database = database
        self._client = client
        self._prefix = prefix
        self._stored = stored
        self._patience = patience
        self._poll = poll
        self._lease = lease
        self._owner = owner
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
        """Begin and end followers, so that there is one for each webhook.

        One that is paused looks for changes too, and sends none: so it is known how far it is
        behind.
        """
        present = {one.id: one for one in await webhooks.every(self._database)}
        metrics.webhooks_failing.set(
            sum(one.failures > 0 for one in present.values() if one.paused_at is None)
        )
        metrics.webhooks_paused.set(
            sum(one.paused_because in (FAILING, GONE) for one in present.values())
        )
        await self._stop([id_ for id_ in self._running if id_ not in present])
        if not present:
            return
        for id_, webhook in present.items():
            if id_ not in self._running:
                self._running[id_] = self._begin(webhook)
                continue
            one = self._running[id_]
            is_pause = webhook.paused_at is not None and one.follower.webhook.paused_at is None
            one.follower.see(webhook)
            if is_pause:
                await one.following.leave_off()
            if one.task.done():
                await one.task  # raises what ended it

    def _begin(self, webhook: Webhook) -> "Running":
        follower = WebhookFollower(
            self._database, self._client, self._prefix, self._patience, webhook
        )
        following = Following(
            self._database,
            follower,
            self._stored,
            poll=self._poll,
            lease=self._lease,
            owner=self._owner,
            sharing=self._at_work,
        )
        task = asyncio.get_running_loop().create_task(following.run(), name=follower.name)
        return Running(follower, following, task)

    def _at_work(self) -> int:
        """The number of webhooks. Together they take no more time than one would."""
        return len(self._running)

    async def _stop(self, ids: Iterable[int]) -> None:
        stopped = [self._running.pop(id_) for id_ in list(ids)]
        for one in stopped:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in stopped), return_exceptions=True)


class Running(NamedTuple):
    follower: WebhookFollower
    following: Following
    task: "asyncio.Task[None]"
