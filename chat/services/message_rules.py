"""Who may change a message: its sender, and a moderator may delete it."""

from collections.abc import Awaitable, Callable

from chat.auth.identity import Identity
from chat.errors import Forbidden, NotFound
from chat.services.membership import require_member
from chat.services.rights import admins_only, require_above
from chat.store import message_changes, users
from chat.store.database import Reads
from chat.store.message_changes import Stored

Require = Callable[[Reads, Identity, int, int], Awaitable[Stored]]
"""Returns a message that the caller may change, or raises."""


async def require_own(reads: Reads, who: Identity, conversation_id: int, message_id: int) -> Stored:
    """Read the caller's own message. Raises NotFound or Forbidden."""
    found = await message_changes.find(reads, conversation_id, message_id)
    if found is not None and found.sender_id == who.user_id and found.is_sender_here:
        return found  # which is the rule, and takes one statement
    await require_member(reads, who, conversation_id)
    if found is None:
        raise no_such_message()
    if found.sender_id != who.user_id:
        raise Forbidden("Only its sender changes a message.")
    return found


async def require_below(
    reads: Reads, who: Identity, conversation_id: int, message_id: int
) -> Stored:
    """The same for a moderator: one's own, or that of somebody whose role is below one's own. What
    an agent has sent is not for participants to delete.
    """
    await require_member(reads, who, conversation_id)
    found = await message_changes.find(reads, conversation_id, message_id)
    if found is None:
        raise no_such_message()
    if found.sender_id != who.user_id:
        await require_above(reads, who, conversation_id, found.sender_id)
        if found.by_agent and await users.staff_member(reads, who.user_id) is None:
            raise admins_only()
    return found


def no_such_message() -> NotFound:
    return NotFound("There is no such message in this conversation.")
