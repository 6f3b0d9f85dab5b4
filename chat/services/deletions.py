"""Deletes messages with all that belongs to them: for their senders, moderators and erasures."""

from collections.abc import Mapping

from chat.changes import log
from chat.changes.messages import MessageDeleted
from chat.events import Change
from chat.store import attachments, conversations, mentions, message_changes, pins, reactions
from chat.store.database import Transaction
from chat.store.message_changes import Stored


async def deletion(
    transaction: Transaction,
    actor_id: int | None,
    conversation_id: int,
    found: Mapping[int, Stored],
) -> tuple[list[Change], list[str]]:
    """Delete messages of a conversation, by id, that are not deleted, with all that belongs to
    them.

    Returns the changes, and the files to delete after the commit.
    """
    ids = list(found)
    seqs = await conversations.advance_for(transaction, conversation_id, ids)
    await message_changes.delete(transaction, conversation_id, seqs)
    removed = dict[str, int]()
    if rich := [id_ for id_, one in found.items() if one.has_belongings]:
        removed = await attachments.remove_all(transaction, conversation_id, rich)
        pinned_as = await pins.remove_all(transaction, conversation_id, rich)
        await mentions.remove_all(transaction, conversation_id, rich)
        await reactions.remove_all(transaction, conversation_id, rich)
        await log.forget(transaction, conversation_id, [*removed.values(), *pinned_as])
    written = [
        log.Written(
            Change(conversation_id, MessageDeleted(id_, seq=seq)), id_, found[id_].logged_seq
        )
        for id_, seq in seqs.items()
    ]
    await log.write(transaction, actor_id, *written)
    return [one.change for one in written], list(removed)
