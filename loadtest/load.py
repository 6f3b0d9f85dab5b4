"""What a scenario works with: clients, the time, and the place for what it measured."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle

from loadtest.client import Client, Traffic
from loadtest.crowd import BegunCrowd, Crowd
from loadtest.histogram import Histogram
from loadtest.http import Connection, RequestFailed
from loadtest.process import NoProcess, usage
from loadtest.snapshot import Snapshot, Window
from loadtest.tokens import Tokens
from loadtest.user_client import UserClient

OPENING = 16
"""Most handshakes under way at once, unless a scenario measures just that."""
LOOK_SECONDS = 0.05
ADVICE = (
    "- are the tokens this server's, and did `python -m chat seed` fill its database"
    " with as many as --users, --conversations and --members say? If not, there is --begin."
)


@dataclass(frozen=True)
class Figure:
    """One measured value. `key` is its name in JSON; `title` and `unit` are for people."""

    key: str
    title: str
    value: float
    unit: str = ""


@dataclass
class Load:
    """One run. A scenario waits for `warm_up` seconds, then measures for `seconds`. At the end,
    after `patience` seconds without any delivery, what is missing counts as lost.
    """

    traffic: Traffic
    tokens: Tokens
    crowd: Crowd
    seconds: float
    warm_up: float
    patience: float
    pid: int | None = None
    """The server's process id, if it runs on this machine."""
    began: float = field(default_factory=time.perf_counter)
    phase: str = "connecting"
    clients: list[Client] = field(default_factory=list)
    users: list[UserClient] = field(default_factory=list)
    """Sockets for all conversations of a user."""
    figures: list[Figure] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    histograms: dict[str, Histogram] = field(default_factory=dict)
    """By what was timed. The one of deliveries always exists."""
    requests: int = 0
    """How many requests were answered."""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to end early. The run still waits for everything that was sent."""

    def __post_init__(self) -> None:
        self.histograms["delivery"] = self.traffic.deliveries

    def client(self, place: int, conversation: int, kind: type[Client] = Client) -> Client:
        """The user with that place as a member; not connected yet."""
        return self.member(self.crowd.user(place), conversation, kind)

    def member(self, user: int, conversation: int, kind: type[Client] = Client) -> Client:
        """That user as a member of the conversation; not connected yet."""
        number = self.crowd.number(conversation)
        client = kind(self.traffic, len(self.clients), user, number)
        self.clients.append(client)
        return client

    def user(self, place: int) -> UserClient:
        """The user with that place, with a socket for everything; not connected yet."""
        client = UserClient(self.traffic, len(self.users), self.crowd.user(place))
        self.users.append(client)
        return client

    @property
    def everyone(self) -> Sequence[Client | UserClient]:
        return [*self.clients, *self.users]

    @staticmethod
    def now() -> float:
        """Seconds on the loader's own clock."""
        return time.perf_counter()

    async def request_as(self, user: int) -> Connection:
        """A connection for that user's requests. Raises RequestFailed."""
        return await Connection.open(self.traffic.url, self.tokens(user))

    async def begin_conversations(self) -> None:
        """Begin as many as the crowd has, for this run alone. Raises RequestFailed."""
        ids = self.tokens.users
        crowd = BegunCrowd(len(ids), self.crowd.conversations, self.crowd.members, ids)
        small = (crowd.members_of(number) for number in range(2, crowd.conversations + 2))
        numbers = [await self._begin(members) for members in (ids, *small)]
        self.crowd = replace(crowd, numbers=numbers)

    async def _begin(self, members: Sequence[int]) -> int:
        target, connection = self.traffic.target, await self.request_as(members[0])
        body = target.beginning(members)
        answer = await connection.request("POST", target.conversations_path(), body)
        connection.close()
        return target.begun(answer)

    async def begin_books(self) -> None:
        """Begin every client's book at its conversation's present `seq`."""
        positions = {}
        for client in self.clients:
            if client.conversation not in positions:
                seq = await self.position(client.conversation, client.user)
                positions[client.conversation] = seq
        self.traffic.ledger.begin(positions)

    async def position(self, conversation: int, user: int) -> int:
        """The conversation's present `seq`, asked for as that user. Raises RequestFailed."""
        target = self.traffic.target
        path = target.position_path(conversation)
        if path is None:
            return 0
        connection = await self.request_as(user)
        try:
            return target.position(await connection.request("GET", path))
        except RequestFailed as error:
            if error.status not in (401, 404):
                raise
            raise RequestFailed(f"{error} {ADVICE}", error.status) from error
        finally:
            connection.close()

    async def connect(
        self,
        clients: Sequence[Client],
        *,
        since: bool = False,
        at_once: int = OPENING,
        times: Histogram | None = None,
    ) -> None:
        """Connect all clients, some at once. `times` records each time. Raises CannotConnect."""
        remaining = iter(clients)

        async def connect_some() -> None:
            for client in remaining:
                began = time.perf_counter()
                await client.connect(self.tokens(client.user), since=since)
                if times is not None:
                    times.record(time.perf_counter() - began)

        await together(connect_some() for _ in range(min(at_once, len(clients))))

    async def start(self) -> None:
        """Begin the books, and connect every client. Raises CannotConnect, RequestFailed."""
        self.phase = "connecting"
        await self.begin_books()
        await self.connect(self.clients)

    def keep_in_flight(self, client: Client, messages: int) -> None:
        """From now on the client sends its next message as soon as one is acknowledged."""

        def say() -> None:
            if not self.stopped.is_set():
                client.say()

        client.after_ack = say
        for _ in range(messages):
            client.say()

    def take_turns(self, clients: Sequence[Client], messages: int) -> None:
        """From now on so many messages are in flight among all clients. When one is acknowledged,
        the client whose turn it is sends the next.
        """
        turns = cycle(clients)

        def say() -> None:
            if not self.stopped.is_set():
                next(turns).say()

        for client in clients:
            client.after_ack = say
        for _ in range(messages):
            say()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until the run is stopped."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self.stopped.wait()
            except TimeoutError:
                pass

    async def measure(self) -> Window:
        """Wait for the warm-up, then measure for `seconds`."""
        self.phase = "warming up"
        await self.pause(self.warm_up)
        with self.window() as window:
            await self.pause(self.seconds)
        return window()

    @contextmanager
    def window(self, phase: str = "measuring") -> Iterator[Callable[[], Window]]:
        """Measure a `with` block. Call what it yields after the block, to get the window."""
        self.traffic.deliveries.clear()
        self.phase = phase
        first = last = self.snapshot()
        yield lambda: Window(first, last)
        last = self.snapshot()

    def snapshot(self) -> Snapshot:
        server = None
        if self.pid is not None:
            try:
                server = usage(self.pid)
            except NoProcess:  # it died, and the ledger will find what was lost
                server = None
        return Snapshot(
            time.perf_counter() - self.began,
            self.phase,
            sum(client.is_connected for client in self.everyone),
            self.traffic.ledger.delivered(),
            self.traffic.acked,
            self.requests,
            usage(os.getpid()),
            server,
        )

    def look(self) -> None:
        """Take a snapshot, with the latencies since the one before."""
        laps = {name: histogram.lap() for name, histogram in self.histograms.items()}
        known = {name: lap for name, lap in laps.items() if lap is not None}
        self.snapshots.append(replace(self.snapshot(), laps=known))
        self.traffic.ledger.forget()

    async def finish(self) -> None:
        """Stop sending. Wait for what is under way, as long as anything arrives."""
        self.stopped.set()
        self.phase = "finishing"
        progress, deadline = -1, 0.0
        while not self.is_settled():
            seen = self.traffic.ledger.delivered() + self.traffic.acked
            if seen != progress:
                progress, deadline = seen, time.monotonic() + self.patience
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def is_settled(self) -> bool:
        """Whether every answer and every delivery has come."""
        return not self.unanswered and not self.traffic.ledger.count().missing

    @property
    def unanswered(self) -> int:
        return sum(len(client.waiting) for client in self.everyone)

    def figure(self, key: str, title: str, value: float, unit: str = "") -> None:
        self.figures.append(Figure(key, title, value, unit))


async def together(work: Iterable[Awaitable[None]]) -> None:
    """Run all of it at once. The first failure cancels the rest, and is raised."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
