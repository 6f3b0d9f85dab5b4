"""Payam with one of its mechanisms switched off, to see that the ledger misses it.

`WITHOUT` names the mechanism. `python -m tests.faults.crippled` runs one process,
gunicorn several on `tests.faults.crippled:app`. What would mend a loss later by another
way is off as well, or the test would only have to wait longer.
"""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from chat.events import Event
from chat.followers import live
from chat.followers.looking import Looking
from chat.realtime import conversation_door, healing, hub, writing
from chat.realtime.deliveries import Batch, Delivery
from chat.realtime.dispatcher import Dispatcher
from chat.realtime.group import Group
from chat.realtime.hub import Hub
from chat.realtime.incoming import Incoming
from chat.realtime.relay.relay import RelayListener
from chat.services.desk_work import DeskWork
from chat.store import work, writer
from chat.store.postgres import sends as postgres_sends
from chat.store.sqlite import database as sqlite
from chat.store.sqlite import sends as sqlite_sends
from chat.store.sqlite.database import SqliteStore

Result = TypeVar("Result")

NEVER = 1e9
SLOW_SECONDS = 1.0
SUBSCRIBED_SECONDS = 4.0
"""Longer than all clients need to come back, also on a busy machine."""


def reading_what_is_missing() -> None:
    """A gap is passed over: members receive what came, and not what was before it."""

    def deliver(self: Hub, group: Group, batch: Batch) -> None:
        writing.deliver(group, batch.changes)

    Hub._deliver = deliver  # type: ignore[method-assign]


def dropping_what_is_old() -> None:
    """Members receive whatever comes."""

    def deliver_all(group: Group, changes: list[Delivery]) -> bool:
        seq, group.seq = group.seq, -1
        is_removed = writing.deliver(group, changes)
        group.seq = max(seq, group.seq)
        return is_removed

    hub.deliver = healing.deliver = deliver_all  # type: ignore[attr-defined]


def looking_for_repeats() -> None:
    """A client_id that was used before is not met; its index is the test's to drop."""
    sqlite_sends.INSERT = sqlite_sends.INSERT.partition("ON CONFLICT")[0]


def looking_after_subscribing() -> None:
    """What came between the handshake's look and the subscription is not asked for."""
    slow_subscriptions()
    Incoming.subscribed = lambda self, conversation_ids: None  # type: ignore[method-assign]


def slow_subscriptions() -> None:
    """Nothing is off, but Redis hears late of a subscription."""
    from chat.realtime.relay.redis_relay import RedisRelay  # noqa: PLC0415 - only here

    subscribe = RedisRelay.subscribe

    def later(self: RedisRelay, conversation_id: int) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(SUBSCRIBED_SECONDS, subscribe, self, conversation_id)

    RedisRelay.subscribe = later  # type: ignore[method-assign]
    live.TICK_SECONDS = NEVER


def publishing_doubtful_commits() -> None:
    """A commit whose answer was lost, and which the retry finds stored, is published to nobody."""
    happened = work.SendWork.happened

    def fresh_only(self: work.SendWork) -> Sequence[Event]:
        return () if self.send.is_repeat else happened(self)

    work.SendWork.happened = fresh_only  # type: ignore[method-assign]
    Dispatcher.doubt = lambda self, conversation_ids: None  # type: ignore[method-assign]
    live.TICK_SECONDS = NEVER


def looking_now_and_then() -> None:
    """What a process that died has stored, acked and not published is not looked for."""
    dying_before_it_tells()
    live.TICK_SECONDS = NEVER


def dying_before_it_tells() -> None:
    """Nothing is off, but the first worker that has something to publish dies instead."""
    happened = work.SendWork.happened
    is_dying = False

    def die(self: work.SendWork) -> Sequence[Event]:
        nonlocal is_dying
        if not is_dying and is_first():
            is_dying = True
            # Once the acks are out.
            asyncio.get_running_loop().call_later(0.05, os._exit, 1)
        return () if is_dying else happened(self)

    work.SendWork.happened = die  # type: ignore[method-assign]
    live.TICK_SECONDS = SLOW_SECONDS


def the_writer() -> None:
    """It dies of the first batch that a worker has for it."""

    async def die(self: writer.Writer) -> None:
        if is_first():
            while not self._queue:
                await asyncio.sleep(0.01)
            raise RuntimeError("the writer cannot go on")
        await run(self)

    run = writer.Writer.run
    writer.Writer.run = die  # type: ignore[method-assign]


BREAK = "break"
"""The file in DATA_DIR with which a test says that something has to break."""


def the_relay() -> None:
    """What listens to Redis dies in the first worker, when the test says so."""
    from chat.realtime.relay.redis_relay import RedisRelay  # noqa: PLC0415 - only here

    async def die(self: RedisRelay, listener: RelayListener) -> None:
        if not is_first():
            return await run(self, listener)
        listening = asyncio.ensure_future(run(self, listener))
        while not (Path(os.environ["DATA_DIR"]) / BREAK).exists():
            await asyncio.sleep(0.01)
        listening.cancel()
        raise RuntimeError("the relay cannot go on")

    run = RedisRelay.run
    RedisRelay.run = die  # type: ignore[method-assign]


def is_first() -> bool:
    """Whether no worker of this server has asked before."""
    try:
        (Path(os.environ["DATA_DIR"]) / "asked").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def locking_the_conversation() -> None:
    """Two workers number what they insert at the same time."""
    without = "SELECT 1 FROM conversations WHERE id = ANY(?::bigint[])"
    postgres_sends.LOCK_CONVERSATIONS = without  # type: ignore[attr-defined] # used, not exported


def resuming() -> None:
    """What a client has seen is of no interest."""
    conversation_door.position_of = lambda knock: (None, None)


def committing_first() -> None:
    """Changes are answered at once, and committed when a second's worth has come together."""
    last = monotonic()

    async def write(self: SqliteStore, function: Callable[[sqlite3.Connection], Result]) -> Result:
        def transact(db: sqlite3.Connection) -> Result:
            nonlocal last
            if not db.in_transaction:
                sqlite.begin(db)
            result = function(db)
            if monotonic() - last > 1:
                db.commit()
                last = monotonic()
            return result

        async with self._turn:
            return await self._writer.run(transact)

    async def wait(self: Looking | DeskWork) -> None:
        await asyncio.Event().wait()

    SqliteStore.write = write  # type: ignore[method-assign]
    # They would find a transaction open, and end with it what this one answers too early.
    Looking.run = wait  # type: ignore[method-assign]
    DeskWork.run = wait  # type: ignore[method-assign]


MECHANISMS: dict[str, Callable[[], None]] = {
    one.__name__: one
    for one in (
        reading_what_is_missing,
        dropping_what_is_old,
        looking_for_repeats,
        looking_after_subscribing,
        slow_subscriptions,
        publishing_doubtful_commits,
        looking_now_and_then,
        dying_before_it_tells,
        locking_the_conversation,
        the_writer,
        the_relay,
        resuming,
        committing_first,
    )
}

MECHANISMS[os.environ["WITHOUT"]]()

import server  # noqa: E402 - what is off must be off before
from chat.app import serve  # noqa: E402

app: Any = server.app

if __name__ == "__main__":
    sys.exit(serve(app))
