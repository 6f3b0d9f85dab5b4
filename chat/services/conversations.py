"""Conversations: which ones a user has, beginning one, who is in it, what was read."""

from collections.abc import Collection, Sequence

from chat import records
from chat.auth.identity import Identity
from chat.errors import Forbidden, InvalidInput, NotFound
from chat.events import (
    Change,
    ConversationUpdated,
    MessageRead,
    ParticipantJoined,
    ParticipantLeft,
)
from chat.services import checks
from chat.store import changes, messages, participants, users
from chat.store import conversations as store
from chat.store.database import Database, Transaction
from chat.store.sends import not_a_participant
from chat.store.work import Apply, DoneWith, Outcome
from chat.store.writer import Writer

PARTICIPANTS_MAX = 10_000
CHANGES_PAGE = 200


class Conversations:
    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def list(self, who: Identity) -> list[records.Conversation]:
        """Every conversation of the caller, most recently active first."""
        return await store.of_user(self._database, who.user_id)

    async def get(self, who: Identity, conversation_id: int) -> records.Conversation:
        conversation = await store.one(self._database, conversation_id, who.user_id)
        if conversation is None:
            raise not_a_participant()
        return conversation

    async def seqs(self, conversation_ids: Collection[int]) -> dict[int, int]:
        """The change number of each, as it is now."""
        return await store.seqs(self._database, conversation_ids)

    async def changes_since(
        self, conversation_id: int, seq: int
    ) -> tuple[Sequence[Change], int, bool]:
        """What changed, in order; up to which point; and whether that is all by now."""
        page = await changes.since(self._database, conversation_id, seq, limit=CHANGES_PAGE)
        return page.changes, page.seq, page.is_last

    async def seq_for(self, who: Identity, conversation_id: int) -> int:
        """The change number now, for a participant; raises NotFound for others."""
        seq = await participants.seq_for(self._database, conversation_id, who.user_id)
        if seq is None:
            raise not_a_participant()
        return seq

    async def create(
        self, who: Identity, user_ids: Sequence[int], title: str
    ) -> records.Conversation:
        """The caller is always in it; unknown ids are named in the error."""
        members = {who.user_id, *user_ids}
        if len(members) > PARTICIPANTS_MAX:
            raise InvalidInput({"participants": [f"At most {PARTICIPANTS_MAX} participants."]})
        checks.text("title", title, most=checks.TITLE_MAX_LENGTH, least=0)
        unknown = members - await users.existing(self._database, sorted(members))
        if unknown:
            named = ", ".join(str(id_) for id_ in sorted(unknown))
            raise InvalidInput({"participants": [f"No such users: {named}."]})
        async with self._database.transaction() as transaction:
            conversation_id = await store.create(
                transaction, self._database, who.user_id, sorted(members), title
            )
        return await self.get(who, conversation_id)

    async def rename(self, who: Identity, conversation_id: int, title: str) -> records.Conversation:
        """The title that it has already changes nothing."""
        checks.text("title", title, most=checks.TITLE_MAX_LENGTH, least=0)

        async def apply(transaction: Transaction) -> Outcome[None]:
            await require_participant(transaction, who, conversation_id)
            if await store.title(transaction, conversation_id) == title:
                return Outcome(None)
            seq = await store.advance(transaction, conversation_id)
            await store.rename(transaction, conversation_id, title, seq)
            return Outcome(None, (ConversationUpdated(conversation_id, seq, title),))

        await self._writer.change(conversation_id, apply)
        return await self.get(who, conversation_id)

    async def add(self, who: Identity, conversation_id: int, user_id: int) -> records.Conversation:
        """Any participant adds; adding who is there already changes nothing."""
        account = await users.by_id(self._database, user_id)

        async def apply(transaction: Transaction) -> Outcome[None]:
            await require_participant(transaction, who, conversation_id)
            if account is None:
                raise InvalidInput({"user_id": [f"No such user: {user_id}."]})
            if await participants.is_active(transaction, conversation_id, user_id):
                return Outcome(None)
            seq = await store.advance(transaction, conversation_id)
            await participants.join(transaction, conversation_id, user_id, seq)
            joined = records.User(user_id, account.username)
            return Outcome(None, (ParticipantJoined(conversation_id, seq, joined),))

        await self._writer.change(conversation_id, apply)
        return await self.get(who, conversation_id)

    async def remove(self, who: Identity, conversation_id: int, user_id: int) -> None:
        """Anyone leaves; who began the conversation, or staff, removes others."""
        account = await users.by_id(self._database, user_id)

        async def apply(transaction: Transaction) -> Outcome[None]:
            await require_participant(transaction, who, conversation_id)
            if (
                user_id != who.user_id
                and not who.is_staff
                and await store.creator(transaction, conversation_id) != who.user_id
            ):
                raise Forbidden("Only who began the conversation removes others from it.")
            if account is None or not await participants.is_active(
                transaction, conversation_id, user_id
            ):
                raise NotFound("There is no such participant.")
            seq = await store.advance(transaction, conversation_id)
            await participants.leave(transaction, conversation_id, user_id, seq)
            left = records.User(user_id, account.username)
            return Outcome(None, (ParticipantLeft(conversation_id, seq, left),))

        await self._writer.change(conversation_id, apply)

    async def mark_read(self, who: Identity, conversation_id: int, message_id: int) -> None:
        """Everything up to the message is read; what was read stays read."""
        apply = self._reading(who, conversation_id, message_id)
        await self._writer.change(conversation_id, apply)

    def submit_read(
        self, who: Identity, conversation_id: int, message_id: int, done: DoneWith[None]
    ) -> None:
        """The same from a socket, which waits for nothing."""
        apply = self._reading(who, conversation_id, message_id)
        self._writer.submit(conversation_id, apply, done)

    def _reading(self, who: Identity, conversation_id: int, message_id: int) -> Apply[None]:
        async def apply(transaction: Transaction) -> Outcome[None]:
            await require_participant(transaction, who, conversation_id)
            if await messages.find(transaction, conversation_id, message_id) is None:
                raise NotFound("There is no such message in this conversation.")
            moved = await participants.read_up_to(
                transaction, conversation_id, who.user_id, message_id
            )
            if not moved:
                return Outcome(None)
            return Outcome(
                None, (MessageRead(conversation_id, who.username, who.user_id, message_id),)
            )

        return apply


async def require_participant(
    transaction: Transaction, who: Identity, conversation_id: int
) -> None:
    if not await participants.is_active(transaction, conversation_id, who.user_id):
        raise not_a_participant()
