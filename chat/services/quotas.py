"""How many files a message, a user and a conversation may have, and how many bytes."""

from typing import NamedTuple

from msgspec import Struct

from chat.errors import Conflict
from chat.store import attachments as store
from chat.store.database import Reads

UPLOADS_MAX = 100
"""Most uploads of one user that are not attached."""


class Quota(NamedTuple):
    """The most files, and their most bytes together."""

    files: int
    size: int

    def lacks(self, there: store.Total, size: int) -> bool:
        """Whether one more file, of so many bytes, is too much."""
        return there.files >= self.files or there.size + size > self.size

    def __str__(self) -> str:
        return f"{self.files} files, and files of {self.size} bytes together"


class Quotas(Struct, frozen=True):
    per_message: Quota
    per_user: Quota
    per_conversation: Quota

    async def require_room(
        self, reads: Reads, user_id: int, conversation_id: int, message_id: int, size: int
    ) -> None:
        """Raises Conflict if one more file of so many bytes is too much for one of the three."""
        of_message = await store.total_of_message(reads, conversation_id, message_id)
        if self.per_message.lacks(of_message, size):
            raise message_full(self.per_message)
        await self.require_room_of_user(reads, user_id, size)
        if self.per_conversation.lacks(await store.total(reads, conversation_id), size):
            raise conversation_full(self.per_conversation)

    async def require_room_of_user(self, reads: Reads, user_id: int, size: int) -> None:
        """The same for the user alone."""
        if self.per_user.lacks(await store.total_of_sender(reads, user_id), size):
            raise user_full(self.per_user)


def too_many() -> Conflict:
    return Conflict(
        f"At most {UPLOADS_MAX} uploads of one user. Attach or delete one first.",
        code="too_many_uploads",
    )


def message_full(quota: Quota) -> Conflict:
    return Conflict(f"file: a message may have {quota}.", code="too_many_attachments")


def user_full(quota: Quota) -> Conflict:
    return Conflict(
        f"file: a user may have {quota}. Delete messages with files first.", code="user_files_full"
    )


def conversation_full(quota: Quota) -> Conflict:
    return Conflict(
        f"file: a conversation may have {quota}. Delete messages with files first.",
        code="conversation_files_full",
    )
