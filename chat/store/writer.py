"""Group commit: collects what arrives while the previous transaction is on its way.

It never waits for a timer. An idle writer commits at once; under load, batches form by
themselves, and each message pays a share of one commit. New messages that follow each
other are one batch (`sends`), other changes that follow each other are one transaction.

The queue is bounded: what would pass `capacity` is refused with Unavailable. While the
database is away what was taken waits and is tried again, until `timeout`; then it is
answered with Unavailable, and was not stored. When the answer to a commit is lost, a
message with a `client_id`, or another change with an idempotency key, is tried again, which
finds out; anything else is answered with OutcomeUnknown.

Nothing is answered before its commit: first the one who asked, then `publish`, which
gets the events of each conversation in the order of their `seq`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import groupby
from time import monotonic
from typing import Any

from chat import metrics
from chat.errors import Failed, OutcomeUnknown, PayamError, Unavailable
from chat.events import Change, Event
from chat.store.database import Database, outcome_unknown
from chat.store.sends import Send
from chat.store.work import (
    Apply,
    ChangeWork,
    Done,
    DoneWith,
    Result,
    SendWork,
    Work,
    answer,
    settle,
)

log = logging.getLogger("payam.writer")

NEW = 0
"""In place of a conversation's id, for the beginning of one: there is nothing to lock yet."""
RETRY_SECONDS = 0.25
BUSY = 2
"""Messages a conversation in one batch, above which its senders' next ones are let in first.

They wait a turn of the event loop, and the members' sockets get one write for all. With few
messages a conversation there is nothing to share, and the database would only idle.
"""

Commit = Callable[[list[Any]], Awaitable[None]]


