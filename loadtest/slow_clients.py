"""What one user feels while clients of every slow kind hold on to a server.

    python -m loadtest.slow_clients --url http://127.0.0.1:8000 --token TOKEN --pid PID

A user sends messages and waits for each `ack`: in turns, alone for some seconds and then beside
slow clients of one kind, which another process plays. So a machine that is busy by itself makes
both slow. Printed are the median and the 99th percentile of that time, alone and beside, what of a
core the server takes, and its memory before and beside. `--token` is of a user of a server that
runs for this alone, with RATE_LIMITS=off and MAX_CONNECTIONS=10000.
"""

import argparse
import asyncio
import json
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.synchronize import Event
from time import perf_counter

from msgspec import Struct, field
from websockets.asyncio.client import connect

from loadtest.http import Connection
from loadtest.slow_kinds import KINDS, Site

EACH = 200
"""Clients of each kind."""
LONG_LIST = 1500
"""Messages of a kilobyte in the list that is not read."""
PAUSE_SECONDS = 0.01
SETTLING_SECONDS = 1.0
"""For slow clients to be there, and to be gone."""

spawning = multiprocessing.get_context("spawn")


class Felt(Struct):
    """What the user felt in all turns of one sort: milliseconds from each message to its `ack`."""

    waits: list[float] = field(default_factory=list)
    cpu: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        ordered = sorted(self.waits)
        p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
        return f"p50 {p50:6.1f}  p99 {p99:6.1f}  core {self.cpu / self.seconds:4.0%}"


async def attack(site: Site, kind: str, number: int, are_there: Event) -> None:
    tasks = [asyncio.create_task(KINDS[kind](site)) for _ in range(number)]
    await asyncio.sleep(SETTLING_SECONDS)
    are_there.set()
    await asyncio.gather(*tasks, return_exceptions=True)


def run_attack(site: Site, kind: str, number: int, are_there: Event) -> None:
    """All that the process of slow clients does, until it is ended."""
    asyncio.run(attack(site, kind, number, are_there))


@asynccontextmanager
async def beside(site: Site, kind: str, number: int) -> AsyncIterator[None]:
    are_there = spawning.Event()
    process = spawning.Process(target=run_attack, args=(site, kind, number, are_there))
    process.start()
    try:
        if not await asyncio.to_thread(are_there.wait, 60):
            raise TimeoutError(f"the clients of the kind {kind!r} did not come")
        yield
    finally:
        process.kill()
        process.join()
        await asyncio.sleep(SETTLING_SECONDS)


async def feel(site: Site, seconds: float, felt: Felt) -> None:
    """Send messages for so long, one after the other."""
    url = f"{site.url.replace('http', 'ws', 1)}/ws/chat/{site.conversation}/"
    headers = {"Authorization": f"Bearer {site.token}"}
    async with connect(url, additional_headers=headers, max_queue=None, proxy=None) as user:
        cpu, start = site.cpu, perf_counter()
        while (began := perf_counter()) < start + seconds:
            await user.send(json.dumps({"type": "chat_message", "message": "Hi", "ref": "r"}))
            while json.loads(await user.recv())["type"] != "ack":
                pass
            felt.waits.append((perf_counter() - began) * 1000)
            await asyncio.sleep(PAUSE_SECONDS)
        felt.cpu += site.cpu - cpu
        felt.seconds += perf_counter() - start


async def prepare(site: Site) -> None:
    """A conversation with a long list, and a message of the user's for uploads."""
    connection = await Connection.open(site.url, site.token)

    async def make(path: str, body: object) -> int:
        made = await connection.request("POST", path, json.dumps(body).encode())
        number: int = json.loads(made)["id"]
        return number

    site.conversation = await make("/api/conversations/", {"participants": []})
    path = f"/api/conversations/{site.conversation}/messages/"
    for _ in range(LONG_LIST):
        site.message = await make(path, {"content": "x" * 1000})
    connection.close()


async def measure(site: Site, seconds: float, rounds: int, number: int) -> None:
    await prepare(site)
    print(f"{number} clients of each kind; milliseconds to the ack; MiB before, beside")
    for kind in KINDS:
        alone, with_them = Felt(), Felt()
        before = beside_them = 0
        for _ in range(rounds):
            before = max(before, site.memory)
            await feel(site, seconds, alone)
            async with beside(site, kind, number):
                await feel(site, seconds, with_them)
                beside_them = max(beside_them, site.memory)
        print(
            f"{kind:26} alone {alone}  beside {with_them}  MiB {before} {beside_them}", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--token", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=2, help="of each turn")
    parser.add_argument("--rounds", type=int, default=4, help="of both turns, for each kind")
    parser.add_argument("--clients", type=int, default=EACH)
    options = parser.parse_args()
    site = Site(options.url, options.token, options.pid)
    asyncio.run(measure(site, options.seconds, options.rounds, options.clients))


if __name__ == "__main__":
    main()
