"""Messages: send, edit, delete and read them."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

from cachetools import LRUCache
from msgspec import UNSET, Raw, UnsetType
from msgspec.structs import replace

from chat import records
from chat.auth.identity import Identity
from chat.changes import log, reading
from chat.changes.messages import EditedMessage, MessageEdited
from chat.errors import Conflict
from chat.events import Change
from chat.services import checks
from chat.services.deletions import deletion
from chat.services.history import require_present
from chat.services.message_rules import Require, no_such_message, require_below, require_own
from chat.services.metadata import text_of
from chat.services.notes import Notes
from chat.store import conversations, mentions, message_changes, points
from chat.store import messages as store
from chat.store.database import Database, Transaction
from chat.store.files import Files
from chat.store.sends import Extras, Send, blocked
from chat.store.work import Apply, Done, DoneWith, Outcome
from chat.store.writer import Writer
from chat.text.mentions import named_in
from chat.times import now

STREAM_PAGE = 100
"""Most messages that are in memory at once while a whole list is streamed."""
STREAM_CHARACTERS = 64 * 1024
"""Most characters of such a page, estimated from the page before it."""

RICH_MOST = 10_000
"""Conversations of which it is remembered that their messages have belongings."""


class Messages:
    def __init__(
        self,
        database: Database,
        writer: Writer,
        files: Files,
        notes: Notes,
        *,
        most: int,
    ) -> None:
        """`files` are those of attachments; `most` is in characters. Staff see `notes` among the
        messages.
        """
        self._database = database
        self._writer = writer
        self._files = files
        self._notes = notes
        self._most = most
        self._rich: LRUCache[int, None] = LRUCache(RICH_MOST)

    def send(
        self,
        who: Identity,
        conversation_id: int,
        content: str,
        client_id: str | None,
        done: Done,
        reply_to: int | None = None,
        metadata: Raw | UnsetType = UNSET,
    ) -> Send:
        """Give a message to the writer. This is the hot path, without a task or a future.

        `done` is called after the commit. The returned Send then has its `id` and `seq`.
        Raises InvalidInput, or Unavailable when the queue is full.
        """
        send = self._draft(who, conversation_id, "message", content, client_id, reply_to, metadata)
        self._writer.send(send, done)
        return send

    async def create(
        self,
        who: Identity,
        conversation_id: int,
        content: str,
        client_id: str | None,
        reply_to: int | None = None,
        metadata: Raw | UnsetType = UNSET,
    ) -> tuple[records.Message, bool]:
        """Store a message. Returns it, and whether it is new: a retry with the same `client_id`
        gets the first one.
        """
        send = self._draft(who, conversation_id, "content", content, client_id, reply_to, metadata)
        await self._writer.store(send)
        if send.is_repeat:  # the first one may have been edited or read since
            return await self.get(who, conversation_id, send.id), False
        return store.fresh(send), True

    def _draft(
        self,
        who: Identity,
        conversation_id: int,
        field: str,
        content: str,
        client_id: str | None,
        reply_to: int | None,
        metadata: Raw | UnsetType,
    ) -> Send:
        checks.text(field, content, most=self._most)
        checks.key("client_id", client_id)
        extras = None
        if "@" in content or reply_to is not None or metadata is not UNSET:
            extras = Extras(named_in(content), reply_to, text_of(metadata))
        return Send(conversation_id, who.user_id, who.username, content, client_id, now(), extras)

    async def edit(
        self, who: Identity, conversation_id: int, message_id: int, content: str
    ) -> records.Message:
        apply = self._editing(who, conversation_id, message_id, content)
        # This refuses most callers without a lock. `apply` asks again under the lock.
        await require_own(self._database, who, conversation_id, message_id)
        await self._writer.change(conversation_id, apply)
        return await self.get(who, conversation_id, message_id)

    def submit_edit(
        self,
        who: Identity,
        conversation_id: int,
        message_id: int,
        content: str,
        done: DoneWith[int],
    ) -> None:
        """The same for a frame of a socket. It does not wait: `done` gets the edit's `seq`."""
        apply = self._editing(who, conversation_id, message_id, content)
        self._writer.submit(conversation_id, apply, done)

    def _editing(
        self, who: Identity, conversation_id: int, message_id: int, content: str
    ) -> Apply[int]:
        checks.text("content", content, most=self._most)
        named = named_in(content)

        async def apply(transaction: Transaction) -> Outcome[int]:
            found = await require_own(transaction, who, conversation_id, message_id)
            if found.is_deleted:
                raise Conflict("The message is deleted.", code="message_deleted")
            if found.is_silenced:
                raise blocked()
            seq = await conversations.advance(transaction, conversation_id)
            await message_changes.edit(transaction, conversation_id, message_id, content, seq)
            users = await mentions.find(transaction, [(conversation_id, named)]) if named else [[]]
            if users[0] or found.has_belongings:
                await mentions.put(transaction, conversation_id, message_id, who.user_id, users[0])
            frame = MessageEdited(EditedMessage(message_id, content, users[0] or UNSET), seq=seq)
            change = Change(conversation_id, frame)
            written = log.Written(change, message_id, found.logged_seq)
            await log.write(transaction, who.user_id, written)
            return Outcome(seq, (change,))

        return apply

    async def delete(
        self, who: Identity, conversation_id: int, message_id: int, *, is_moderating: bool = False
    ) -> None:
        """Delete one's own message, or with `is_moderating` that of somebody below oneself. A
        second time changes nothing.
        """
        require = require_below if is_moderating else require_own
        await require(self._database, who, conversation_id, message_id)
        apply = self._deleting(who, conversation_id, message_id, require)
        await self._writer.change(conversation_id, apply)
        await self._files.settled()

    def submit_delete(
        self, who: Identity, conversation_id: int, message_id: int, done: DoneWith[int]
    ) -> None:
        """The same for a frame of a socket; `done` gets the deletion's `seq`."""
        apply = self._deleting(who, conversation_id, message_id)
        self._writer.submit(conversation_id, apply, done)

    def _deleting(
        self, who: Identity, conversation_id: int, message_id: int, require: Require | None = None
    ) -> Apply[int]:
        async def apply(transaction: Transaction) -> Outcome[int]:
            found = await (require or require_own)(transaction, who, conversation_id, message_id)
            if found.is_deleted:
                return Outcome(found.seq)
            (change,), files = await deletion(
                transaction, who.user_id, conversation_id, {message_id: found}
            )
            return Outcome(change.seq, (change,), after=partial(self._files.discard_later, files))

        return apply

    async def get(self, who: Identity, conversation_id: int, message_id: int) -> records.Message:
        message = await store.one(self._database, self._reader(who, conversation_id), message_id)
        if message is None:
            raise no_such_message()
        return message

    async def page(
        self,
        who: Identity,
        conversation_id: int,
        limit: int,
        *,
        before: int | None,
        after: int | None,
    ) -> list[records.Message]:
        """At most `limit`, oldest first: those after a message, before one, or the newest."""
        if after is not None:
            return await self._after(who, conversation_id, after, limit)
        found = await store.before(
            self._database, self._reader(who, conversation_id), before, limit
        )
        notes = await self._notes.page(who, conversation_id, limit, before=before)
        return woven(found, notes)[-limit:] if notes else found

    async def _after(
        self, who: Identity, conversation_id: int, message_id: int, limit: int
    ) -> list[records.Message]:
        found = await store.after(
            self._database, self._reader(who, conversation_id), message_id, limit
        )
        notes = await self._notes.page(who, conversation_id, limit, after=message_id)
        return woven(found, notes)[:limit] if notes else found

    async def replies(
        self, who: Identity, conversation_id: int, message_id: int, after: int, limit: int
    ) -> list[records.Message]:
        """At most `limit` replies to a message from behind message `after`, oldest first."""
        await self.get(who, conversation_id, message_id)  # raises NotFound
        me = self._reader(who, conversation_id)
        return await store.replies_to(self._database, me, message_id, after, limit)

    async def changed_since(
        self, who: Identity, conversation_id: int, seq: int, epoch: str | None, limit: int
    ) -> list[records.Message]:
        """At most `limit` messages that changed after `seq`, in the order of the changes.

        With an `epoch`, raises EpochChanged where `seq` does not count in the present history.
        """
        if epoch is not None:
            point = await points.point_for(self._database, conversation_id, who.user_id)
            if point is not None:  # otherwise NotFound is raised below
                require_present(seq, epoch, point)
        changed = await reading.changed_messages(
            self._database, who.user_id, conversation_id, seq, limit
        )
        by_id = await store.some(self._database, self._reader(who, conversation_id), list(changed))
        if missing := changed.keys() - by_id.keys():
            by_id |= await self._notes.some(who, conversation_id, missing)
        # Not the row's own `seq`: it may have changed since, and what lies before was not read.
        return [replace(by_id[id_], seq=point) for id_, point in changed.items() if id_ in by_id]

    async def stream(
        self, who: Identity, conversation_id: int
    ) -> AsyncIterator[list[records.Message]]:
        """Every message, oldest first, in pages. Raises NotFound before the first page."""
        # How long they are is not known yet. So the first page is small enough for long ones.
        limit = most_of(self._most)
        first = await self._after(who, conversation_id, 0, limit)

        async def pages() -> AsyncIterator[list[records.Message]]:
            page, asked = first, limit
            while page:
                last_id, count = page[-1].id, len(page)
                following = most_of(sum(len(message.content) for message in page) // count)
                yield page
                if count < asked:
                    return
                del page  # otherwise both pages would be in memory during the next reading
                asked = following
                page = await self._after(who, conversation_id, last_id, asked)

        return pages()

    def _reader(self, who: Identity, conversation_id: int) -> store.Reader:
        return store.Reader(conversation_id, who.user_id, self._rich)


def woven(
    found: Sequence[records.Message], notes: Sequence[records.Message]
) -> list[records.Message]:
    """Both together. In a conversation the ids are in the order of `seq`."""
    return sorted([*found, *notes], key=lambda message: message.id)


def most_of(length: int) -> int:
    """The number of messages in one page of a streamed list, if they have this length in
    characters.
    """
    return max(1, min(STREAM_PAGE, STREAM_CHARACTERS // (length or 1)))
