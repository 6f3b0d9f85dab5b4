"""Avatars: the picture of a user, and that of a conversation.

What is kept is a small WebP picture that the media worker makes, upright and without the metadata
of the original, which goes. Each has a file of its own, so its address is another one too.
"""

from collections.abc import AsyncIterator

from chat import records
from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.conversations import updated
from chat.errors import NotFound, PayamError, Unavailable
from chat.events import Change
from chat.services.arriving import Arriving
from chat.services.blocks import require_unblocked
from chat.services.conversations import Conversations
from chat.services.membership import require_member
from chat.services.rights import require_right
from chat.services.user_news import UserNews
from chat.services.users import Users
from chat.store import avatars as store
from chat.store import conversations, guests
from chat.store.avatars import CONVERSATIONS, USERS, Avatar
from chat.store.database import Database, Transaction
from chat.store.files import Files
from chat.store.work import Outcome
from chat.store.writer import Writer

AVATAR_MAX_SIZE = 10 * 1024 * 1024
"""Bytes of the picture that a client sends."""


class Avatars:
    def __init__(
        self,
        database: Database,
        writer: Writer,
        files: Files,
        users: Users,
        conversations_of: Conversations,
        news: UserNews,
        arriving: Arriving,
    ) -> None:
        self._database = database
        self._writer = writer
        self._files = files
        self._users = users
        self._conversations = conversations_of
        self._news = news
        self._arriving = arriving

    async def of_user(self, who: Identity, user_id: int) -> Avatar:
        """Raises NotFound. A guest only knows staff, and only staff know guests."""
        if not await guests.visible(self._database, who.user_id, {user_id}):
            raise no_avatar()
        return found(await USERS.find(self._database, user_id))

    async def of_conversation(self, who: Identity, conversation_id: int) -> Avatar:
        """The picture of a conversation, for participants and agents. Raises NotFound."""
        await require_member(self._database, who, conversation_id)
        return found(await CONVERSATIONS.find(self._database, conversation_id))

    async def put_user(self, who: Identity, chunks: AsyncIterator[bytes] | None) -> records.Me:
        """Give the caller this picture, or none. Raises InvalidInput for what is no picture."""
        avatar = await self._received(who, chunks)
        try:
            async with self._database.transaction() as transaction:
                before = await USERS.put(transaction, who.user_id, avatar)
        except PayamError as error:
            await self._give_up(avatar, error)
            raise
        await self._discard(before)
        if before != avatar:
            await self._news.changed(who.user_id)
        return await self._users.me(who)

    async def require_changeable(self, who: Identity, conversation_id: int) -> None:
        """Raises the errors of `put_conversation`, before a byte of the picture is read."""
        await require_right(self._database, who, conversation_id, "rename")
        await require_unblocked(self._database, who, conversation_id)

    async def put_conversation(
        self, who: Identity, conversation_id: int, chunks: AsyncIterator[bytes] | None
    ) -> records.Conversation:
        """The same for a conversation, by a caller who may change its title. It takes a `seq`."""
        await self.require_changeable(who, conversation_id)
        avatar = await self._received(who, chunks)

        async def apply(transaction: Transaction) -> Outcome[Avatar | None]:
            await require_right(transaction, who, conversation_id, "rename")
            await require_unblocked(transaction, who, conversation_id)
            before = await CONVERSATIONS.put(transaction, conversation_id, avatar)
            if before == avatar:  # there is none, and there was none
                return Outcome(None)
            _, replaces = await conversations.title(transaction, conversation_id)
            seq = await conversations.advance(transaction, conversation_id)
            described = await conversations.described(transaction, [conversation_id])
            said = described[conversation_id]
            await conversations.describe(transaction, conversation_id, said, seq)
            change = Change(conversation_id, updated(conversation_id, said, seq))
            written = log.Written(change, conversation_id, replaces)
            await log.write(transaction, who.user_id, written)
            return Outcome(before, (change,))

        try:
            before = await self._writer.change(conversation_id, apply)
        except PayamError as error:
            await self._give_up(avatar, error)
            raise
        await self._discard(before)
        return await self._conversations.get(who, conversation_id)

    async def _received(self, who: Identity, chunks: AsyncIterator[bytes] | None) -> Avatar | None:
        if chunks is None:
            return None
        with self._arriving.counted(who.user_id, chunks) as counted:
            return Avatar(*await self._files.receive_picture(counted, AVATAR_MAX_SIZE))

    async def _give_up(self, avatar: Avatar | None, error: PayamError) -> None:
        """Delete the file of a change that was not stored. Where that is not known, it stays if it
        is in use.
        """
        if isinstance(error, Unavailable):
            try:
                if avatar is None or await store.is_kept(self._database, avatar.stored_name):
                    return
            except Unavailable:  # `doctor` finds it
                return
        await self._discard(avatar)

    async def _discard(self, avatar: Avatar | None) -> None:
        if avatar is not None:
            await self._files.discard([avatar.stored_name])


def found(avatar: Avatar | None) -> Avatar:
    if avatar is None:
        raise no_avatar()
    return avatar


def no_avatar() -> NotFound:
    return NotFound("There is no picture.")
