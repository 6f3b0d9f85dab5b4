"""Reads what belongs to messages and is in other tables, with one statement per kind, however many
messages there are.

A kind of which the messages have nothing is not asked for.
"""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from chat import records
from chat.store import attachments, mentions, replies
from chat.store.database import Reads

Place = tuple[int, int]
"""A conversation and a message of it."""


class Belongings(Struct, frozen=True):
    """By the place of the message; `parents` by the place of the parent itself."""

    attachments: dict[Place, list[records.Attachment]]
    mentions: dict[Place, list[records.User]]
    parents: dict[Place, records.Parent]


async def read(
    reads: Reads,
    *,
    with_files: Sequence[Place],
    naming: Sequence[Place],
    parents: Sequence[Place],
) -> Belongings:
    """Read the attachments of some messages, the mentions of those that may name somebody, and
    the messages to which some reply.
    """
    attached: dict[Place, list[records.Attachment]] = defaultdict(list)
    if with_files:
        of_message = {message_id: conversation_id for conversation_id, message_id in with_files}
        for one in await attachments.of_places(reads, with_files):
            attached[of_message[one.message_id], one.message_id].append(one)
    return Belongings(
        attached,
        await mentions.of_places(reads, naming),
        await replies.parents(reads, parents),
    )
