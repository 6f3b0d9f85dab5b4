"""What an account knows of one conversation: its record, messages, marks of reading, who types.

It does no I/O: others give it the server's records, pages and events.
"""

import time
from collections.abc import Callable
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from payam_client.account_events import OfConversation
from payam_client.events import (
    Change,
    ConversationUpdated,
    MessageDeleted,
    MessageEdited,
    MessageRead,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    TicketUpdated,
    UserTyping,
    UserUpdated,
)
from payam_client.message_store import MessageStore
from payam_client.records import ConversationRecord, LastMessage, Profile, User

TYPING_SECONDS = 8.0
"""Somebody who has not typed for so many seconds counts as having stopped."""

EVERY_ID = 2**63 - 1


class ConversationState:
    """`refresh` is called if only the server knows more. A new record then comes to `renew`."""

    def __init__(
        self, record: ConversationRecord, me: User, refresh: Callable[[int], None]
    ) -> None:
        self.record = record
        self.is_removed = False
        self.read_by: dict[str, int] = {}
        self.types: dict[str, float] = {}
        """Until when each user counts as typing, by the monotonic clock."""
        self.messages = MessageStore(me.username)
        self._me = me
        self._refresh = refresh
        self._applies: dict[type, Callable[[Any], None]] = {
            MessageSent: self._sent,
            MessageEdited: self._edited,
            MessageDeleted: self._deleted,
            MessageRead: self._read,
            UserTyping: self._typing,
            UserUpdated: self._user_updated,
            ParticipantJoined: self._people,
            ParticipantLeft: self._people,
            ConversationUpdated: self._updated,
            TicketUpdated: self._ticket,
        }
        self._note_reader(record)

    def is_ahead_of(self, record: ConversationRecord) -> bool:
        """Whether changes have come that the record does not have."""
        return record.epoch == self.record.epoch and record.seq < self.record.seq

    def renew(self, record: ConversationRecord) -> None:
        """Take the server's record. What is known to be newer stays."""
        if self.is_ahead_of(record):
            return
        read = self.record.last_read_id
        self.record = record
        self._note_reader(record)
        if read > record.last_read_id:
            self._set(last_read_id=read)
            self._count_unread(is_renewed=True)

    def begin_anew(self, record: ConversationRecord) -> None:
        """Take a record that may be newer than what is known, with unknown changes between."""
        if record.seq > self.record.seq or record.epoch != self.record.epoch:
            self.forget()
        self.record = record
        self.is_removed = False
        self._note_reader(record)

    def forget(self) -> None:
        """Forget everything, because nothing of it is valid. A new record is on its way."""
        self.record = replace(self.record, epoch=None)
        self.messages.clear()
        self.read_by, self.types = {}, {}

    def take(self, event: OfConversation) -> None:
        """Take an event. Each comes once, in the order of `seq`.

        The record may have been read after the event happened and before it arrived here. Then the
        record has it already, and only the messages need it.
        """
        self.messages.take(event)
        if isinstance(event, Change) and event.seq > 0:
            if event.seq <= self.record.seq:
                return
            self.record = replace(self.record, seq=event.seq)
        if (apply := self._applies.get(type(event))) is not None:
            apply(event)

    def _sent(self, event: MessageSent) -> None:
        self.types.pop(event.sender, None)
        last, is_mine = self.record.last_message, event.sender == self._me.username
        if last is None or event.id > last.id:
            last = LastMessage(
                id=event.id,
                sender=self._user(event.sender),
                content=event.content,
                timestamp=event.timestamp,
                is_read=event.id <= (self.read_by_all() if is_mine else self.record.last_read_id),
                role=event.role,
            )
        is_unread = not is_mine and not event.is_deleted and event.id > self.record.last_read_id
        mentions_me = any(one.id == self._me.id for one in event.mentions)
        self.record = replace(
            self.record,
            last_message=last,
            unread_count=self.record.unread_count + is_unread,
            unread_mentions=self.record.unread_mentions + (is_unread and mentions_me),
        )

    def _edited(self, event: MessageEdited) -> None:
        self._last_is(event.message.id, event.message.content)
        if event.message.id > self.record.last_read_id and "@" in event.message.content:
            self._refresh(self.record.id)  # only the server knows what it mentioned before

    def _deleted(self, event: MessageDeleted) -> None:
        self._last_is(event.message_id, "")
        if event.message_id > self.record.last_read_id:
            self._count_unread()

    def _read(self, event: MessageRead) -> None:
        if event.user == self._me.username:
            self.mark_own(event.message_id)
        else:
            self.read_up_to(event.user, event.message_id)

    def _typing(self, event: UserTyping) -> None:
        self.types.pop(event.user, None)
        if event.is_typing:
            self.types[event.user] = time.monotonic() + TYPING_SECONDS

    def _updated(self, event: ConversationUpdated) -> None:
        if not event.is_own:
            self._set(
                title=event.title,
                metadata=event.metadata,
                members_may=event.members_may,
                avatar_url=event.avatar_url,
            )
            if event.participant is not None and event.participant.id == self._me.id:
                self._set(role=event.participant.role)
            return
        changed = {name: getattr(event, name) for name in ("muted_until", "archived", "pinned")}
        self._set(**{name: value for name, value in changed.items() if value is not UNSET})

    def _user_updated(self, event: UserUpdated) -> None:
        people = [
            event.user if one.id == event.user.id else one for one in self.record.participants
        ]
        self._set(participants=people)

    def _ticket(self, event: TicketUpdated) -> None:
        ticket = event.support_ticket
        self._set(support_ticket=None if ticket.status == "closed" else ticket)

    def _set(self, **changes: object) -> None:
        self.record = replace(self.record, **changes)

    def _user(self, username: str) -> User:
        """The user with this name, with the id 0 if the record does not name them."""
        people = self.record.participants
        return User(next((one.id for one in people if one.username == username), 0), username)

    def _last_is(self, message_id: int, content: str) -> None:
        last = self.record.last_message
        if last is not None and last.id == message_id:
            self.record = replace(self.record, last_message=replace(last, content=content))

    def _last_is_read(self) -> None:
        last = self.record.last_message
        if last is not None and not last.is_read and last.sender.username == self._me.username:
            is_read = last.id <= self.read_by_all()
            self.record = replace(self.record, last_message=replace(last, is_read=is_read))

    def mark_own(self, message_id: int) -> None:
        if message_id <= self.record.last_read_id:
            return
        last = self.record.last_message
        if last is not None and last.id <= message_id and last.sender != self._me:
            last = replace(last, is_read=True)
        self.record = replace(self.record, last_read_id=message_id, last_message=last)
        self._count_unread()

    def read_up_to(self, username: str, message_id: int) -> None:
        """Another participant has read everything up to this message."""
        self.read_by[username] = max(message_id, self.read_by.get(username, 0))
        self._last_is_read()

    def unmark(self, message_id: int) -> None:
        """The mark was refused, so it only counts up to this message."""
        self._set(last_read_id=message_id)
        self._refresh(self.record.id)

    def _count_unread(self, *, is_renewed: bool = False) -> None:
        last = self.record.last_message
        if last is None or last.id <= self.record.last_read_id:
            count: int | None = 0
        else:
            count = self.messages.count_unread(self._me.username, self.record.last_read_id)
        if count is not None:
            named = self.messages.count_mentions(self._me, self.record.last_read_id) if count else 0
            self._set(unread_count=count, unread_mentions=named)
        elif not is_renewed:
            self._refresh(self.record.id)

    def _people(self, event: ParticipantJoined | ParticipantLeft) -> None:
        """What came and went while this client was away comes as its last event alone: somebody who
        left may never have been here, and somebody who joined may have been here all the time.
        """
        known, count = self.record.participants, self.record.participant_count
        others = [one for one in known if one.id != event.participant.id]
        was_here = len(others) < len(known)
        if isinstance(event, ParticipantJoined):
            come = Profile(event.participant.id, event.participant.username)
            others = sorted([*others, come], key=lambda user: user.id)
            count += not was_here
            # Messages from before somebody joined count as read by them.
            last = self.record.last_message
            self.read_by[event.participant.username] = 0 if last is None else last.id
        else:
            count -= was_here or len(known) < count  # not all are known where there are very many
            self.read_by.pop(event.participant.username, None)
        self.record = replace(self.record, participants=others, participant_count=count)

    def read_by_all(self) -> int:
        """Every other participant has read up to this message of one's own."""
        others = [one.username for one in self.record.participants if one.id != self._me.id]
        known = self.messages.read_by_others
        if self.record.participant_count > len(self.record.participants):
            return known
        if not others:
            return EVERY_ID
        return max(known, min(self.read_by.get(one, 0) for one in others))

    def _note_reader(self, record: ConversationRecord) -> None:
        last = record.last_message
        if last is not None and last.is_read and last.sender.id == self._me.id:
            self.messages.read_by_others = max(last.id, self.messages.read_by_others)
