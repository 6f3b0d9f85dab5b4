"""Marks of reading: how far each participant has read."""

from chat.auth.identity import Identity
from chat.errors import NotFound
from chat.events import Ephemeral, MessageRead
from chat.services.membership import require_member
from chat.store import message_changes, notes, read_marks
from chat.store.database import Database, Transaction
from chat.store.work import Apply, DoneWith, Outcome
from chat.store.writer import Writer


class ReadMarks:
    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def move(self, who: Identity, conversation_id: int, message_id: int) -> None:
        """Mark everything up to the message as read. A mark never moves back.

        Nothing is stored for an agent.
        """
        await require_member(self._database, who, conversation_id)
        apply = self._moving(who, conversation_id, message_id, None)
        await self._writer.change(conversation_id, apply)

    def submit_move(
        self,
        who: Identity,
        conversation_id: int,
        message_id: int,
        origin: object,
        done: DoneWith[None],
    ) -> None:
        """The same for a frame of the socket `origin`. It does not wait: `done` comes later."""
        apply = self._moving(who, conversation_id, message_id, origin)
        self._writer.submit(conversation_id, apply, done)

    def _moving(
        self, who: Identity, conversation_id: int, message_id: int, origin: object
    ) -> Apply[None]:
        async def apply(transaction: Transaction) -> Outcome[None]:
            await require_member(transaction, who, conversation_id)
            last_id: int | None = message_id
            if await message_changes.find(transaction, conversation_id, message_id) is None:
                # Others see how far one has read, so a note stands for the message before it.
                last_id = await notes.message_before(
                    transaction, who.user_id, conversation_id, message_id
                )
            if last_id is None:
                raise NotFound("There is no such message in this conversation.")
            moved = await read_marks.read_up_to(transaction, conversation_id, who.user_id, last_id)
            if not moved:
                return Outcome(None)
            frame = MessageRead(who.username, last_id)
            return Outcome(None, (Ephemeral(conversation_id, frame, who.user_id, origin),))

        return apply
