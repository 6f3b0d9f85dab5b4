"""All conversations of a user on one socket, kept up to date."""

from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection

from payam_client.account_events import (
    AccountEvent,
    AccountReset,
    CaughtUp,
    Cursor,
    Hello,
    Positions,
    SendingChanged,
    Status,
    decode,
)
from payam_client.account_outbox import AccountOutbox
from payam_client.calls import Calls
from payam_client.connection import Connection, log
from payam_client.errors import PayamError
from payam_client.events import Ack, AuthExpiring, Refused
from payam_client.incoming import Incoming
from payam_client.live_conversation import LiveConversation
from payam_client.positions import place_of
from payam_client.records import Presence, User
from payam_client.sends import Kept, Sending
from payam_client.storage import Storage


class Account(Connection):
    """`payam.account()` makes it. Use it as `async with`, or call `close`.

    `conversations` is the present list, and each conversation has its messages. What the user says
    waits in the storage until the server has it.

    Iterate over the account, once, to receive what happens: every change of every conversation
    once, in order within each conversation, over as many connections as needed. In a later run with
    the same storage, the iteration begins where this run stopped. It ends after `close`, and raises
    ConversationClosed if the server has closed the socket for good.
    """

    name = "the account"

    def __init__(self, calls: Calls, storage: Storage) -> None:
        self._calls = calls
        self._kept = Kept(storage, str(calls.subject))
        self._outbox = AccountOutbox(self._kept, self._sending_changed)
        self._incoming = Incoming(calls, self, self._outbox)
        self._inbox, self._list = self._incoming.inbox, self._incoming.list
        self._is_loaded = False
        self._saved: str | None = None
        super().__init__(calls)

    async def __aexit__(self, *error: object) -> None:
        # If the caller's code failed, the event at which it failed comes again in the next run.
        await self._close(is_done=error[0] is None)

    async def opened(self) -> None:
        """Wait until the account is live and the beginning of the list is here.

        Raises ConversationClosed if that will never happen.
        """
        await super().opened()
        await self._list.first_page.wait()
        if self._end is not None:
            raise self._end

    async def close(self) -> None:
        """Close it. Messages that are not sent yet stay in the storage."""
        await self._close(is_done=True)

    async def _close(self, *, is_done: bool) -> None:
        await super().close()
        await self._list.stop()
        if is_done and self._inbox.is_read:
            self._save()
        await self._kept.settle()

    # What is known.

    @property
    def me(self) -> User:
        """The user. Raises PayamError before the first connection."""
        if self._incoming.user is None:
            raise PayamError("The account has not been connected yet.", code="offline")
        return self._incoming.user

    @property
    def calls(self) -> Calls:
        """REST, as the same user."""
        return self._calls

    @property
    def conversations(self) -> list[LiveConversation]:
        """All conversations that are here, most recently active first."""
        return self._list.all()

    @property
    def is_complete(self) -> bool:
        """Whether the whole list is here. Until then only the most recently active ones are."""
        return self._list.is_complete

    @property
    def presence(self) -> Mapping[str, Presence]:
        """The presence of users by username, as far as it is known. `load_participants` asks."""
        return self._incoming.presence

    @property
    def unread(self) -> int:
        """Messages of others, in all conversations that are here, that the user has not read."""
        return sum(state.record.unread_count for state in self._list.states.values())

    @property
    def pending(self) -> int:
        """How many messages wait for the server. Failed ones do not count."""
        return self._outbox.waiting()

    async def conversation(self, id_: int) -> LiveConversation:
        """The conversation with this id. Raises PayamError if the user is not in it."""
        known = self._list.get(id_)
        if known is not None:
            return known
        record = await self._list.read(id_)
        if record is None:
            raise PayamError("No such conversation.", code="not_found", status=404)
        return self._list.put(record)

    # What happens.

    def __aiter__(self) -> "Account":
        return self

    async def __anext__(self) -> AccountEvent:
        if self._inbox.is_read and self._inbox.taken.cursor != self._saved:
            self._save()
        return await self._next(self._inbox.next)

    def _save(self) -> None:
        """Store how far the events were taken, because the caller has finished with them."""
        self._saved = self._inbox.taken.cursor
        self._kept.put_place(self._inbox.taken.text())

    def note_presence(self, username: str, presence: Presence) -> None:
        self._incoming.presence[username] = presence

    # What is said; LiveConversation has the methods for it.

    def send(
        self,
        conversation: int,
        text: str,
        client_id: str | None = None,
        reply_to: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Sending:
        """The same as `LiveConversation.send`. The conversation need not be here yet."""
        if self._end is not None:
            raise self._end
        return self._outbox.send(conversation, text, client_id, reply_to, metadata)

    def sendings(self, conversation: int) -> list[Sending]:
        """The messages that the server does not have yet, in order, with the failed ones."""
        return self._outbox.of(conversation)

    def retry(self, client_id: str) -> Sending:
        """Send a failed message again."""
        return self._outbox.retry(client_id)

    async def discard(self, client_id: str) -> None:
        """Drop a failed message."""
        await self._outbox.discard(client_id)

    async def ask(self, conversation: int, frame: dict[str, Any]) -> Ack:
        """Send this frame when its turn comes, and wait for the answer."""
        if self._end is not None:
            raise self._end
        return await self._outbox.ask(conversation, frame)

    async def write_now(self, conversation: int, frame: dict[str, Any]) -> None:
        """Send the frame now if the account is open, and otherwise drop it."""
        if self._socket is not None and self.state == "open":
            await self._write(self._socket, {**frame, "conversation": conversation})

    # The connection.

    async def _place(self) -> str:
        if not self._is_loaded:
            self._incoming.begin_at(place_of(await self._kept.place()))
            await self._outbox.load()
            self._is_loaded = True
        return self._incoming.path()

    def _begin(self, socket: ClientConnection) -> None:
        pass

    def _read(self, socket: ClientConnection, text: str | bytes) -> bool:
        frame = decode(text)
        if isinstance(frame, Ack | Refused):
            if not self._outbox.answered(frame) and isinstance(frame, Refused):
                log.warning("%s: %s: %s", self.name, frame.code, frame.detail)
        elif isinstance(frame, AuthExpiring):
            self._renew_soon(socket)
        elif isinstance(frame, Hello):
            return self._incoming.hello(frame)
        elif isinstance(frame, Cursor):
            self._incoming.mark(frame.cursor)
        elif isinstance(frame, Positions | CaughtUp):
            more = (
                self._incoming.caught_up(frame)
                if isinstance(frame, CaughtUp)
                else self._incoming.compare(frame)
            )
            if more is not None:
                self._soon(self._write(socket, more))
            return more is None
        elif frame is not None:
            self._incoming.take(frame)
        return isinstance(frame, AccountReset) and frame.conversation is None

    def _cut(self) -> None:
        self._incoming.cut()

    async def _write_all(self, socket: ClientConnection) -> None:
        await self._outbox.write_all(socket, self._session.patience)

    @property
    def _is_starved(self) -> bool:
        return self._inbox.is_starved

    def _ended(self, error: Exception) -> None:
        self._outbox.fail(error)
        self._inbox.end()
        self._list.first_page.set()

    def _sending_changed(self, sending: Sending, status: Status, ack: Ack | None) -> None:
        state = self._list.states.get(sending.send.conversation)
        if state is not None and ack is not None:
            state.messages.acknowledged(ack, self.me.username, sending.send.content)
        error = sending.send.error if status == "failed" else None
        self._inbox.take(
            SendingChanged(sending.send.conversation, sending.client_id, status, error)
        )
