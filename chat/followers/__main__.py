"""The process in which the durable followers work: search, the notes for pushes, and webhooks.

A serving process starts it (`keeper`), and it lives no longer than that one.
"""

import asyncio
import logging
import os
import pickle
import signal
import sys
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from chat import logs
from chat.errors import PayamError
from chat.followers import figures
from chat.followers.gathering import Gathering
from chat.followers.looking import Looking
from chat.followers.push.follower import Push, PushFollower
from chat.followers.search import SearchFollower
from chat.followers.signals import GIVEN_LENGTH, STORED, Given
from chat.followers.webhook import Patience
from chat.followers.webhooks import Webhooks
from chat.outgoing.addresses import Allowed
from chat.outgoing.client import Client
from chat.store import leases
from chat.store.connect import connect, connect_index
from chat.store.waiting import once_there

log = logging.getLogger("payam.followers")

INPUT, OUTPUT = 0, 1
SIGNALS = (signal.SIGINT, signal.SIGTERM)
REPORT_SECONDS = 1.0
PARENT_SECONDS = 1.0


class Input(asyncio.Protocol):
    """Reads from the pipe how much the serving process has stored."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.stored = 0
        self.woken: list[Looking | Webhooks] = []
        self._stop = stop
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % STORED.size
        self._rest = data[whole:]
        if whole:
            (self.stored,) = STORED.unpack(data[whole - STORED.size : whole])
            for one in self.woken:
                one.wake()

    def connection_lost(self, _: Exception | None) -> None:
        self._stop.set()


class Failed(Exception):
    """A follower has died, which none of them should. The log says why."""


async def follow(given: Given) -> None:
    """Work until the serving process has ended, or a signal comes. Raises Failed."""
    settings = given.settings
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    database = connect(settings.database, settings.database_pool_size)
    index = connect_index(database, settings.database, settings.database_pool_size)
    heard = Input(stop)

    def stored() -> int:
        return heard.stored

    outgoing = Client(Allowed(settings.webhook_allow), timeout=settings.webhook_timeout)
    webhooks = Webhooks(
        database,
        outgoing,
        settings.base_path,
        stored,
        patience=Patience(give_up=settings.webhook_give_up),
        owner=given.owner,
    )
    # Whether or not this node pushes: others may.
    follower = PushFollower(database, ttl=settings.push_ttl, with_content=settings.push_content)
    followings: list[Looking] = [
        Gathering(index, SearchFollower(index), stored),
        Push(database, follower, stored),
    ]
    heard.woken += [*followings, webhooks]

    async def work() -> None:
        await once_there(database.open)
        if index is not database:
            await index.open()
        for owner in given.dead:
            await once_there(partial(leases.free, database, owner))
        works = {f"follower {one.name}": one.run() for one in followings}
        await until_one_ends({**works, "webhooks": webhooks.run()})

    try:
        await loop.connect_read_pipe(lambda: heard, os.fdopen(INPUT, "rb", buffering=0))
        guards = {"report": say(), "parent": watch(os.getppid()), "stop": until(stop)}
        await until_one_ends({"followers": work(), **guards})
    finally:
        await outgoing.close()
        if index is not database:
            await index.close()
        await database.close()
        for number in SIGNALS:
            # A loop that closes cannot take a signal any more, and a second one may come.
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)


async def until_one_ends(works: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Run these until one of them ends, and then end all. Raises Failed where it has failed."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(work, name=name) for name, work in works.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        if error := task.exception():
            if not isinstance(error, Failed):  # which was logged where it was found
                log.critical("the %s has died; its process ends", task.get_name(), exc_info=error)
            raise Failed from error


async def until(stop: asyncio.Event) -> None:
    await stop.wait()


async def say() -> None:
    """Report the figures from time to time, until cancelled."""
    os.set_blocking(OUTPUT, False)
    while True:
        with suppress(BrokenPipeError, BlockingIOError):  # nobody takes it now
            os.write(OUTPUT, figures.report())
        await asyncio.sleep(REPORT_SECONDS)


async def watch(parent: int) -> None:
    """Return when the serving process is not there any more.

    Its pipe ends then too, but not where another process has inherited the other end of it.
    """
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_SECONDS)


def take() -> Given:
    """What the serving process sends first. Nothing that comes after it is read."""
    (length,) = GIVEN_LENGTH.unpack(read(GIVEN_LENGTH.size))
    given = pickle.loads(read(length))  # noqa: S301 - from the process that started this one
    assert isinstance(given, Given)
    return given


def read(size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = os.read(INPUT, size - len(found))
        if not part:
            sys.exit(0)  # the serving process has ended already
        found += part
    return found


def main() -> int:
    given = take()
    logs.to_stderr(given.settings.log_level, given.settings.log_format)
    try:
        asyncio.run(follow(given))
    except Failed:
        return 1
    except PayamError as error:  # the database is away, or cannot be used
        log.warning("the followers cannot begin: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
