"""A steady load on a deployment, a fault in the midst of it, and the reckoning."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.faults.clients import Client, InOneConversation
from tests.faults.deployment import Seeded
from tests.faults.ledger import Findings, Ledger
from tests.faults.proxy import FaultProxy
from tests.faults.wide_client import InAllConversations
from tests.support.processes import owners

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
MESSAGES = int(os.environ.get("FAULT_MESSAGES", "1000"))
"""Of a round, at least; it goes on as long as the fault does."""
IS_LONG = ROUNDS > 1
RATE = int(os.environ.get("FAULT_RATE", "1600" if IS_LONG else "500"))
"""Messages per second, of all clients together."""
TICK = 0.02
CONNECT_SECONDS = 60
SETTLE_SECONDS = 120
"""How long it may take until all is acked and delivered once the fault is over; a process that
died after a commit, before it could publish, is only found out by a look every few seconds."""
LATE_SECONDS = 0.3
"""What comes twice comes soon after the first."""
IN_DOUBT = "the answer to a commit"
"""The beginning of what Payam logs when it does not know whether something was stored."""

SOCKETS = ("/ws/chat/", "/ws/")
"""Where clients may connect: for each conversation once, or once for all of them."""

Fault = Callable[[], Awaitable[None]]


@dataclass
class Outcome:
    """One round in numbers."""

    clients: int
    messages: int
    acked: int
    reconnects: int
    findings: Findings
    codes: Counter[int]
    """Close codes, as clients saw them since the load began."""
    refusals: Counter[str]
    """Codes of `error` frames."""
    anew: int
    """How often a cursor could not be compared."""


class Load:
    """The people of a deployment, all connected, with one ledger.

    On `/ws/chat/` each has a client for each conversation, on `/ws/` one for all of them.
    """

    def __init__(
        self,
        seeded: Seeded,
        line: FaultProxy | None = None,
        *,
        changes: bool,
        socket: str = SOCKETS[0],
        rate: int = RATE,
    ) -> None:
        """`line` is a proxy before Payam; with `changes` some messages are edited or deleted."""
        self.socket = socket
        self._rate = rate
        self._seeded = seeded
        self._line = line
        self._connections = 0  # until the load began
        url = f"ws://127.0.0.1:{line.port}" if line else seeded.ws_url
        self._last_id = seeded.last_id()
        self.ledger = Ledger(seeded.seqs(), self._last_id)
        kind, places = (
            (InAllConversations, seeded.of_users().items())
            if socket == "/ws/"
            else (InOneConversation, seeded.memberships())
        )
        self.clients: list[Client] = [
            kind(url, seeded.token(user), f"user{user}", own, self.ledger, changes=changes)
            for user, own in places
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Every client connected at the beginning, and none left at the end."""
        tasks = [asyncio.create_task(client.run()) for client in self.clients]
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.gather(*(client.connected() for client in self.clients))
                if self._seeded.spreads:
                    await self._spread()
            self._connections = sum(client.connections for client in self.clients)
            for client in self.clients:
                client.codes.clear()
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _spread(self) -> None:
        """Let people hang up and come again until nobody shares a worker with their other."""
        while together := self._together():
            await asyncio.gather(*(client.reconnect() for client in together))

    def _together(self) -> list[Client]:
        """One of each two who are on the same worker."""
        worker_of = owners(self._seeded.payam.pids())

        def worker(client: Client) -> int | None:
            line = self._line
            return worker_of.get(line.far_port(client.port) if line else client.port)

        return [
            other
            for one, other in zip(self.clients[::2], self.clients[1::2], strict=True)
            if worker(one) == worker(other)
        ]

    async def send(self, messages: int, until: asyncio.Task[None]) -> None:
        """So many messages at a steady rate, and on until that task has ended."""
        loop = asyncio.get_running_loop()
        began, given = loop.time(), 0
        while given < messages or not until.done():
            while given < (loop.time() - began) * self._rate:
                self.clients[given % len(self.clients)].say()
                given += 1
            await asyncio.sleep(TICK)

    async def settle(self, seconds: float) -> None:
        """Wait until everything is acked and delivered; the ledger finds what is not by then."""
        try:
            async with asyncio.timeout(seconds):
                while any(client.unacked for client in self.clients):
                    await asyncio.sleep(TICK)
                seqs = await asyncio.to_thread(self._seeded.seqs)
                views = [view for one in self.clients for view in one.views.values()]
                while any(view.seq < seqs[view.conversation] for view in views):
                    await asyncio.sleep(TICK)
        except TimeoutError:
            return
        await asyncio.sleep(LATE_SECONDS)

    def outcome(self) -> Outcome:
        """The reckoning, once no client runs any more. Raises if Payam logged a traceback."""
        self._seeded.check_log()
        return Outcome(
            clients=len(self.clients),
            messages=self.ledger.sent_count,
            acked=self.ledger.acked_count,
            reconnects=sum(client.connections for client in self.clients) - self._connections,
            findings=self.ledger.check(self._seeded.rows(self._last_id)),
            codes=Counter(code for client in self.clients for code in client.codes),
            refusals=Counter(code for client in self.clients for code in client.refusals),
            anew=sum(client.anew for client in self.clients),
        )


async def under_load(
    seeded: Seeded,
    fault: Fault,
    *,
    line: FaultProxy | None = None,
    messages: int = MESSAGES,
    changes: bool = True,
    socket: str = SOCKETS[0],
    settle_seconds: float = SETTLE_SECONDS,
) -> Outcome:
    """One round of clients of `socket`; `line` is a proxy over which they come to Payam."""
    load = Load(seeded, line, changes=changes, socket=socket)
    return await one_round(load, fault, messages=messages, settle_seconds=settle_seconds)


async def one_round(
    load: Load,
    fault: Fault,
    *,
    messages: int = MESSAGES,
    settle_seconds: float = SETTLE_SECONDS,
) -> Outcome:
    """The load, the fault in the midst of it, and what the ledger found."""
    async with load.running():
        breaking: asyncio.Task[None] = asyncio.ensure_future(as_coroutine(fault))
        await load.send(messages, until=breaking)
        await breaking
        await load.settle(settle_seconds)
    return load.outcome()


async def as_coroutine(fault: Fault) -> None:
    await fault()
