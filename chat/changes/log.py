"""Writes changes into the log, in the transaction that makes them."""

from collections.abc import Iterable
from typing import NamedTuple

from chat.changes.family import name_of
from chat.events import Change
from chat.store import changes as store
from chat.store.changes import Entry
from chat.store.database import Transaction


class Written(NamedTuple):
    """A change of a subject, such as a message, by its id.

    `replaces` is the `seq` of the subject's earlier entry of the same family, or 0 if there is
    none. A reader needs only the later one, so the earlier one is deleted. `kind` is what the log
    calls it, where that is not the `type` of its frame.
    """

    change: Change
    subject_id: int
    replaces: int = 0
    kind: str = ""


async def forget(transaction: Transaction, conversation_id: int, seqs: Iterable[int]) -> None:
    """Delete the entries of subjects that are gone, under the conversation's lock."""
    await store.forget(transaction, conversation_id, seqs)


async def write(transaction: Transaction, actor_id: int | None, *written: Written) -> None:
    """Write changes of one conversation, under its lock, in the order of `seq`.

    Everything that takes a `seq` is written here, except a new message.
    """
    conversation_id = written[0].change.conversation_id
    await store.forget(transaction, conversation_id, (one.replaces for one in written))
    entries = [
        Entry(
            conversation_id,
            one.change.seq,
            one.kind or name_of(one.change.frame),
            one.subject_id,
        )
        for one in written
    ]
    await store.append(transaction, entries, actor_id)
