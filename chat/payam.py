"""The parts of a process: made, started and stopped. It alone knows them all."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial
from time import process_time, time
from typing import TYPE_CHECKING, Any

from chat import __version__, metrics
from chat.auth.keys import Keys, keys_from
from chat.auth.passwords import Passwords
from chat.auth.tokens import Tokens
from chat.auth.vapid import vapid_from
from chat.errors import Unavailable
from chat.events import Event
from chat.followers.keeper import Keeper
from chat.followers.live import Live
from chat.followers.push.delivery import Delivery
from chat.followers.push.pusher import Pusher
from chat.loop_lag import LoopLag
from chat.media.inspector import Inspector
from chat.outgoing.addresses import Allowed
from chat.outgoing.client import Client
from chat.placing import placed
from chat.realtime.aftermath import Aftermath
from chat.realtime.connections import Connections
from chat.realtime.dispatcher import Dispatcher
from chat.realtime.presence.connect import board_over
from chat.realtime.presence.presence import Loop
from chat.realtime.relay.connect import relay_over
from chat.realtime.socket import Sockets
from chat.services.changes import Changes
from chat.services.desk_work import DeskWork
from chat.services.limits import Settling
from chat.store import schema
from chat.store.bucket import Bucket
from chat.store.connect import connect, connect_index
from chat.store.files import Files
from chat.store.patience import PATIENCE, Patience
from chat.store.waiting import once_there
from chat.store.writer import Writer
from chat.wiring.limits import Rates
from chat.wiring.services import Beneath, services_of
from chat.wiring.supervisor import Supervisor
from config.settings import Settings

if TYPE_CHECKING:
    from chat.realtime.counting import RedisCounts

log = logging.getLogger("payam")

READY_SECONDS = 2.0
"""How long a database may take to say that it is there, and a commit to end, before the
process counts as not ready. Less than a probe waits."""
LOOK_SECONDS = 0.02


class Payam:
    """The parts of one process. Made before there is a loop; `start` needs one."""

    def __init__(
        self, settings: Settings, tokens: Tokens, keys: Keys, patience: Patience = PATIENCE
    ) -> None:
        self.settings = settings
        self.keys = keys
        self.database = connect(settings.database, settings.database_pool_size, patience)
        self.index = connect_index(
            self.database, settings.database, settings.database_pool_size, patience
        )
        self.passwords = Passwords()
        self.inspector = Inspector(settings.image_max_pixels)
        self.files = Files(settings.uploads, self.inspector, bucket_of(settings))
        self.relay = relay_over(settings.redis_url)
        self.changes = Changes(self.database, settings.base_path)
        self.board = board_over(settings.redis_url)
        self.dispatcher = Dispatcher(
            self.relay, self.changes.since, self.changes.seqs, board=self.board
        )

        def stored() -> int:
            return self.writer.stored

        self.keeper = Keeper(self.database, self.index, settings, stored)

        def publish(events: Sequence[Event]) -> None:
            self.dispatcher.publish(placed(settings.base_path, events))
            self.keeper.wake()

        self.writer = Writer(
            self.database,
            publish,
            doubt=self.dispatcher.doubt,
            capacity=settings.write_queue,
            timeout=settings.write_timeout,
        )
        self.outgoing = Client(Allowed(settings.webhook_allow), timeout=settings.webhook_timeout)
        self.vapid = vapid_from(settings)
        self.counts = counts_over(settings.redis_url)
        self.settling = Settling(self.counts) if self.counts is not None else None
        beneath = Beneath(
            database=self.database,
            index=self.index,
            writer=self.writer,
            files=self.files,
            passwords=self.passwords,
            changes=self.changes,
            dispatcher=self.dispatcher,
            online=self.board.online,
            outgoing=self.outgoing,
            vapid=self.vapid,
        )
        rates = Rates(settings, self.counts, self.settling)
        self.services = services_of(settings, tokens, rates, beneath)
        self.connections = Connections(
            settings.ws_ping_interval,
            settings.max_connections if settings.rate_limits else None,
            leeway=settings.jwt_leeway,
        )
        aftermath = Aftermath(
            self.database,
            self.services.sessions,
            self.services.users,
            self.connections,
            self.dispatcher,
        )
        self.dispatcher.listener = aftermath
        self.history = aftermath.history
        self.acts = aftermath.acts
        self.sockets = Sockets(
            self.services, self.dispatcher, self.connections, self.history, settings
        )
        aftermath.rights_changed = self.sockets.agents.wake
        self.pusher = Pusher(
            self.database,
            self.board.online,
            Delivery(self.vapid, settings.push_gateways),
            ttl=settings.push_ttl,
            with_content=settings.push_content,
        )
        self.live = Live(self.database, self.dispatcher.hub, self.sockets.users, self.history)
        self.desk = DeskWork(self.database, self.writer, self.board.online)
        self.presence = Loop(
            self.board,
            self.connections,
            self.services.presences.shared,
            self.services.presences.keep,
            self.dispatcher.announce_presence,
            self.dispatcher.beaten,
        )
        self.loop_lag = LoopLag()
        self.sampler = metrics.Sampler(
            {
                metrics.connections: lambda: len(self.connections),
                metrics.write_queue: lambda: self.writer.backlog,
                metrics.relay_backlog: lambda: self.relay.backlog,
                metrics.relay_connected: lambda: self.relay.is_connected,
                metrics.loop_longest_stall: lambda: self.loop_lag.longest,
                metrics.process_cpu: process_time,
                metrics.process_memory: metrics.resident_bytes,
            }
        )
        self.is_draining = False
        self.supervisor = Supervisor()

    async def start(self, stop: Any) -> None:
        """`stop` ends the process: called when a part that must live has died."""
        metrics.begin(__version__)
        self.settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.files.prepare(time())
        if self.settings.push:
            await asyncio.to_thread(self.vapid.prepare)
        await self.keys.start()
        await self._open_database()
        watch = partial(self.supervisor.watch, stop=stop)
        watch("writer", self.writer.run())
        watch("uploads", self.services.resumable_uploads.run())
        watch("heartbeat", self.connections.run())
        watch("live", self.live.run())
        watch("followers", self.keeper.run())
        if self.settings.push:
            watch("pusher", self.pusher.run())
        watch("agents", self.sockets.agents.run())
        watch("desk", self.sockets.desk.run())
        watch("desk rules", self.desk.run())
        watch("sign-ins", self.services.sessions.run())
        watch("acts", self.acts.run())
        watch("deletions", self.services.oversight.run())
        watch("erasure", self.services.erasure.run())
        watch("history", self.history.run())
        watch("presence", self.presence.run())
        if self.settling is not None:
            watch("limits", self.settling.run())
        watch("sampler", self.sampler.run())
        if self.settings.metrics:
            watch("loop lag", self.loop_lag.run())
        watch("relay", self.relay.run(self.dispatcher.incoming))

    async def inspect(self) -> None:
        """Try the database once, and bring an embedded one up to date, without serving.

        Raises Unfit, and Unavailable while it is away.
        """
        try:
            await self.database.inspect()
            await self.database.open()
            await self._bring_up()
        finally:
            await self.close_index()
            await self.database.close()
            self.passwords.close()

    async def _bring_up(self) -> None:
        if self.database.dialect == "sqlite":
            await schema.migrate(self.database)
        else:
            await schema.require_current(self.database)
        await self.history.open()
        await self.open_index()

    async def open_index(self) -> None:
        """Once the database is open, and has its schema."""
        if self.index is not self.database:
            await self.index.open()

    async def close_index(self) -> None:
        if self.index is not self.database:
            await self.index.close()

    async def _open_database(self) -> None:
        """Wait for a database that is away; raises Unfit for one that cannot be used as it is."""
        if self.database.dialect != "sqlite":  # which is never away
            await once_there(self.database.inspect)
        await once_there(self.database.open)
        await once_there(self._bring_up)
        await once_there(self.services.search.look)
        self.dispatcher.belong(self.history.name)
        self.board.belong(self.history.name.deployment)
        if self.counts is not None:
            self.counts.belong(self.history.name.deployment)

    async def drain(self) -> None:
        """Store, answer and pass on what was accepted, and send the clients away.

        From the start of it the process is not ready, and takes no new socket.
        """
        self.is_draining = self.sockets.gate.is_draining = True
        self.supervisor.dismiss()
        log.info("Payam stops, and sends %d websockets away", len(self.connections))
        self.keeper.retire()
        self.writer.close()
        half = self.settings.graceful_timeout / 2
        if not await self.supervisor.ends("writer", half):
            log.error("some changes could not be stored in time")
        self.connections.send_away()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(half / 2):
                await self.relay.flush()
                while len(self.connections):
                    await asyncio.sleep(LOOK_SECONDS)
        for connection in self.connections:
            connection.drop()

    async def close(self) -> None:
        """Let go of everything, after the last request is answered."""
        await self.supervisor.close()
        await self.outgoing.close()
        await self.files.settled()
        await self.inspector.close()
        await self.sockets.close()
        await self.board.close()
        if self.counts is not None:
            await self.counts.close()
        await self.dispatcher.close()
        await self.services.sessions.close()
        await self.services.conversations.close()
        await self.close_index()
        await self.database.close()
        await self.keys.close()
        self.passwords.close()
        self.sampler.sample()
        log.info("Payam has stopped")

    @property
    def stands_on(self) -> str:
        relay = "Redis" if self.relay.has_others else "no relay"
        return f"{self.database.dialect} and {relay}"

    async def is_ready(self) -> dict[str, bool]:
        """Which parts can serve; the worker is all of them that live here."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                database = await self.database.is_serving()
        except (Unavailable, TimeoutError):
            database = False
        is_writing = self.supervisor.is_alive("writer")
        return {
            "database": database,
            "relay": self.relay.is_connected,
            "writer": is_writing and self.writer.committing_for < READY_SECONDS,
            "worker": self.supervisor.are_alive() and not self.is_draining,
            "followers": not self.keeper.is_down,
        }


def counts_over(redis_url: str) -> "RedisCounts | None":
    """What counts over all nodes; None without Redis."""
    if not redis_url:
        return None
    from chat.realtime.counting import RedisCounts  # noqa: PLC0415 - for Redis alone

    return RedisCounts(redis_url)


def bucket_of(settings: Settings) -> Bucket | None:
    """The bucket of ATTACHMENT_STORAGE, if it names one."""
    return Bucket(settings.attachment_storage) if settings.attachment_storage else None


def make_payam(settings: Settings, patience: Patience = PATIENCE) -> Payam:
    """`patience` says how long the database is waited for."""
    keys = keys_from(settings)
    return Payam(settings, Tokens(settings, keys), keys, patience)