class Writer:
    """The one place of a process through which conversations change."""

    def __init__(
        self,
        database: Database,
        publish: Callable[[Sequence[Event]], None],
        *,
        doubt: Callable[[Collection[int]], None],
        capacity: int,
        timeout: float,
    ) -> None:
        """`doubt` is told the conversations that may have changed without our knowing how."""
        self._database = database
        self._publish = publish
        self._doubt = doubt
        self._capacity = capacity
        self._timeout = timeout
        self._queue: deque[Work] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._begun: float | None = None

    @property
    def backlog(self) -> int:
        """How many changes wait for the commit under way to end."""
        return len(self._queue)

    @property
    def committing_for(self) -> float:
        """Seconds that the commit under way has taken, tried again or not; 0 without one."""
        return 0.0 if self._begun is None else monotonic() - self._begun

    def send(self, send: Send, done: Done) -> None:
        """Store a message; `done` comes after the commit, and `send` then holds its numbers."""
        self._put(SendWork(send, done, monotonic() + self._timeout))

    def submit(self, conversation_id: int, apply: Apply[Result], done: DoneWith[Result]) -> None:
        """Make another change; `done` comes after the commit, with the result or an error."""

        def settled(error: Exception | None) -> None:
            done(work.outcome.result if error is None and work.outcome else None, error)

        work = ChangeWork(conversation_id, apply, settled, monotonic() + self._timeout)
        self._put(work)

    async def change(
        self, conversation_id: int, apply: Apply[Result], *, is_repeatable: bool = False
    ) -> Result:
        """Make another change and wait for its commit; returns what `apply` made.

        `is_repeatable` where a second `apply` finds what the first one stored.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        deadline = monotonic() + self._timeout
        work = ChangeWork(
            conversation_id, apply, settle(future), deadline, is_repeatable=is_repeatable
        )
        self._put(work)
        await future
        assert work.outcome is not None
        return work.outcome.result

    async def store(self, send: Send) -> None:
        """Store a message and wait for its commit."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.send(send, settle(future))
        await future

    def _put(self, work: Work) -> None:
        if self._closing or len(self._queue) >= self._capacity:
            raise Unavailable("Too many changes are waiting to be stored.", retry_after=1.0)
        self._queue.append(work)
        self._wake.set()

    async def run(self) -> None:
        """Commit until `close`; its end before that is a failure of the process."""
        while True:
            while self._queue:
                batch = list(self._queue)
                self._queue.clear()
                for kind, run in groupby(batch, key=type):
                    self._begun = monotonic()
                    if kind is SendWork:
                        await self._commit(self._store_sends, list(run))
                    else:
                        await self._commit(self._apply_changes, list(run))
                if len(batch) > BUSY * len({work.conversation for work in batch}):
                    await asyncio.sleep(0)  # what the acks have brought in shares the next writes
            self._begun = None
            if self._closing:
                return
            self._wake.clear()
            await self._wake.wait()

    def close(self) -> None:
        """Take nothing more; `run` ends when what was taken is answered."""
        self._closing = True
        self._wake.set()

    async def _commit(self, commit: Commit, run: list[Any]) -> None:
        """Try until it is stored or too late; then everyone in `run` has an answer."""
        while run := self._drop_late(run):
            begun = monotonic()
            try:
                async with asyncio.timeout(self._timeout):
                    await commit(run)
            except (OutcomeUnknown, TimeoutError) as error:
                run = self._keep_repeatable(run, error)
            except Unavailable:
                log.warning("the database is away; %d changes wait", len(run) + len(self._queue))
            except Exception:  # one bad row must not take the others with it
                if len(run) > 1:
                    for work in run:
                        await self._commit(commit, [work])
                else:
                    log.exception(
                        "a change could not be stored", extra={"conversation": run[0].conversation}
                    )
                    answer(run[0], Failed())
                return
            else:
                self._finish(run, begun)
                return
            await asyncio.sleep(RETRY_SECONDS)
            self._drop_late_of_queue()

    def _finish(self, run: list[Any], begun: float) -> None:
        ended = monotonic()
        for work in run:
            answer(work, work.refusal)
        acknowledged = monotonic()
        events: list[Event] = []
        try:
            events = [event for work in run if not work.refusal for event in work.happened()]
            self._publish(events)
        except Exception:  # it is stored: sockets learn of it from the database
            log.exception("changes could not be published")
            self._doubt({work.conversation for work in run})
        is_sends = type(run[0]) is SendWork
        metrics.committed(
            changes=len(run),
            messages=sum([type(event) is Change for event in events]) if is_sends else 0,
            arrived=run[0].deadline - self._timeout,
            begun=begun,
            ended=ended,
            acknowledged=acknowledged,
            delivered=monotonic(),
        )
        if not is_sends:
            for work in run:
                if not work.refusal:
                    work.follow_up()

    def _keep_repeatable(self, run: list[Any], error: Exception) -> list[Any]:
        """Answer those whose second try could store them twice; return the others."""
        unknown = error if isinstance(error, OutcomeUnknown) else outcome_unknown(error)
        log.warning("the answer to a commit of %d changes was lost", len(run))
        self._doubt({work.conversation for work in run})
        kept = []
        for work in run:
            if work.is_repeatable:
                work.in_doubt = unknown
                kept.append(work)
            else:
                answer(work, unknown)
        return kept

    def _drop_late(self, run: list[Any]) -> list[Any]:
        """Answer those that have waited too long; return the others."""
        now = monotonic()
        in_time = [work for work in run if work.deadline > now]
        if len(in_time) < len(run):
            late = Unavailable("It waited too long and was not stored.", retry_after=RETRY_SECONDS)
            for work in run:
                if work.deadline <= now:
                    answer(work, work.in_doubt or late)
        return in_time

    def _drop_late_of_queue(self) -> None:
        if self._queue and self._queue[0].deadline <= monotonic():
            self._queue = deque(self._drop_late(list(self._queue)))

    async def _store_sends(self, run: list[SendWork]) -> None:
        if not await self._database.store_sends([work.send for work in run]):
            run.sort(key=lambda work: work.send.seq)  # others are told of it in this order

    async def _apply_changes(self, run: list[ChangeWork[Any]]) -> None:
        locked = sorted({work.conversation_id for work in run} - {NEW})
        async with self._database.transaction() as transaction:
            await transaction.lock_conversations(locked)
            for work in run:
                work.error = None
                try:
                    work.outcome = await work.apply(transaction)
                except Unavailable:
                    raise
                except PayamError as error:
                    work.error = error
            # Conversations that begin are stamped where they are made.
            changed = {work.conversation_id for work in run if work.error is None} - {NEW}
            if changed:
                await transaction.touch(sorted(changed))
