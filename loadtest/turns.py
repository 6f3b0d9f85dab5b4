"""python -m loadtest turns TREE [TREE …]

Compares the requests of several checkouts of Payam, and messages in pairs, in one run. Every server
runs the whole time, on the first core, with a database of its own. The loader, on the second core,
asks them in turn, a burst of a fifth of a second each. So what else the machine does meets all of
them alike, and a difference of a few parts in a hundred is seen, which runs one after another
cannot show.

It prints the processor time in µs per request, or per message or edit in pairs: of the server's
process (not of its followers), and of the database's processes that serve it. That of `delete` has
the `POST` of the message in it. A figure is the median of the bursts. Behind the colon stands the
median of the ratios, burst by burst, to the first tree.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

import uvloop

from loadtest.compare.demands import FEW
from loadtest.http import Connection
from loadtest.pairs_turn import Pairs
from loadtest.peers.backing import Backing, backing
from loadtest.peers.payam import PinnedPayam
from loadtest.peers.server import LOADER_CORE
from loadtest.process import processes, spent, title
from loadtest.tokens import Minted, Tokens

CONNECTIONS = 8
PAGE = 50
WARM_UP = 3
"""Bursts that do not count: statements are prepared, and code is specialised in them."""
POSTGRES, SQLITE = "postgresql", "sqlite"


@dataclass(frozen=True)
class Ask:
    """One request. `path` has the id of a conversation as `{0}`, and that of a message as `{1}`:
    one that is `new` with each request, and is posted just before.
    """

    method: str
    path: str
    body: bytes = b""
    new: bool = False


ASKS: Mapping[str, Ask] = {
    "list": Ask("GET", "/api/conversations/"),
    "conversation": Ask("GET", "/api/conversations/{0}/"),
    "read": Ask("GET", f"/api/conversations/{{0}}/messages/?limit={PAGE}"),
    "post": Ask("POST", "/api/conversations/{0}/messages/", b'{"content":"What a burst says."}'),
    "edit": Ask("PATCH", "/api/conversations/{0}/messages/{1}/", b'{"content":"Another."}'),
    "delete": Ask("DELETE", "/api/conversations/{0}/messages/{1}/", new=True),
}


IN_PAIRS, EDITS_IN_PAIRS = "pairs", "edits"
PAIRED = (IN_PAIRS, EDITS_IN_PAIRS)


class OfTree(PinnedPayam):
    """The server of another checkout, run by this Python."""

    def __init__(self, tree: Path, settings: Mapping[str, str]) -> None:
        self.tree = tree
        super().__init__(settings)

    def options(self) -> Mapping[str, Any]:
        return {"cwd": self.tree}

    def chat(self, *arguments: str) -> None:
        """Run `python -m chat` of that checkout. Raises CalledProcessError."""
        command = [sys.executable, "-m", "chat", *arguments]
        environment = self.environment()
        subprocess.run(command, cwd=self.tree, env=environment, check=True, capture_output=True)


@dataclass
class Turn:
    """One server, the connections to it, and what its bursts cost, in µs per request."""

    server: OfTree
    database: str
    conversation: int = 0
    message: int = 0
    crew: list[Connection] = field(default_factory=list)
    pairs: Pairs | None = None
    own: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.server.process.pid

    async def begin(self, tokens: Tokens, *, in_pairs: bool) -> None:
        """Open the connections, and say enough that a page is full and each list has a message."""
        url, token = self.server.url, tokens(1)
        if in_pairs:
            self.pairs = Pairs(url, tokens, FEW)
            await self.pairs.begin()
        self.crew = [await Connection.open(url, token) for _ in range(CONNECTIONS)]
        listed = json.loads(await self.crew[0].request("GET", "/api/conversations/"))
        self.conversation = listed[0]["id"]
        for conversation in [each["id"] for each in listed] + [self.conversation] * PAGE:
            self.message = await self.post(self.crew[0], conversation)

    def end(self) -> None:
        """Close the connections, for which a server that stops waits."""
        for connection in self.crew:
            connection.close()
        if self.pairs is not None:
            self.pairs.end()

    async def ask(self, connection: Connection, ask: Ask) -> None:
        message = await self.post(connection, self.conversation) if ask.new else self.message
        path = ask.path.format(self.conversation, message)
        await connection.request(ask.method, path, ask.body)

    async def post(self, connection: Connection, conversation: int) -> int:
        """Post a message. Returns its id."""
        ask = ASKS["post"]
        answer = await connection.request(ask.method, ask.path.format(conversation), ask.body)
        return int(json.loads(answer)["id"])

    async def burst(self, name: str, seconds: float) -> tuple[float, float]:
        """Do this for so long. Returns µs per request or message: server and database."""
        own, stored = spent(self.pid), self.spent_by_database()
        if name in PAIRED:
            assert self.pairs is not None
            count = await self.pairs.burst(seconds, of_edits=name == EDITS_IN_PAIRS)
        else:
            count = await self.requests(ASKS[name], seconds)
        took = spent(self.pid) - own, self.spent_by_database() - stored
        return took[0] / count, took[1] / count

    async def requests(self, ask: Ask, seconds: float) -> int:
        """Ask for so long on all connections. Returns how many requests there were."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        asked = 0

        async def work(connection: Connection) -> None:
            nonlocal asked
            while clock() < until:
                await self.ask(connection, ask)
                asked += 1

        await asyncio.gather(*(work(connection) for connection in self.crew))
        return asked

    def spent_by_database(self) -> float:
        """µs of the PostgreSQL processes whose title names this server's database."""
        if not self.database:
            return 0
        name = self.database.rpartition("/")[2].encode()
        return sum(spent(pid) for pid in processes() if name in title(pid))


