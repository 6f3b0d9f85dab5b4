"""Direct conversations: two people have exactly one, whichever of them begins it, and when.

Somebody who left it is added again when either of the two begins it again, as in other
messengers. Otherwise its messages would reach nobody. Nobody else is ever added.
"""

from collections.abc import Sequence

from msgspec import UNSET, Raw, UnsetType

from chat import records
from chat.auth.identity import Identity
from chat.errors import InvalidInput
from chat.events import Joined
from chat.services.blocks import require_welcome
from chat.services.comings import joining
from chat.services.conversations import Conversations
from chat.services.once import Made, once
from chat.store import conversations, participants
from chat.store import direct_conversations as store
from chat.store.database import Database, Transaction
from chat.store.direct_conversations import Pair
from chat.store.idempotency_keys import IdempotencyKey
from chat.store.work import Outcome
from chat.store.writer import NEW, Writer


class DirectConversations:
    def __init__(self, database: Database, writer: Writer, conversations_of: Conversations) -> None:
        self._database = database
        self._writer = writer
        self._conversations = conversations_of

    async def begin(
        self,
        who: Identity,
        user_ids: Sequence[int],
        title: str,
        key: str | None,
        metadata: Raw | UnsetType = UNSET,
    ) -> tuple[records.Conversation, bool]:
        """Find or begin the conversation of the two. Returns it, and whether it is new.

        `user_ids` names the other person. It may name the caller as well, or only the caller.
        """
        others = set(user_ids) - {who.user_id}
        if not user_ids or len(others) > 1:
            raise InvalidInput({"participants": ["A direct one names one other participant."]})
        if title:
            raise InvalidInput({"title": ["A direct conversation begins without a title."]})
        if metadata is not UNSET:
            raise InvalidInput({"metadata": ["A direct conversation begins without it."]})
        pair = Pair.of(who.user_id, others.pop() if others else who.user_id)
        users = await self._conversations.require_users(who, "participants", set(pair))
        await require_welcome(self._database, who, pair)
        made = await self._find_or_make(who, pair, key)
        if not made.is_new:
            await self._bring_back(who, made.id, list(users.values()))
        return await self._conversations.get(who, made.id), made.is_new

    async def _find_or_make(self, who: Identity, pair: Pair, key: str | None) -> Made:
        known = await store.find(self._database, pair)
        if known is not None and key is None:
            return Made(known, is_new=False)
        earlier = None
        if known is None and pair.low != pair.high:
            earlier = await store.candidate(self._database, pair)
        is_new = False

        async def make(transaction: Transaction) -> Outcome[int]:
            nonlocal is_new
            is_new = False  # an earlier try may have been rolled back
            found = await store.claim(transaction, pair)
            if found is not None:
                return Outcome(found)
            if earlier is not None and await store.is_candidate(transaction, pair, earlier):
                conversation_id = earlier
            else:
                is_new = True
                conversation_id = await conversations.create(
                    transaction, self._database, who.user_id, set(pair), ""
                )
            await store.settle(transaction, pair, conversation_id)
            return Outcome(conversation_id, (Joined(conversation_id, tuple(pair)),))

        request = ("conversations", "direct", pair)
        apply = once(IdempotencyKey.of(who.user_id, key, *request), make)
        # A second try finds what the first one made: the two have one conversation.
        made = await self._writer.change(earlier or NEW, apply, is_repeatable=True)
        return Made(made.id, is_new=is_new)

    async def _bring_back(
        self, who: Identity, conversation_id: int, users: Sequence[records.User]
    ) -> None:
        ids = [user.id for user in users]
        if len(await participants.among(self._database, conversation_id, ids)) == len(ids):
            return

        async def apply(transaction: Transaction) -> Outcome[None]:
            there = await participants.among(transaction, conversation_id, ids)
            gone = [user for user in users if user.id not in there]
            return Outcome(None, await joining(transaction, who, conversation_id, gone))

        await self._writer.change(conversation_id, apply)
