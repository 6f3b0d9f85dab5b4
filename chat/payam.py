"""The parts of a process: made, wired, started, stopped; the only file that knows them all."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from time import process_time, time
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from chat import __version__, metrics
from chat.auth.keys import Keys, keys_from
from chat.auth.passwords import Passwords
from chat.auth.tokens import Tokens
from chat.auth.vapid import vapid_from
from chat.errors import Unavailable
from chat.events import Event, Passing
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
from chat.services.accounts import Accounts
from chat.services.acts import Acts
from chat.services.attachments import Attachments
from chat.services.avatars import Avatars
from chat.services.blocks import Blocks
from chat.services.canned_responses import CannedResponses
from chat.services.changes import Changes
from chat.services.conversation_export import ConversationExport
from chat.services.conversations import Conversations
from chat.services.desk import DeskKeeping
from chat.services.desk_figures import FiguresOfDesk
from chat.services.desk_work import DeskWork
from chat.services.devices import Devices
from chat.services.direct_conversations import DirectConversations
from chat.services.erasure import Erasure
from chat.services.export import Exports
from chat.services.guest_limits import FROM_ADDRESS, GuestLimits
from chat.services.guests import Guests
from chat.services.invites import Invites
from chat.services.limits import Limit, Settling
from chat.services.messages import Messages
from chat.services.notes import Notes
from chat.services.oversight import Oversight
from chat.services.own_settings import OwnSettings
from chat.services.password_change import PasswordChange
from chat.services.pins import Pins
from chat.services.positions import Positions
from chat.services.presence import Presences
from chat.services.quotas import Quota, Quotas
from chat.services.reactions import Reactions
from chat.services.registry import Services
from chat.services.reports import Reports
from chat.services.resumable_uploads import ResumableUploads
from chat.services.roles import Roles
from chat.services.search import Search
from chat.services.sessions import Sessions
from chat.services.statistics import Statistics
from chat.services.support_tickets import SupportTickets
from chat.services.user_news import UserNews
from chat.services.users import Users
from chat.services.webhooks import Webhooks
from chat.store import schema
from chat.store.bucket import Bucket
from chat.store.connect import connect, connect_index
from chat.store.files import Files
from chat.store.waiting import once_there
from chat.store.writer import Writer
from config.settings import Settings

if TYPE_CHECKING:
    from chat.realtime.counting import RedisCounts

log = logging.getLogger("payam")

BURST = 5
"""Seconds' worth of a limit that may come at once."""
READY_SECONDS = 2.0
"""How long a database may take to say that it is there, and a commit to end, before the
process counts as not ready. Less than a probe waits."""
LOOK_SECONDS = 0.02
ANNOUNCE_SECONDS = 5.0
"""How long the relay may take to pass on what a command announces."""


