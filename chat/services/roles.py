"""Roles: the owner of a conversation makes admins of its members, and may hand it over.

A conversation that is not direct has exactly one owner while there is anybody in it. When the owner
leaves, is removed or is erased, the admin who has been in it longest becomes the owner, or else
the member.
"""

from chat import records
from chat.auth.identity import Identity
from chat.changes import log
from chat.changes.conversations import updated
from chat.errors import Conflict, Forbidden, InvalidInput, NotFound
from chat.events import Change
from chat.records import ADMIN, OWNER, ROLES, Member
from chat.services.membership import require_member
from chat.services.rights import no_roles
from chat.store import conversations, participants, users
from chat.store import roles as store
from chat.store.database import Database, Reads, Transaction
from chat.store.work import Outcome
from chat.store.writer import Writer


class Roles:
    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def change(
        self, who: Identity, conversation_id: int, user_id: int, role: str
    ) -> records.Participant:
        """Give a participant another role. The one that they have already changes nothing.

        To make another participant the owner makes the caller an admin. Raises Forbidden for
        anybody but the owner, NotFound where the user is no participant, and Conflict for an owner
        who would give up without naming another one, and in a direct conversation.
        """
        if role not in ROLES:
            raise InvalidInput({"role": [f"One of {', '.join(ROLES)}."]})
        await require_member(self._database, who, conversation_id)

        async def apply(transaction: Transaction) -> Outcome[None]:
            await require_owner(transaction, who, conversation_id)
            present = await store.standing(transaction, conversation_id, user_id)
            if present.role is None:
                raise NotFound("There is no such participant.")
            if present.role == role:
                return Outcome(None)
            if user_id == who.user_id:
                raise owner_needed()
            changes = list[Change]()
            if role == OWNER:
                me = records.User(who.user_id, who.username)
                changes.append(await give(transaction, me.id, conversation_id, me, ADMIN))
            (user,) = await users.by_ids(transaction, [user_id])
            changes.append(await give(transaction, who.user_id, conversation_id, user, role))
            return Outcome(None, changes)

        await self._writer.change(conversation_id, apply)
        found = await participants.page(self._database, conversation_id, user_id - 1, 1)
        if not found or found[0].id != user_id:  # who has left in the meantime
            raise NotFound("There is no such participant.")
        return found[0]


async def give(
    transaction: Transaction,
    actor_id: int | None,
    conversation_id: int,
    user: records.User,
    role: str,
) -> Change:
    """Give a participant this role, under the conversation's lock."""
    replaces = (await store.standing(transaction, conversation_id, user.id)).role_seq
    seq = await conversations.advance(transaction, conversation_id)
    await store.put(transaction, conversation_id, user.id, role, seq)
    said = (await conversations.described(transaction, [conversation_id]))[conversation_id]
    member = Member(user.id, user.username, role)
    change = Change(conversation_id, updated(conversation_id, said, seq, member))
    await log.write(transaction, actor_id, log.Written(change, user.id, replaces))
    return change


async def succession(
    transaction: Transaction, actor_id: int | None, conversation_id: int
) -> list[Change]:
    """Let somebody own the conversation where it has no owner any more, under its lock."""
    user = await store.successor(transaction, conversation_id)
    if user is None:
        return []
    return [await give(transaction, actor_id, conversation_id, user, OWNER)]


async def require_owner(reads: Reads, who: Identity, conversation_id: int) -> None:
    await require_member(reads, who, conversation_id)
    found = await store.standing(reads, conversation_id, who.user_id)
    if found.is_direct:
        raise no_roles()
    if found.role != OWNER:
        raise owner_only()


def owner_only() -> Forbidden:
    return Forbidden("Only the owner of the conversation changes roles.")


def owner_needed() -> Conflict:
    return Conflict(
        "The owner gives up only by making another participant the owner.", code="owner_needed"
    )
