"""The newest messages of one conversation, merged from pages, events and acks.

It has no gap: all messages from its oldest to the newest are here. A page that was read before a
change, and arrives after it, does not undo the change. Of two states of a message the one with the
higher `seq` counts.
"""

from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from payam_client.account_events import OfConversation
from payam_client.errors import PayamError
from payam_client.events import (
    Ack,
    AttachmentAdded,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    ReactionAdded,
    ReactionRemoved,
)
from payam_client.records import Attachment, Message, Parent, Reactions, User

UNASKED = 200
"""Most messages that are kept of a conversation whose pages nobody has asked for."""
QUOTE = 500
"""Characters of a message that its replies show."""
GONE: dict[str, Any] = {
    "is_deleted": True,
    "content": "",
    "attachments": (),
    "mentions": (),
    "reactions": (),
    "metadata": {},
}
"""What a deleted message has."""


class StoredMessage(Struct, frozen=True, kw_only=True):
    """A message in its present state. `sender` is a username.

    `status` is `stored`. For one's own message that the server does not have yet, it is `sending`,
    or `failed` with an `error`; then there is no `id`. `is_read` says whether the caller has read
    it, or, if the caller sent it, whether everyone else has.
    """

    id: int | None
    sender: str
    content: str
    timestamp: datetime
    seq: int = 0
    client_id: str | None = None
    is_edited: bool = False
    is_deleted: bool = False
    is_read: bool = False
    role: str | None = None
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[User, ...] = ()
    reactions: tuple[Reactions, ...] = ()
    reply_to: Parent | None = None
    reply_count: int = 0
    metadata: dict[str, Any] = {}
    status: Literal["stored", "sending", "failed"] = "stored"
    error: PayamError | None = None


