"""Who may do what with a ticket, and which changes are not possible."""

from chat import records
from chat.auth.identity import Identity
from chat.errors import Conflict, Forbidden, InvalidInput, NotFound
from chat.store import participants, users
from chat.store import support_tickets as store
from chat.store.database import Reads


async def may_see(reads: Reads, who: Identity, conversation_id: int) -> bool:
    """Whether the caller is a participant of the conversation, or staff."""
    return await participants.is_active(reads, conversation_id, who.user_id) or (
        await users.staff_member(reads, who.user_id) is not None
    )


async def require_staff(reads: Reads, who: Identity, verb: str) -> None:
    """Raises Forbidden. It asks the database, because the right may have been taken away since the
    token was checked.
    """
    if await users.staff_member(reads, who.user_id) is None:
        raise Forbidden(f"Only staff {verb} tickets.")


async def require_none_open(reads: Reads, conversation_id: int) -> None:
    if await store.open_in(reads, conversation_id) is not None:
        raise another_open()


async def assignee(reads: Reads, field: str, user_id: int | None) -> records.Profile | None:
    """The member of staff with this id, or InvalidInput; None stays None."""
    if user_id is None:
        return None
    if await users.staff_member(reads, user_id) is None:
        raise InvalidInput({field: [f"No such member of staff: {user_id}."]})
    (member,) = await users.profiles(reads, [user_id])
    return member


def another_open() -> Conflict:
    return Conflict("The conversation has a ticket that is not closed.")


def already_assigned(holder: records.User) -> Conflict:
    return Conflict(f"The ticket is assigned to {holder.username}.", code="already_assigned")


def for_customers() -> Forbidden:
    return Forbidden("Only the customer who opened the ticket rates how it was answered.")


def not_closed() -> Conflict:
    return Conflict("The ticket is not closed yet.")


def ticket_closed() -> Conflict:
    return Conflict("The ticket is closed; reopen it first.", code="ticket_closed")


def no_ticket() -> NotFound:
    return NotFound("The conversation has no ticket that is not closed.")


def no_such_ticket() -> NotFound:
    return NotFound("There is no such ticket for you.")


def one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidInput({field: [f"One of: {', '.join(allowed)}."]})
