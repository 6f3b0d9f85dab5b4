"""Reactions: emoji with which people answer a message."""

from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.reactions import ReactionAdded, ReactionRemoved
from chat.errors import Conflict, InvalidInput
from chat.events import Change
from chat.services.blocks import require_unblocked
from chat.services.membership import require_member
from chat.services.message_rules import no_such_message
from chat.services.notes import refuse_note
from chat.store import conversations, message_changes
from chat.store import reactions as store
from chat.store.database import Database, Transaction
from chat.store.work import Apply, DoneWith, Outcome
from chat.store.writer import Writer
from chat.text.emoji import written_in_full

PER_MESSAGE = 50
"""Most different emoji of one message. Every list of messages shows all of them."""
PER_USER = 20
"""Most of them by one user."""


class Reactions:
    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def put(
        self, who: Identity, conversation_id: int, message_id: int, emoji: str, *, is_there: bool
    ) -> None:
        """React to a message, or take that back. A second time changes nothing.

        Raises InvalidInput for what is not one emoji, NotFound, and Conflict for a deleted message
        or one reaction too many.
        """
        apply = self._putting(who, conversation_id, message_id, emoji, is_there=is_there)
        await require_member(self._database, who, conversation_id)
        await self._writer.change(conversation_id, apply, is_repeatable=True)

    def submit(
        self,
        who: Identity,
        conversation_id: int,
        message_id: int,
        emoji: str,
        done: DoneWith[int],
        *,
        is_there: bool,
    ) -> None:
        """The same for a frame of a socket. It does not wait: `done` gets the change's `seq`, or
        that of the change that made it so earlier.
        """
        apply = self._putting(who, conversation_id, message_id, emoji, is_there=is_there)
        self._writer.submit(conversation_id, apply, done)

    def _putting(
        self, who: Identity, conversation_id: int, message_id: int, emoji: str, *, is_there: bool
    ) -> Apply[int]:
        full = require_emoji(emoji)
        subject = (conversation_id, message_id, who.user_id, full)

        async def apply(transaction: Transaction) -> Outcome[int]:
            await require_member(transaction, who, conversation_id)
            found = await message_changes.find(transaction, conversation_id, message_id)
            if found is None:
                await refuse_note(transaction, who, conversation_id, message_id)
                raise no_such_message()
            present = await store.state(transaction, *subject)
            if present.is_there == is_there:
                return Outcome(present.seq)
            if is_there:
                await require_unblocked(transaction, who, conversation_id)
                if found.is_deleted:
                    raise Conflict("The message is deleted.", code="message_deleted")
                require_room(*await store.numbers(transaction, *subject))
            seq = await conversations.advance(transaction, conversation_id)
            reaction_id, count = await store.put(transaction, *subject, seq, is_there=is_there)
            frame = ReactionAdded if is_there else ReactionRemoved
            change = Change(conversation_id, frame(message_id, full, who.username, count, seq=seq))
            written = log.Written(change, reaction_id, present.seq)
            await log.write(transaction, who.user_id, written)
            return Outcome(seq, (change,))

        return apply


def require_emoji(text: str) -> str:
    """The emoji as Unicode writes it in full. Raises InvalidInput for any other text."""
    full = written_in_full(text)
    if full is None:
        raise not_an_emoji()
    return full


def require_room(kinds: int, own: int) -> None:
    if kinds >= PER_MESSAGE:
        raise too_many()
    if own >= PER_USER:
        raise too_many_of_user()


def not_an_emoji() -> InvalidInput:
    return InvalidInput({"emoji": ["Exactly one emoji of Unicode."]})


def too_many() -> Conflict:
    return Conflict(
        f"At most {PER_MESSAGE} different emoji per message.", code="too_many_reactions"
    )


def too_many_of_user() -> Conflict:
    return Conflict(
        f"At most {PER_USER} reactions per user and message.", code="too_many_reactions"
    )