@contextmanager
def served(tree: Path, stores: Backing, engine: str) -> Iterator[Turn]:
    """That checkout's server with a seeded database of its own."""
    with ExitStack() as stack:
        settings = {"RATE_LIMITS": "off", "JWT_SECRET": stores.secret}
        database = ""
        if engine == POSTGRES:
            database = stack.enter_context(stores.database())
            settings |= {"DATABASE_URL": database, "REDIS_URL": stores.redis.url}
        server = OfTree(tree, settings)
        stack.callback(rmtree, server.directory, ignore_errors=True)
        server.chat("migrate")
        people = ("--users", str(FEW.users), "--members", str(FEW.members))
        server.chat("seed", *people, "--conversations", str(FEW.conversations))
        yield Turn(stack.enter_context(server), database)


async def measure(turns: Sequence[Turn], names: Sequence[str], bursts: int, seconds: float) -> None:
    """Let them take turns with each of these requests, and print a line for each."""
    for name in names:
        for turn in turns:
            turn.own.clear()
            turn.stored.clear()
        for number in range(WARM_UP + bursts):
            for turn in turns if number % 2 else reversed(turns):
                own, stored = await turn.burst(name, seconds)
                if number >= WARM_UP:
                    turn.own.append(own)
                    turn.stored.append(stored)
        print(line(name, "server", turns, lambda turn: turn.own), flush=True)
        if turns[0].database:
            print(line("", "database", turns, lambda turn: turn.stored), flush=True)


def line(
    name: str, what: str, turns: Sequence[Turn], figures: Callable[[Turn], Sequence[float]]
) -> str:
    first = figures(turns[0])
    cells = [f"{name:<14}{what:<10}{statistics.median(first):8.1f}"]
    for turn in turns[1:]:
        own = figures(turn)
        ratios = [one / base for one, base in zip(own, first, strict=True) if base]
        ratio = statistics.median(ratios) if ratios else float("nan")
        cells.append(f"{statistics.median(own):8.1f}: {ratio:5.3f}")
    return "  ".join(cells)


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m loadtest turns", description=__doc__)
    root.add_argument("trees", nargs="+", type=Path, metavar="TREE", help="a checkout of Payam")
    asks = [*ASKS, *PAIRED]
    root.add_argument("--requests", nargs="+", choices=asks, default=asks, help="which (all)")
    root.add_argument("--database", choices=(POSTGRES, SQLITE), default=POSTGRES)
    root.add_argument("--bursts", type=int, default=40, help="per tree and request (40)")
    root.add_argument("--burst-seconds", type=float, default=0.2, help="length of one (0.2)")
    return root


def main(arguments: Sequence[str]) -> int:
    """Run it; returns the exit status."""
    options = parser().parse_args(arguments)
    with ExitStack() as stack:
        stores = stack.enter_context(backing())
        turns = [
            stack.enter_context(served(tree.resolve(), stores, options.database))
            for tree in options.trees
        ]
        stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        os.sched_setaffinity(0, {LOADER_CORE})
        tokens = Minted(stores.secret, FEW.users)

        async def begin_and_measure() -> None:
            try:
                for turn in turns:
                    in_pairs = not set(PAIRED).isdisjoint(options.requests)
                    await turn.begin(tokens, in_pairs=in_pairs)
                await measure(turns, options.requests, options.bursts, options.burst_seconds)
            finally:
                for turn in turns:
                    turn.end()

        uvloop.run(begin_and_measure())
    return 0
