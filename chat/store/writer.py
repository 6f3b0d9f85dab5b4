"""Group commit: one transaction for all changes that arrive during the previous transaction.

The writer never waits for a timer:

1. It is idle, and a message arrives. It begins a transaction at once.
2. Thirty more messages arrive while this transaction is under way. They wait in the queue.
3. The transaction commits. The first message is acknowledged, and then published.
4. The writer takes all thirty, and stores them in the next transaction.

So batches form only under load, and each message pays a share of one commit. New messages that
follow each other are one batch (`sends`). Other changes that follow each other share a
transaction.

The queue has a limit, `capacity`. Beyond it a change is refused with Unavailable. While the
database is away, changes wait and are tried again until `timeout`. Then they are answered with
Unavailable, and are not stored.

The answer to a commit can be lost, or not come in time, and then nobody knows whether it was
carried out. A message with a `client_id`, or another change with an idempotency key, is tried
again, which finds out. Anything else is answered with OutcomeUnknown. What had not yet come to its
commit is not stored.

Nothing is acknowledged before its commit. After it first the callers are answered. Then `publish`
gets the events, those of each conversation in the order of `seq`.
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
from chat.store import mentions, replies
from chat.store.database import Database, outcome_unknown, was_given_up
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
"""Stands for the id of a conversation that is about to begin, so that there is nothing to lock."""
RETRY_SECONDS = 0.25
Commit = Callable[[list[Any]], Awaitable[None]]


class Writer:
    """The only way by which this process changes conversations."""

    def __init__(
        self,
        database: Database,
        publish: Callable[[Sequence[Event]], None],
        *,
        doubt: Callable[[Collection[int]], None],
        capacity: int,
        timeout: float,
    ) -> None:
        """`doubt` is called with conversations that may have changed in a way that is not known."""
        self._database = database
        self._publish = publish
        self._doubt = doubt
        self._capacity = capacity
        self._timeout = timeout
        self._queue: deque[Work] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._begun: float | None = None
        self._may_be_stored = False
        """Whether the present try has come so far that it may have committed."""
        self.stored = 0
        """How many changes this process has stored: by it one sees how busy it is."""

    @property
    def backlog(self) -> int:
        """How many changes wait for the end of the present commit."""
        return len(self._queue)

    @property
    def committing_for(self) -> float:
        """Seconds since the present commit began, with all of its tries; 0 if there is none."""
        return 0.0 if self._begun is None else monotonic() - self._begun

    def send(self, send: Send, done: Done) -> None:
        """Store a message. `done` is called after the commit; `send` then has its id and seq."""
        self._put(SendWork(send, done, monotonic() + self._timeout))

    def submit(self, conversation_id: int, apply: Apply[Result], done: DoneWith[Result]) -> None:
        """Make another change. `done` is called after the commit, with the result or an error."""

        def settled(error: Exception | None) -> None:
            done(work.outcome.result if error is None and work.outcome else None, error)

        work = ChangeWork(conversation_id, apply, settled, monotonic() + self._timeout)
        self._put(work)

    async def change(
        self, conversation_id: int, apply: Apply[Result], *, is_repeatable: bool = False
    ) -> Result:
        """Make another change and wait for its commit. Returns the result of `apply`.

        `is_repeatable` says that a second `apply` finds what the first one stored.
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
        if not self._queue:
            self._wake.set()
        self._queue.append(work)

    async def run(self) -> None:
        """Commit until `close` is called. If this ends before, the process has failed."""
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
                if len(batch) > len({work.conversation for work in batch}):
                    # The loop turns once. What its acks have brought in by now comes into the next
                    # batch, and each socket gets one write for all of that. Where no conversation
                    # had two messages there is nothing to share, and the database would be idle.
                    await asyncio.sleep(0)
            self._begun = None
            if self._closing:
                return
            self._wake.clear()
            await self._wake.wait()

    def close(self) -> None:
        """Take no more changes. `run` ends when everything in the queue is answered."""
        self._closing = True
        self._wake.set()

    async def _commit(self, commit: Commit, run: list[Any]) -> None:
        """Try until everything in `run` is stored or too late, and so is answered."""
        while run := self._drop_late(run):
            begun = monotonic()
            self._may_be_stored = False
            try:
                async with asyncio.timeout(self._timeout):
                    await commit(run)
            except (Unavailable, TimeoutError) as error:
                if unknown := self._in_doubt(error):
                    run = self._keep_repeatable(run, unknown)
                else:
                    waiting = len(run) + len(self._queue)
                    log.warning("the database is away; %d changes wait", waiting)
            except Exception:  # one bad row must not make the others fail
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
        self.stored += len(run)
        for work in run:
            answer(work, work.refusal)
        acknowledged = monotonic()
        events: list[Event] = []
        try:
            events = [event for work in run if not work.refusal for event in work.happened()]
            self._publish(events)
        except Exception:  # it is stored, and sockets will get it from the database
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

    def _in_doubt(self, error: Unavailable | TimeoutError) -> OutcomeUnknown | None:
        """The error for the callers, where what they sent may be stored; None where it is not."""
        if isinstance(error, Unavailable):
            return error if isinstance(error, OutcomeUnknown) else None
        is_known = not self._may_be_stored or was_given_up(error)
        return None if is_known else outcome_unknown(error)

    def _keep_repeatable(self, run: list[Any], unknown: OutcomeUnknown) -> list[Any]:
        """Answer those that a second try could store twice. Return the others."""
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
        """Answer those that have waited too long. Return the others."""
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
        sends = [work.send for work in run]
        if any([send.extras is not None for send in sends]):  # noqa: C419 - a list is faster
            sends = await self._complete(sends)
        self._may_be_stored = True
        if sends and not await self._database.store_sends(sends):
            run.sort(key=lambda work: work.send.seq)  # they are published in this order

    async def _complete(self, sends: list[Send]) -> list[Send]:
        """Find what the messages mention and reply to. Returns those that may be stored."""
        for send in sends:
            send.begin()
        await mentions.find_of_sends(self._database, sends)
        await replies.find_of_sends(self._database, sends)
        return [send for send in sends if send.error is None]

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
            self._may_be_stored = True
