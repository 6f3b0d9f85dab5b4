"""Pins: messages that the participants of a conversation keep at hand."""

from collections.abc import Sequence

from chat import records
from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.pins import MessagePinned, MessageUnpinned
from chat.errors import Conflict
from chat.events import Change
from chat.services.blocks import require_unblocked
from chat.services.membership import require_member
from chat.services.message_rules import no_such_message
from chat.services.notes import refuse_note
from chat.services.rights import require_right
from chat.store import conversations, message_changes, messages
from chat.store import pins as store
from chat.store.database import Database, Transaction
from chat.store.work import Outcome
from chat.store.writer import Writer

PINS_MAX = 100
"""How many messages of a conversation may be pinned: the list of them has no pages."""


class Pins:
    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def of(self, who: Identity, conversation_id: int) -> list[records.Message]:
        """The pinned messages, the last pinned first."""
        await require_member(self._database, who, conversation_id)
        ids = await store.pinned(self._database, conversation_id)
        reader = messages.Reader(conversation_id, who.user_id)
        by_id = await messages.some(self._database, reader, ids)
        return [by_id[id_] for id_ in ids if id_ in by_id]

    async def put(
        self, who: Identity, conversation_id: int, message_id: int, *, is_pinned: bool
    ) -> None:
        """Pin a message or unpin it. A second time changes nothing.

        Raises NotFound, and Conflict for a deleted message or one too many.
        """
        await require_right(self._database, who, conversation_id, "pin")

        async def make(transaction: Transaction) -> Outcome[None]:
            await require_right(transaction, who, conversation_id, "pin")
            await require_unblocked(transaction, who, conversation_id)
            found = await message_changes.find(transaction, conversation_id, message_id)
            if found is None:
                await refuse_note(transaction, who, conversation_id, message_id)
                raise no_such_message()
            was_pinned, logged_seq = await store.state(transaction, conversation_id, message_id)
            if was_pinned == is_pinned:
                return Outcome(None)
            if is_pinned:
                if found.is_deleted:
                    raise Conflict("The message is deleted.", code="message_deleted")
                require_room(await store.pinned(transaction, conversation_id))
            seq = await conversations.advance(transaction, conversation_id)
            await store.put(
                transaction, conversation_id, message_id, seq, who.user_id, is_pinned=is_pinned
            )
            frame = MessagePinned if is_pinned else MessageUnpinned
            change = Change(conversation_id, frame(message_id, who.username, seq=seq))
            await log.write(transaction, who.user_id, log.Written(change, message_id, logged_seq))
            return Outcome(None, (change,))

        await self._writer.change(conversation_id, make, is_repeatable=True)


def require_room(pinned: Sequence[int]) -> None:
    if len(pinned) >= PINS_MAX:
        raise too_many()


def too_many() -> Conflict:
    return Conflict(
        f"At most {PINS_MAX} messages of a conversation are pinned.", code="too_many_pins"
    )
