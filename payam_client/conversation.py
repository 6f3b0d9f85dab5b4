"""One conversation on a socket of its own.

While it is connected it has two tasks. One reads, and the other sends the outbox, one frame at a
time. Between connections the outbox waits, and the inbox knows where to resume.
"""

from typing import Any, Self
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection

from payam_client.connection import ConnectAgain, Connection, log
from payam_client.events import Ack, AnyEvent, AuthExpiring, Refused, Reset, Resumed, decode
from payam_client.inbox import Inbox, Point
from payam_client.outbox import Outbox, new_id
from payam_client.paths import of
from payam_client.records import ConversationRecord
from payam_client.sends import extras_of
from payam_client.session import Session


class Conversation(Connection):
    """`payam.open(id)` makes it. Use it as `async with`, or call `close`.

    Iterate over it, once, to receive every change after `since`, once and in order, over as many
    connections as needed. After a Reset it begins again, from the first change. The iteration ends
    after `close`, and raises ConversationClosed if the server has closed it for good.
    """

    def __init__(self, session: Session, id_: int, since: Point, replay: bool) -> None:
        self.id = id_
        self.name = f"conversation {id_}"
        self._inbox = Inbox(since, session.backlog, replay=replay)
        self._outbox = Outbox()
        super().__init__(session)

    @property
    def seq(self) -> int | None:
        """The position from which to resume in a later run. The iteration gave all up to it."""
        return self._inbox.taken.seq

    @property
    def epoch(self) -> str | None:
        """The epoch in which `seq` counts. Keep both, and give both to `payam.open`."""
        return self._inbox.taken.epoch

    @property
    def waiting(self) -> int:
        """How many of one's own changes wait for the server."""
        return len(self._outbox)

    # What happens.

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AnyEvent:
        return await self._next(self._inbox.next)

    # What is said.

    async def send(
        self,
        text: str,
        *,
        client_id: str | None = None,
        reply_to: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Ack:
        """Send a message. Returns once it is on the server's disk, however long that takes.

        Messages are stored in the order of the calls, each once. Two calls with the same
        `client_id` are one message. A caller that is cancelled does not know whether it was
        stored. Raises PayamError if the server refuses it, and ConversationClosed.
        """
        client_id = client_id or new_id()
        frame = {"type": "chat_message", "message": text, "client_id": client_id}
        return await self._ask({**frame, **extras_of(reply_to, metadata)})

    async def edit(self, message_id: int, content: str) -> Ack:
        """Edit one's own message. Waits, and raises, as `send` does."""
        frame = {"type": "edit_message", "message_id": message_id, "content": content}
        return await self._ask(frame)

    async def delete(self, message_id: int) -> Ack:
        """Delete one's own message. Waits, and raises, as `send` does."""
        return await self._ask({"type": "delete_message", "message_id": message_id})

    async def mark_read(self, message_id: int) -> Ack:
        """Mark everything up to this message as read. Waits, and raises, as `send` does."""
        return await self._ask({"type": "mark_read", "message_id": message_id})

    async def typing(self, is_typing: bool) -> None:
        """Show the others that one types. It is dropped if there is no connection now."""
        if self._socket is not None and self.state == "open":
            await self._write(self._socket, {"type": "typing", "is_typing": is_typing})

    async def _ask(self, frame: dict[str, Any]) -> Ack:
        if self._end is not None:
            raise self._end
        return await self._outbox.put(frame)

    # The connection.

    async def _place(self) -> str:
        if self._inbox.here.seq is None:
            record = await self._session._get(of(self.id), ConversationRecord)
            self._inbox.begin_at(Point(record.seq, record.epoch))
        seq, epoch = self._inbox.here
        where = {"since": seq} if epoch is None else {"since": seq, "epoch": epoch}
        return f"/ws/chat/{self.id}/?{urlencode(where)}"

    def _begin(self, socket: ClientConnection) -> None:
        self._inbox.connected()

    def _read(self, socket: ClientConnection, frame: str | bytes) -> bool:
        event = decode(frame)
        if isinstance(event, Ack):
            self._outbox.answered(event)
        elif isinstance(event, Refused):
            if not self._outbox.answered(event):
                log.warning("%s: %s: %s", self.name, event.code, event.detail)
        elif isinstance(event, AuthExpiring):
            self._renew_soon(socket)
        elif event is not None:
            if isinstance(event, Reset):
                self._outbox.forget_messages()
            self._inbox.take(event)
            if isinstance(event, Reset) and self._inbox.is_to_replay:
                raise ConnectAgain  # numbers begin again, so the next one resumes after 0
        return isinstance(event, Resumed | Reset)

    async def _write_all(self, socket: ClientConnection) -> None:
        while True:
            await self._outbox.filled()
            if not await self._outbox.give(socket, self._session.patience):
                return

    @property
    def _is_starved(self) -> bool:
        return self._inbox.is_starved

    def _ended(self, error: Exception) -> None:
        self._outbox.fail(error)
        self._inbox.end()
