"""What a participant may do in a conversation, by their role.

Members may add participants, change title and metadata, and pin, unless the conversation's
`members_may` leaves that out. Everything else here is for its owner and its admins. Staff may do
all of it, in the conversations that they may enter, except change roles.
"""

from chat.auth.identity import Identity
from chat.errors import Conflict, Forbidden
from chat.records import ADMIN, OWNER, RIGHTS
from chat.services.membership import require_member
from chat.store import roles, users
from chat.store.database import Reads

RANKS = {OWNER: 2, ADMIN: 1}
"""By role; members, and those who are no participants, have none."""


async def require_right(reads: Reads, who: Identity, conversation_id: int, right: str) -> None:
    """Raises NotFound or Forbidden where the caller may not do what `right` of RIGHTS names."""
    assert right in RIGHTS
    await require_member(reads, who, conversation_id)
    found = await roles.standing(reads, conversation_id, who.user_id)
    if not found.may(right) and await users.staff_member(reads, who.user_id) is None:
        raise admins_only()


async def require_admin(reads: Reads, who: Identity, conversation_id: int) -> None:
    """Raises NotFound or Forbidden for a caller who is neither owner nor admin nor staff, and
    Conflict where the conversation is direct.
    """
    await require_member(reads, who, conversation_id)
    found = await roles.standing(reads, conversation_id, who.user_id)
    if found.is_direct:
        raise no_roles()
    if found.role not in RANKS and await users.staff_member(reads, who.user_id) is None:
        raise admins_only()


async def require_above(reads: Reads, who: Identity, conversation_id: int, user_id: int) -> None:
    """Raises NotFound, and Forbidden where the caller is neither above this user nor staff."""
    await require_member(reads, who, conversation_id)
    mine = await roles.standing(reads, conversation_id, who.user_id)
    theirs = await roles.standing(reads, conversation_id, user_id)
    if RANKS.get(mine.role or "", 0) > RANKS.get(theirs.role or "", 0):
        return
    if await users.staff_member(reads, who.user_id) is None:
        raise admins_only()


def admins_only() -> Forbidden:
    return Forbidden("Only the owner and admins of the conversation may do this.")


def no_roles() -> Conflict:
    return Conflict(
        "A direct conversation has neither an owner nor links.", code="direct_conversation"
    )
