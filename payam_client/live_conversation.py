"""One conversation of an account in its present state, which the account keeps up to date."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from msgspec.structs import replace

from payam_client.calls import Calls
from payam_client.conversation_state import ConversationState
from payam_client.errors import ConversationClosed, PayamError
from payam_client.events import Ack
from payam_client.message_store import StoredMessage
from payam_client.records import (
    Attachment,
    ConversationRecord,
    Participant,
    Presence,
    Profile,
    User,
)
from payam_client.sends import Sending


class Owner(Protocol):
    """The part of the account that its conversations need."""

    @property
    def me(self) -> User: ...

    @property
    def calls(self) -> Calls: ...

    def note_presence(self, username: str, presence: Presence) -> None: ...

    def send(
        self,
        conversation: int,
        text: str,
        client_id: str | None,
        reply_to: int | None,
        metadata: dict[str, Any] | None,
    ) -> Sending: ...

    def sendings(self, conversation: int) -> list[Sending]: ...

    def retry(self, client_id: str) -> Sending: ...

    async def discard(self, client_id: str) -> None: ...

    async def ask(self, conversation: int, frame: dict[str, Any]) -> Ack: ...

    async def write_now(self, conversation: int, frame: dict[str, Any]) -> None: ...


class LiveConversation:
    """One of the `conversations` of an account, which makes it."""

    def __init__(self, owner: Owner, state: ConversationState) -> None:
        self._owner = owner
        self._state = state
        self._loading = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<LiveConversation {self.id} seq={self.seq} unread={self.unread_count}>"

    @property
    def record(self) -> ConversationRecord:
        """The record that REST would answer now."""
        return self._state.record

    @property
    def id(self) -> int:
        return self.record.id

    @property
    def title(self) -> str:
        return self.record.title

    @property
    def participants(self) -> list[Profile]:
        return self.record.participants

    @property
    def seq(self) -> int:
        """The position of this object: it shows all changes up to this one."""
        return self.record.seq

    @property
    def unread_count(self) -> int:
        return self.record.unread_count

    @property
    def last_read_id(self) -> int:
        return self.record.last_read_id

    @property
    def is_removed(self) -> bool:
        """Whether the user is not in it any more."""
        return self._state.is_removed

    @property
    def read_by(self) -> Mapping[str, int]:
        """The message up to which each has read, by username, as far as it is known here."""
        return self._state.read_by

    @property
    def active_at(self) -> datetime:
        """The time of its last message, or of its beginning. The list is in this order."""
        last = self.record.last_message
        return self.record.created_at if last is None else last.timestamp

    @property
    def typing_users(self) -> list[str]:
        """Usernames of others who are typing now."""
        now = time.monotonic()
        return [user for user, until in self._state.types.items() if until > now]

    async def load_participants(self, *, limit: int = 50, after: int = 0) -> list[Participant]:
        """A page of them, as `Payam.participants`; `read_by` and the account's `presence` learn of
        it.
        """
        page = await self._owner.calls.participants(self.id, limit=limit, after=after)
        for one in page:
            if one.id != self._owner.me.id:
                self._state.read_up_to(one.username, one.last_read_id)
            if one.presence is not None:
                self._owner.note_presence(one.username, one.presence)
        return page

    # Messages.

    @property
    def messages(self) -> list[StoredMessage]:
        """Oldest first: the stored messages that are here, then those that are not stored yet.

        Without `load_older` these are the messages since the account was opened, at most 200.
        """
        waiting = self._owner.sendings(self.id)
        if not self._state.messages.all() and not waiting:
            return []
        read_by_all = self._state.read_by_all()
        me = self._owner.me.username
        shown = [
            replace(
                one,
                is_read=(one.id or 0) <= (read_by_all if one.sender == me else self.last_read_id),
            )
            for one in self._state.messages.all()
        ]
        return shown + [self._waiting(one) for one in waiting]

    @property
    def has_older(self) -> bool:
        return self._state.messages.has_older

    async def load_older(self, limit: int = 50) -> bool:
        """Read the page before what is here, or the newest page. Returns whether there is more."""
        async with self._loading:
            if self._state.messages.has_older:
                turn = self._state.messages.expect_page()
                try:
                    page = await self._owner.calls.messages(
                        self.id, limit=limit, before=self._state.messages.oldest
                    )
                except BaseException:
                    self._state.messages.give_up_page()
                    raise
                me = self._owner.me.username
                self._state.messages.add_page(turn, page, me, is_last=len(page) < limit)
            return self._state.messages.has_older

    def send(
        self,
        text: str,
        *,
        client_id: str | None = None,
        reply_to: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Sending:
        """Send a message. It is in `messages` at once, and goes to the server when possible.

        Messages of one conversation are stored in the order of the calls, each once. With a
        storage that lasts, this holds over restarts too.
        """
        return self._owner.send(self.id, text, client_id, reply_to, metadata)

    def retry(self, client_id: str) -> Sending:
        """Send a failed message again."""
        return self._owner.retry(client_id)

    async def discard(self, client_id: str) -> None:
        """Drop a failed message."""
        await self._owner.discard(client_id)

    async def edit(self, message_id: int, content: str) -> Ack:
        """Edit one's own message. Waits for the server, but not over a restart."""
        frame = {"type": "edit_message", "message_id": message_id, "content": content}
        return await self._owner.ask(self.id, frame)

    async def delete(self, message_id: int) -> Ack:
        """Delete one's own message. Waits, and raises, as `edit` does."""
        return await self._owner.ask(self.id, {"type": "delete_message", "message_id": message_id})

    async def mark_read(self, message_id: int) -> Ack:
        """Mark everything up to this message as read: here at once, and then on the server."""
        before = self.last_read_id
        self._state.mark_own(message_id)
        try:
            return await self._owner.ask(self.id, {"type": "mark_read", "message_id": message_id})
        except PayamError:
            self._state.unmark(before)
            raise

    async def typing(self, is_typing: bool) -> None:
        """Show the others that one types. It is dropped if there is no connection now."""
        await self._owner.write_now(self.id, {"type": "typing", "is_typing": is_typing})

    async def attach(
        self,
        message_id: int,
        file: Path | BinaryIO | bytes,
        *,
        name: str | None = None,
        key: str | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Attachment:
        """The same as `Payam.attach`. To stop the upload, cancel the task that waits for it."""
        return await self._owner.calls.attach(
            self.id, message_id, file, name=name, key=key, on_progress=on_progress
        )

    def _waiting(self, sending: Sending) -> StoredMessage:
        send = sending.send
        error = None
        if send.error is not None:
            error = PayamError("The server has refused it.", code=send.error)
            if sending.answer.done() and not sending.answer.cancelled():
                caught = sending.answer.exception()
                if isinstance(caught, PayamError) and not isinstance(caught, ConversationClosed):
                    error = caught
        return StoredMessage(
            id=None,
            sender=self._owner.me.username,
            content=send.content,
            timestamp=datetime.fromtimestamp(send.at, UTC),
            client_id=send.client_id,
            status="sending" if send.error is None else "failed",
            error=error,
        )
