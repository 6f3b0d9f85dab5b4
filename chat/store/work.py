"""A piece of the writer's work: a new message or another change, until it is answered."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from chat.errors import OutcomeUnknown, PayamError
from chat.events import Change, Event, MessageSent, Reached
from chat.records import given_metadata, role_of
from chat.store.database import Transaction
from chat.store.sends import Send
from chat.times import to_text

log = logging.getLogger("payam.writer")

Result = TypeVar("Result")


class Outcome(NamedTuple, Generic[Result]):
    """The outcome of a change: `result` is for the caller; `events` are published, and `after` is
    called, after the commit.
    """

    result: Result
    events: Sequence[Event] = ()
    after: Callable[[], None] | None = None


Apply = Callable[[Transaction], Awaitable[Outcome[Result]]]
"""Makes a change within a transaction that holds the conversation's lock.

It checks before it writes. So if it raises a PayamError, it has written nothing.
"""

Done = Callable[[Exception | None], None]
DoneWith = Callable[[Result | None, Exception | None], None]


class Work(ABC):
    """A change that waits for its commit. `done` is called once, with an error or None.

    `in_doubt` is the error of a try that may have stored it. `is_repeatable` says that storing
    it a second time finds what the first time stored.
    """

    __slots__ = ("deadline", "done", "in_doubt", "is_repeatable")

    def __init__(self, done: Done, deadline: float, *, is_repeatable: bool) -> None:
        self.done = done
        self.deadline = deadline
        self.is_repeatable = is_repeatable
        self.in_doubt: OutcomeUnknown | None = None

    @property
    @abstractmethod
    def conversation(self) -> int: ...

    @property
    @abstractmethod
    def refusal(self) -> Exception | None:
        """The error that the caller gets instead of a result. Nothing was stored then."""

    @abstractmethod
    def happened(self) -> Sequence[Event]:
        """The events to publish, once it is committed."""


class SendWork(Work):
    __slots__ = ("send",)

    def __init__(self, send: Send, done: Done, deadline: float) -> None:
        # This is `Work.__init__`, without its call for each message.
        self.done = done
        self.deadline = deadline
        self.is_repeatable = send.client_id is not None
        self.in_doubt = None
        self.send = send

    @property
    def conversation(self) -> int:
        return self.send.conversation_id

    @property
    def refusal(self) -> Exception | None:
        return self.send.error

    def happened(self) -> Sequence[Event]:
        send = self.send
        if send.is_repeat:
            # The process that stored it may have died, or lost the answer, before publishing it.
            return (Reached(send.conversation_id, send.seq),)
        return (Change(send.conversation_id, frame_of(send), send.client_id),)


def frame_of(send: Send) -> MessageSent:
    """The frame of a message that is stored now."""
    plain = MessageSent(
        send.id,
        send.username,
        send.content,
        to_text(send.created_at),
        role=role_of(send.by_agent),
        sender_id=send.sender_id,
        seq=send.seq,
    )
    extras = send.extras
    if extras is None:
        return plain
    return replace(
        plain,
        mentions=extras.mentions or UNSET,
        reply_to=extras.parent or UNSET,
        metadata=given_metadata(extras.metadata),
    )


class ChangeWork(Work, Generic[Result]):
    __slots__ = ("apply", "conversation_id", "error", "outcome")

    def __init__(
        self,
        conversation_id: int,
        apply: Apply[Result],
        done: Done,
        deadline: float,
        *,
        is_repeatable: bool = False,
    ) -> None:
        super().__init__(done, deadline, is_repeatable=is_repeatable)
        self.conversation_id = conversation_id
        self.apply = apply
        self.outcome: Outcome[Result] | None = None
        self.error: PayamError | None = None

    @property
    def conversation(self) -> int:
        return self.conversation_id

    @property
    def refusal(self) -> Exception | None:
        return self.error

    def happened(self) -> Sequence[Event]:
        assert self.outcome is not None
        return self.outcome.events

    def follow_up(self) -> None:
        """Call `after` of the outcome, after the events were published."""
        if self.outcome is None or self.outcome.after is None:
            return
        try:
            self.outcome.after()
        except Exception:  # it is stored in any case
            log.exception("what follows a change failed")


def answer(work: Work, error: Exception | None) -> None:
    try:
        work.done(error)
    except Exception:  # this is one caller's problem, and the others wait for their answers
        log.exception("an answer could not be given")


def settle(future: "asyncio.Future[None]") -> Done:
    def done(error: Exception | None) -> None:
        if future.done():  # the caller was cancelled
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

    return done