class MessageStore:
    def __init__(self, me: str = "") -> None:
        self.me = me
        """The name of the user."""
        self.is_asked = False
        """Whether somebody has asked for a page. From then on everything is kept."""
        self.has_page = False
        """Whether a page is here. After a reset there may be a message that was just sent alone."""
        self.has_older = True
        self.read_by_others = 0
        """Everyone else has read up to this message of one's own, according to a page."""
        self._by_id: dict[int, StoredMessage] = {}
        self._ids: list[int] = []
        self._early: dict[int, list[Attachment]] = {}
        self._held: list[OfConversation] | None = None
        self._turn = 0

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def oldest(self) -> int | None:
        return self._ids[0] if self._ids else None

    def all(self) -> list[StoredMessage]:
        """All messages, oldest first."""
        return [self._by_id[id_] for id_ in self._ids]

    def count_unread(self, me: str, last_read: int) -> int | None:
        """How many later messages of others are not deleted. None if this one is too far back."""
        if not self._ids or (self._ids[0] > last_read and self.has_older):
            return None
        return sum(
            id_ > last_read and one.sender != me and not one.is_deleted
            for id_, one in self._by_id.items()
        )

    def count_mentions(self, me: User, last_read: int) -> int:
        """How many of those messages mention this user, where `count_unread` is known."""
        return sum(
            id_ > last_read and one.sender != me.username and me in one.mentions
            for id_, one in self._by_id.items()
        )

    def clear(self) -> None:
        """Forget everything, because nothing of it is valid any more."""
        self._turn += 1
        self._by_id, self._ids, self._early, self._held = {}, [], {}, None
        self.has_older, self.read_by_others, self.has_page = True, 0, False

    # Pages.

    def expect_page(self) -> int:
        """Begin to read a page. What changes from now on may not be in it.

        Give the number that this returns to `add_page`.
        """
        self._held = []
        return self._turn

    def add_page(self, turn: int, page: Iterable[Message], me: str, *, is_last: bool) -> None:
        """Add a page. Do nothing if the store was cleared since the page was asked for."""
        self.is_asked = True
        if turn != self._turn:
            return
        for message in page:
            self._merge(
                StoredMessage(
                    id=message.id,
                    sender=message.sender.username,
                    content=message.content,
                    timestamp=message.timestamp,
                    seq=message.seq,
                    client_id=message.client_id,
                    is_edited=message.is_edited,
                    is_deleted=message.is_deleted,
                    role=message.role,
                    attachments=tuple(message.attachments),
                    mentions=tuple(message.mentions),
                    reactions=tuple(message.reactions),
                    reply_to=message.reply_to,
                    reply_count=message.reply_count,
                    metadata=message.metadata,
                )
            )
            if message.sender.username == me and message.is_read:
                self.read_by_others = max(self.read_by_others, message.id)
        self.has_older, self.has_page = not is_last, True
        held, self._held = self._held or [], None
        for event in held:
            self.take(event)

    def give_up_page(self) -> None:
        self._held = None

    # Events.

    def take(self, event: OfConversation) -> None:
        if isinstance(event, MessageSent):
            self._merge(
                StoredMessage(
                    id=event.id,
                    sender=event.sender,
                    content=event.content,
                    timestamp=event.timestamp,
                    seq=event.seq,
                    is_edited=event.is_edited,
                    is_deleted=event.is_deleted,
                    role=event.role,
                    mentions=tuple(event.mentions),
                    client_id=event.client_id,
                    reply_to=event.reply_to,
                    metadata=event.metadata,
                )
            )
            if event.reply_to is not None and not event.is_deleted:
                self._count(event.reply_to.id, event.seq, 1)
            self._trim()
            return
        if self._held is not None and isinstance(
            event,
            MessageEdited | MessageDeleted | AttachmentAdded | ReactionAdded | ReactionRemoved,
        ):
            self._held.append(event)
        if isinstance(event, MessageEdited):
            edit = event.message
            named = tuple(edit.mentions)
            self._change(edit.id, event.seq, content=edit.content, is_edited=True, mentions=named)
            self._requote(edit.id)
        elif isinstance(event, MessageDeleted):
            gone = self._by_id.get(event.message_id)
            # Of one that was gone already, as after a resume, it is counted no more.
            if gone is not None and gone.reply_to is not None and not gone.is_deleted:
                self._count(gone.reply_to.id, event.seq, -1)
            self._change(event.message_id, event.seq, **GONE)
            self._requote(event.message_id)
        elif isinstance(event, AttachmentAdded):
            self._attach(event.message_id, event.attachment)
        elif isinstance(event, ReactionAdded | ReactionRemoved):
            self._react(event)

    def acknowledged(self, ack: Ack, sender: str, content: str) -> None:
        """One's own message is stored. Its event may have come before this, or comes later."""
        if ack.id is None or ack.timestamp is None:
            return
        self._merge(
            StoredMessage(
                id=ack.id,
                sender=sender,
                content=content,
                timestamp=ack.timestamp,
                seq=ack.seq or 0,
                client_id=ack.client_id,
            )
        )
        self._trim()

    def _merge(self, new: StoredMessage) -> None:
        assert new.id is not None
        old = self._by_id.get(new.id)
        if old is None:
            insort(self._ids, new.id)
        else:
            newer = new if new.seq >= old.seq else old
            if old.is_deleted and not newer.is_deleted:
                newer = old
            files = {one.id: one for one in (*old.attachments, *new.attachments)}
            new = replace(
                newer,
                client_id=old.client_id or new.client_id,
                reply_to=old.reply_to or new.reply_to,
                metadata=old.metadata or new.metadata,
                role=old.role or new.role,
                attachments=tuple(files[id_] for id_ in sorted(files)),
            )
        if new.is_deleted:
            new = replace(new, **GONE)
        assert new.id is not None
        self._by_id[new.id] = new
        for attachment in self._early.pop(new.id, ()):
            self._attach(new.id, attachment)

    def _change(self, id_: int, seq: int, **changes: object) -> None:
        old = self._by_id.get(id_)
        if old is not None and seq > old.seq and not old.is_deleted:
            self._by_id[id_] = replace(old, seq=seq, **changes)

    def _count(self, id_: int, seq: int, step: int) -> None:
        """A reply came or went. What a page has counted is not counted again."""
        parent = self._by_id.get(id_)
        if parent is not None:
            self._change(id_, seq, reply_count=parent.reply_count + step)

    def _requote(self, id_: int) -> None:
        """Its replies show it as it is now."""
        new = self._by_id.get(id_)
        if new is None:
            return
        for one in list(self._by_id.values()):
            if one.reply_to is not None and one.reply_to.id == id_ and one.id is not None:
                quoted = replace(
                    one.reply_to, content=new.content[:QUOTE], is_deleted=new.is_deleted
                )
                self._by_id[one.id] = replace(one, reply_to=quoted)

    def _react(self, event: ReactionAdded | ReactionRemoved) -> None:
        old = self._by_id.get(event.message_id)
        if old is None:
            return
        is_added, is_mine = isinstance(event, ReactionAdded), event.user == self.me
        numbers = {one.emoji: one for one in old.reactions}
        before = numbers.get(event.emoji, Reactions(event.emoji, 0, me=False))
        count = event.count
        if count is None:
            count = before.count + (1 if is_added else -1)
        numbers[event.emoji] = Reactions(event.emoji, count, me=is_added if is_mine else before.me)
        present = tuple(one for one in numbers.values() if one.count > 0)
        self._change(event.message_id, event.seq, reactions=present)

    def _attach(self, id_: int, attachment: Attachment) -> None:
        old = self._by_id.get(id_)
        if old is None:
            if not self._ids or id_ > self._ids[-1]:  # its message comes later
                self._early.setdefault(id_, []).append(attachment)
        elif not old.is_deleted:
            files = {one.id: one for one in (*old.attachments, attachment)}
            merged = tuple(files[one] for one in sorted(files))
            self._by_id[id_] = replace(old, attachments=merged)

    def _trim(self) -> None:
        if not self.is_asked and len(self._ids) > UNASKED:
            del self._by_id[self._ids.pop(0)]
            self.has_older = True