class Payam:
    """The parts of one process. Made before there is a loop; `start` needs one."""

    def __init__(self, settings: Settings, tokens: Tokens, keys: Keys) -> None:
        self.settings = settings
        self.keys = keys
        self.database = connect(settings.database, settings.database_pool_size)
        self.index = connect_index(self.database, settings.database, settings.database_pool_size)
        self.passwords = Passwords()
        self.inspector = Inspector(settings.image_max_pixels)
        self.files = Files(settings.uploads, self.inspector, bucket_of(settings))
        self.relay = relay_over(settings.redis_url)
        self.changes = Changes(self.database, settings.base_path)
        self.dispatcher = Dispatcher(self.relay, self.changes.since, self.changes.seqs)

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
        self.board = board_over(settings.redis_url)
        self.vapid = vapid_from(settings)
        self.counts = counts_over(settings.redis_url)
        self.settling = Settling(self.counts) if self.counts is not None else None
        self.services = self._services(tokens)
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
        self.has_failed = False
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _services(self, tokens: Tokens) -> Services:
        settings = self.settings

        def limit(rate: float, burst: float, what: str, *, is_secret: bool = False) -> Limit:
            lifted = None if not settings.rate_limits else rate
            return Limit(lifted, burst, what, is_secret=is_secret, counts=self.counts)

        def shared(rate: float, what: str) -> Limit:
            """For what happens often."""
            lifted = None if not settings.rate_limits else rate
            return Limit(lifted, rate * BURST, what, settling=self.settling)

        logins = settings.rate_logins
        per_name = limit(logins / 60, logins, "password attempts for this name", is_secret=True)
        per_name_elsewhere = limit(
            logins / 6,
            logins * 10,
            "password attempts for this name from new addresses",
            is_secret=True,
        )
        per_address = limit(logins / 6, logins * 10, "password attempts from this address")
        sign_ups = limit(logins / 6, logins * 10, "sign-ups from this address")

        def pass_on(event: Passing) -> None:
            self.dispatcher.pass_on(replace(event, frame=placed(settings.base_path, event.frame)))

        news = UserNews(self.database, pass_on)
        users = Users(self.database, self.passwords, settings, sign_ups, news)
        conversations = Conversations(
            self.database,
            self.writer,
            per_request=settings.participants_per_request,
        )
        notes = Notes(self.database, self.writer, most=settings.message_max_length)
        messages = Messages(
            self.database,
            self.writer,
            self.files,
            notes,
            most=settings.message_max_length,
        )
        quotas = Quotas(
            Quota(settings.message_files, settings.message_quota),
            Quota(settings.user_files, settings.user_quota),
            Quota(settings.conversation_files, settings.conversation_quota),
        )
        self.uploads = ResumableUploads(
            self.database,
            self.files.drafts,
            quotas,
            most=settings.attachment_max_size,
            quota=settings.upload_quota,
            lifetime=settings.upload_ttl,
        )
        erasure = Erasure(
            self.database,
            self.writer,
            self.files,
            self.passwords,
            per_name,
            self.dispatcher.announce_erased,
            self.dispatcher.announced_to_all,
        )
        exports = Exports(self.database, self.files, conversations, notes)
        sessions = Sessions(
            self.database,
            tokens,
            self.passwords,
            users,
            self.dispatcher.announce,
            self.dispatcher.announced_to_all,
            grace=settings.jwt_refresh_grace,
            per_name=per_name,
            per_name_elsewhere=per_name_elsewhere,
            per_address=per_address,
            renewals=limit(
                settings.rate_requests,
                settings.rate_requests * BURST,
                "token requests from this address",
            ),
        )
        return Services(
            users=users,
            sessions=sessions,
            erasure=erasure,
            accounts=Accounts(
                self.database,
                users,
                self.passwords,
                erasure,
                exports,
                self.dispatcher.announce,
                self.dispatcher.announced_to_all,
                self.dispatcher.account_changed,
                least=settings.password_min_length,
            ),
            acts=Acts(self.database),
            avatars=Avatars(self.database, self.writer, self.files, users, conversations, news),
            oversight=Oversight(
                self.database,
                self.writer,
                self.files,
                ConversationExport(self.database, self.files),
            ),
            statistics=Statistics(self.database),
            blocks=Blocks(self.database),
            reports=Reports(self.database),
            exports=exports,
            conversations=conversations,
            direct_conversations=DirectConversations(self.database, self.writer, conversations),
            positions=Positions(self.database),
            changes=self.changes,
            messages=messages,
            notes=notes,
            guests=Guests(
                self.database,
                self.writer,
                sessions,
                self.board.online,
                is_open=settings.guests and tokens.can_issue,
                secret=settings.widget_secret if tokens.can_issue else "",
                per_address=limit(
                    settings.rate_guests / 3600, settings.rate_guests, "guests from this address"
                ),
            ),
            guest_limits=self._guest_limits(),
            canned_responses=CannedResponses(self.database, most=settings.message_max_length),
            desk=DeskKeeping(self.database, self.board.online),
            desk_figures=FiguresOfDesk(self.database),
            attachments=Attachments(
                self.database,
                self.writer,
                self.files,
                messages,
                most=settings.attachment_max_size,
                quotas=quotas,
            ),
            resumable_uploads=self.uploads,
            support_tickets=SupportTickets(self.database, self.writer),
            pins=Pins(self.database, self.writer),
            roles=Roles(self.database, self.writer),
            invites=Invites(self.database, self.writer, conversations),
            password_change=PasswordChange(
                self.database,
                self.passwords,
                per_name,
                self.dispatcher.announce,
                self.dispatcher.announced_to_all,
                least=settings.password_min_length,
            ),
            reactions=Reactions(self.database, self.writer),
            own_settings=OwnSettings(self.database, self.writer),
            webhooks=Webhooks(self.database, self.outgoing),
            presences=Presences(self.database, self.board.online),
            search=Search(self.database, self.index, notes),
            devices=Devices(
                self.database,
                self.vapid if settings.push else None,
                gateways=settings.push_gateways,
            ),
            requests=shared(settings.rate_requests, "requests"),
            strangers=shared(settings.rate_requests, "requests without a valid token"),
            frames=shared(settings.rate_messages, "messages"),
        )

    def _guest_limits(self) -> GuestLimits:
        settings = self.settings

        def pair(amount: int, seconds: int, what: str) -> tuple[Limit, Limit]:
            def limit(most: int, whose: str) -> Limit:
                lifted = None if not settings.rate_limits else most / seconds
                name = f"{what} {whose}"
                return Limit(lifted, most, name, counts=self.counts, settling=self.settling)

            return limit(amount, "of this guest"), limit(
                amount * FROM_ADDRESS, "of guests from this address"
            )

        return GuestLimits(
            messages=pair(settings.rate_guest_messages, 60, "messages"),
            conversations=pair(settings.rate_guest_tickets, 3600, "conversations"),
            tickets=pair(settings.rate_guest_tickets, 3600, "tickets"),
            files=pair(settings.rate_guest_files, 3600, "files"),
        )

    async def start(self, stop: Any) -> None:
        """`stop` ends the process: called when a part that must live has died."""
        metrics.begin(__version__)
        self.settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.files.prepare(time())
        if self.settings.push:
            await asyncio.to_thread(self.vapid.prepare)
        await self.keys.start()
        await self._open_database()
        self._supervise("writer", self.writer.run(), stop)
        self._supervise("uploads", self.uploads.run(), stop)
        self._supervise("heartbeat", self.connections.run(), stop)
        self._supervise("live", self.live.run(), stop)
        self._supervise("followers", self.keeper.run(), stop)
        if self.settings.push:
            self._supervise("pusher", self.pusher.run(), stop)
        self._supervise("agents", self.sockets.agents.run(), stop)
        self._supervise("desk", self.sockets.desk.run(), stop)
        self._supervise("desk rules", self.desk.run(), stop)
        self._supervise("sign-ins", self.services.sessions.run(), stop)
        self._supervise("acts", self.acts.run(), stop)
        self._supervise("deletions", self.services.oversight.run(), stop)
        self._supervise("erasure", self.services.erasure.run(), stop)
        self._supervise("history", self.history.run(), stop)
        self._supervise("presence", self.presence.run(), stop)
        if self.settling is not None:
            self._supervise("limits", self.settling.run(), stop)
        self._supervise("sampler", self.sampler.run(), stop)
        if self.settings.metrics:
            self._supervise("loop lag", self.loop_lag.run(), stop)
        self._supervise("relay", self.relay.run(self.dispatcher), stop)

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

    def _supervise(self, name: str, work: Coroutine[Any, Any, None], stop: Any) -> None:
        """Its end, before the process is stopping, is a failure of the process."""

        def ended(task: asyncio.Task[None]) -> None:
            if self.is_draining or task.cancelled():
                return
            log.critical("the %s has died; this worker ends", name, exc_info=task.exception())
            self.has_failed = True
            stop()

        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(ended)
        self._tasks[name] = task

    async def drain(self) -> None:
        """Store and answer what was accepted, tell the other nodes, send the clients away.

        From the start of it the process is not ready, and takes no new socket.
        """
        self.is_draining = self.sockets.gate.is_draining = True
        log.info("Payam stops, and sends %d websockets away", len(self.connections))
        self.keeper.retire()
        self.writer.close()
        half = self.settings.graceful_timeout / 2
        if "writer" in self._tasks:
            done, _ = await asyncio.wait([self._tasks["writer"]], timeout=half)
            if not done:
                log.error("some changes could not be stored in time")
        self.connections.send_away()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(half / 2):
                await self.relay.flush()
                while len(self.connections):
                    await asyncio.sleep(LOOK_SECONDS)
        for connection in self.connections:
            connection.drop()

    async def begin_epoch(self) -> str:
        """The database was put back: name the new epoch, and announce it to who runs.

        Only the database must be open. Where the relay does not take the announcement, the
        others find the new epoch by themselves.
        """
        await self.history.renew()
        await self.index.align()
        async with self._relaying():
            self.dispatcher.announce_history()
        return self.history.epoch

    @contextlib.asynccontextmanager
    async def _relaying(self) -> AsyncIterator[None]:
        """Within it something is announced, which is passed on at its end if the relay is there."""
        self.dispatcher.belong(self.history.name)
        relaying = asyncio.create_task(self.relay.run(self.dispatcher))
        try:
            yield
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANNOUNCE_SECONDS):
                    await self.relay.flush()
        finally:
            relaying.cancel()
            await asyncio.gather(relaying, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Within it a command changes conversations as a server does. Only the database must be
        open.
        """
        await self.history.open()
        self.files.prepare(time())
        async with self._relaying():
            writing = asyncio.create_task(self.writer.run())
            try:
                yield
            finally:
                self.writer.close()
                await asyncio.wait([writing], timeout=self.settings.graceful_timeout)
                writing.cancel()
                await self.files.settled()
                await self.dispatcher.close()

    async def close(self) -> None:
        """Let go of everything, after the last request is answered."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
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
        alive = {name: not task.done() for name, task in self._tasks.items()}
        return {
            "database": database,
            "relay": self.relay.is_connected,
            "writer": alive["writer"] and self.writer.committing_for < READY_SECONDS,
            "worker": all(alive.values()) and not self.is_draining,
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


def make_payam(settings: Settings) -> Payam:
    keys = keys_from(settings)
    return Payam(settings, Tokens(settings, keys), keys)
