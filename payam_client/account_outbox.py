"""The frames of an account that are not answered yet, by conversation.

In each conversation one frame is under way at a time, so that the order is kept. Conversations do
not wait for each other.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection

from payam_client.account_events import Status
from payam_client.errors import ConversationClosed, PayamError
from payam_client.events import Ack, Refused
from payam_client.outbox import Outbox, new_id
from payam_client.sends import Kept, Send, Sending

Changed = Callable[[Sending, Status, Ack | None], None]


class AccountOutbox:
    """`changed` is called when one's own message gets another state."""

    def __init__(self, kept: Kept, changed: Changed) -> None:
        self._kept = kept
        self._changed = changed
        self._lanes: dict[int, Outbox] = {}
        self._sendings: dict[str, Sending] = {}
        self._is_loaded = False
        self._is_news = asyncio.Event()

    async def load(self) -> None:
        """Load what an earlier run has left. It is sent first."""
        if self._is_loaded:
            return
        kept = [send for send in await self._kept.load() if send.client_id not in self._sendings]
        called, self._sendings = self._sendings, {}
        for sending in [*map(Sending, kept), *called.values()]:
            self._sendings[sending.client_id] = sending
            if sending.send.error is None:
                self._give(sending)
            else:
                sending.answer.set_exception(_refusal(sending.send.error))
        self._is_loaded = True

    def waiting(self) -> int:
        """How many messages the server does not have yet. Failed ones do not count."""
        return sum(one.send.error is None for one in self._sendings.values())

    def of(self, conversation: int) -> list[Sending]:
        """The messages of this conversation that the server does not have yet, in order."""
        if not self._sendings:
            return []
        found = [one for one in self._sendings.values() if one.send.conversation == conversation]
        return sorted(found, key=lambda one: one.send.at)

    def send(
        self,
        conversation: int,
        text: str,
        client_id: str | None,
        reply_to: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Sending:
        known = self._sendings.get(client_id or "")
        if known is not None:
            return known
        moment = self._kept.moment()
        id_ = client_id or new_id()
        send = Send(id_, conversation, text, moment, None, reply_to, metadata)
        return self._begin(send)

    def retry(self, client_id: str) -> Sending:
        """Raises PayamError where there is none that failed."""
        send = self._failed(client_id)
        return self._begin(replace(send, at=self._kept.moment(), error=None))

    async def discard(self, client_id: str) -> None:
        """Raises PayamError where there is none that failed."""
        self._failed(client_id)
        self._changed(self._sendings.pop(client_id), "discarded", None)
        await self._kept.remove(client_id)

    def ask(self, conversation: int, frame: dict[str, Any]) -> asyncio.Future[Ack]:
        """Send a frame that is no new message. It waits here, but not in the storage."""
        return self._put(conversation, frame)

    def answered(self, answer: Ack | Refused) -> bool:
        """Take an answer. Returns whether it belongs to something that waits here."""
        lane = self._lanes.get(answer.conversation or 0)
        return lane is not None and lane.answered(answer)

    async def write_all(self, socket: ClientConnection, patience: float) -> None:
        """Send what waits, until the connection ends."""
        giving: dict[int, asyncio.Task[bool]] = {}
        try:
            while True:
                self._is_news.clear()
                for id_, lane in list(self._lanes.items()):
                    if id_ in giving and not giving[id_].done():
                        continue
                    if not lane.is_empty():
                        giving[id_] = asyncio.create_task(lane.give(socket, patience))
                        giving[id_].add_done_callback(lambda _: self._is_news.set())
                    else:
                        del self._lanes[id_]
                        giving.pop(id_, None)
                await self._is_news.wait()
        finally:
            for task in giving.values():
                task.cancel()
            await asyncio.gather(*giving.values(), return_exceptions=True)

    def forget_messages(self) -> None:
        """Refuse the frames that name a message, because its id may mean another message now."""
        for lane in self._lanes.values():
            lane.forget_messages()

    def lose(self, conversation: int, error: PayamError) -> None:
        """Refuse what waits for this conversation, because the user is not in it any more."""
        lane = self._lanes.pop(conversation, None)
        if lane is not None:
            lane.fail(error)

    def fail(self, error: Exception) -> None:
        """Fail everything, because nothing will be answered any more in this run."""
        for lane in self._lanes.values():
            lane.fail(error)
        for sending in self._sendings.values():
            if not sending.answer.done():
                sending.answer.set_exception(error)

    def _failed(self, client_id: str) -> Send:
        sending = self._sendings.get(client_id)
        if sending is None or sending.send.error is None:
            raise PayamError(
                f"client_id: no message that failed has {client_id!r}.", code="not_found"
            )
        return sending.send

    def _begin(self, send: Send) -> Sending:
        sending = Sending(send)
        sending.kept = self._kept.put(send)
        self._sendings[send.client_id] = sending
        self._changed(sending, "sending", None)
        if self._is_loaded:
            self._give(sending)
        return sending

    def _give(self, sending: Sending) -> None:
        send = sending.send
        answer = self._put(send.conversation, send.frame, sending.kept)
        answer.add_done_callback(lambda done: self._done(sending, done))

    def _put(
        self, conversation: int, frame: dict[str, Any], kept: asyncio.Future[None] | None = None
    ) -> asyncio.Future[Ack]:
        lane = self._lanes.setdefault(conversation, Outbox())
        self._is_news.set()
        return lane.put({**frame, "conversation": conversation}, kept)

    def _done(self, sending: Sending, done: asyncio.Future[Ack]) -> None:
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or _is_end(error):
            return  # it is in the storage, and the next run sends it
        if error is None:
            del self._sendings[sending.client_id]
            self._kept.remove(sending.client_id)
            self._changed(sending, "stored", done.result())
            if not sending.answer.done():
                sending.answer.set_result(done.result())
            return
        sending.send.error = error.code if isinstance(error, PayamError) else "error"
        self._kept.put(sending.send)
        self._changed(sending, "failed", None)
        if not sending.answer.done():
            sending.answer.set_exception(error)


def _is_end(error: BaseException | None) -> bool:
    """Whether the error only means that the account was closed."""
    return isinstance(error, ConversationClosed) or (
        error is not None and not isinstance(error, PayamError)
    )


def _refusal(code: str) -> PayamError:
    return PayamError("The server has refused it.", code=code)
