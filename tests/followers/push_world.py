"""People with devices, and processes that push to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from msgspec import convert

from chat.api.schemas import PushKeys
from chat.auth.identity import Identity
from chat.auth.vapid import Vapid
from chat.followers.push.delivery import Delivery
from chat.followers.push.follower import Push, PushFollower
from chat.followers.push.pusher import Online, Pusher, Times
from chat.realtime.presence.board import LocalBoard
from chat.records import Device
from chat.services.devices import Devices
from chat.store import mentions, read_marks
from chat.store.database import Database
from chat.store.sends import Extras
from chat.text.mentions import named_in
from chat.times import now
from tests.store.world import draft, user
from tests.support.push_service import Browser, Gateway, PushService

TTL = 3600
QUICK = Times(grace=0.02, poll=0.02, watch=60.0, again=0.02, pause=0.02, pause_max=0.1, lease=5.0)
PATIENCE = 60.0
"""Seconds; only a test that fails waits so long."""
LATER = 0.5
"""Seconds in which what must not come would have come: several looks."""


async def until(condition: Callable[[], object]) -> None:
    give_up = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < give_up
        await asyncio.sleep(0.01)


class World:
    """Who talks, who is online, and where pushes arrive."""

    def __init__(
        self, database: Database, path: Path, service: PushService, gateway: Gateway
    ) -> None:
        self.database = database
        self.service = service
        self.gateway = gateway
        self.gateways = [service.origin, f"http://127.0.0.1:{gateway.port}"]
        self.vapid = Vapid(path / "vapid.pem", "mailto:admin@example.org")
        service.public_key = self.vapid.public_key
        self.board = LocalBoard()
        self.devices = Devices(database, self.vapid, gateways=self.gateways)

    async def user(self, name: str) -> int:
        return await user(self.database, name)

    async def browser(self, user_id: int, service: PushService | None = None) -> Browser:
        """A browser in which the user is signed in."""
        browser = Browser(service or self.service)
        await self.register(user_id, browser.registration)
        return browser

    async def register(
        self, user_id: int, body: dict[str, Any], family: str | None = None
    ) -> Device:
        who = Identity(user_id, "", False, 0.0, family)
        fields = dict(body)
        if "keys" in fields:
            fields["keys"] = convert(fields["keys"], PushKeys)
        device, _ = await self.devices.register(who, fields, None)
        return device

    async def say(self, talk: int, sender_id: int, content: str = "hello", age: float = 0.0) -> int:
        """Send a message, which is so many seconds old; its id."""
        created_at = now() - int(age * 1_000_000)
        send = draft(talk, sender_id, content, created_at=created_at)
        if named := named_in(content):
            send.extras = Extras(named)
            await mentions.find_of_sends(self.database, [send])
        await self.database.store_sends([send])
        assert send.error is None
        return send.id

    async def read(self, talk: int, user_id: int, message_id: int) -> None:
        async with self.database.transaction() as transaction:
            await read_marks.read_up_to(transaction, talk, user_id, message_id)
            await transaction.touch([talk])

    async def notices(self) -> int:
        ((found,),) = await self.database.fetch("SELECT count(*) FROM notices")
        return int(found)

    async def settled(self) -> None:
        """Wait until the changes are followed, and nothing is due."""
        give_up = monotonic() + PATIENCE
        while True:
            ((behind, due),) = await self.database.fetch(
                """
                SELECT (SELECT count(*) FROM conversations AS c
                        LEFT JOIN positions AS p
                          ON p.conversation_id = c.id AND p.follower = 'push'
                        WHERE c.seq > coalesce(p.seq, 0)),
                       (SELECT count(*) FROM notices WHERE due IS NOT NULL)
                """
            )
            if not behind and not due:
                return
            assert monotonic() < give_up, (behind, due)
            await asyncio.sleep(0.01)

    def pushing(
        self,
        *,
        database: Database | None = None,
        online: Online | None = None,
        ttl: int = TTL,
        with_content: bool = False,
        times: Times = QUICK,
    ) -> AbstractAsyncContextManager[None]:
        return pushing(
            database or self.database,
            self.vapid,
            self.gateways,
            online or self.board.online,
            ttl=ttl,
            with_content=with_content,
            times=times,
        )


@asynccontextmanager
async def pushing(
    database: Database,
    vapid: Vapid,
    gateways: Collection[str],
    online: Online,
    *,
    ttl: int = TTL,
    with_content: bool = False,
    times: Times = QUICK,
) -> AsyncIterator[None]:
    """A process that pushes."""
    follower = PushFollower(database, ttl=ttl, with_content=with_content, grace=times.grace)
    delivery = Delivery(vapid, gateways, timeout=4.0)
    pusher = Pusher(database, online, delivery, ttl=ttl, with_content=with_content, times=times)
    tasks = [
        asyncio.create_task(Push(database, follower, poll=times.poll).run()),
        asyncio.create_task(pusher.run()),
    ]
    try:
        yield
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
