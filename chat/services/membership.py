"""Proof that somebody may read and write a conversation.

Participants may, and so may agents: members of staff, where the conversation has, or had, a
ticket.

A check that is a separate step can be forgotten on a new path. So everything that delivers
the live changes of a conversation takes a Membership, and only `MembershipProofs` makes one.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from msgspec import structs

from chat.auth.identity import Identity
from chat.services.sharing import Shared
from chat.store import participants, points, positions
from chat.store.cursors import Cursor
from chat.store.database import Database, Reads
from chat.store.positions import Behind, Standing
from chat.store.sends import not_a_participant
from chat.store.touched import News


class Proof(Protocol):
    """Only the database makes one. What was read with it counts within `epoch`."""

    @property
    def user_id(self) -> int: ...

    @property
    def epoch(self) -> str: ...


class Memberships:
    """The database named all conversations that this user is in, or said that they are those that
    are known already.

    `count` is how many. `positions` has the `seq` of each, or of each that changed.
    `cursor` stands for all of it.
    """

    __slots__ = ("count", "cursor", "epoch", "positions", "user_id")

    count: int
    cursor: str
    epoch: str
    positions: dict[int, int]
    user_id: int

    def __init__(self) -> None:
        raise TypeError("only the functions below make one")


class Membership:
    """The database says that this user may be in this conversation, whose `seq` was this.

    `seq` counts within `epoch`. `is_agent` is false for participants.
    """

    __slots__ = ("conversation_id", "epoch", "is_agent", "seq", "user_id")

    conversation_id: int
    epoch: str
    is_agent: bool
    seq: int
    user_id: int

    def __init__(self) -> None:
        raise TypeError("only MembershipProofs makes one")


class MembershipProofs:
    """Proves memberships. Sockets that ask at the same time share one question."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._points: Shared[tuple[int, int], dict[tuple[int, int], points.Point]] = Shared(
            self._look
        )

    async def of(self, who: Identity, conversation_id: int) -> Membership:
        """Ask the database. Raises NotFound for somebody who is neither participant nor agent."""
        place = (conversation_id, who.user_id)
        point = (await self._points.ask(place)).get(place)
        if point is None:
            point = await points.point_of_agent(self._database, *place)
        if point is None:
            raise not_a_participant()
        found = Membership.__new__(Membership)
        found.conversation_id, found.user_id = place
        found.seq, found.epoch, found.is_agent = point.seq, point.epoch, point.is_agent
        return found

    async def _look(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], points.Point]:
        return await points.points_for(self._database, set(places))

    async def close(self) -> None:
        """Stop asking the database."""
        await self._points.close()


async def memberships_of(database: Database, who: Identity) -> Memberships:
    """Asks the database, each time."""
    return _memberships(who, await positions.of_user(database, who.user_id))


async def memberships_since(
    database: Database, who: Identity, cursor: str
) -> tuple[Memberships, Behind | None]:
    """The same, with what changed since the cursor, from one statement.

    None where the cursor cannot be compared. Raises InvalidInput, and EpochChanged where the
    database was put back since.
    """
    behind = await positions.behind(database, who.user_id, cursor)
    if behind is None:
        return await memberships_of(database, who), None
    return _memberships(who, behind), behind


async def memberships_again(
    database: Database, who: Identity, cursor: str, known: Collection[int], since: int, news: News
) -> tuple[Memberships, Behind] | None:
    """The same for a user whose conversations were `known` at the stamp `since`.

    The news of the database is from then on, and from the cursor on. None where it has something
    of this user, or does not suffice: then ask in the other way. Raises as `memberships_since`.
    """
    client = Cursor.read(cursor)
    is_of_now = (client.epoch, client.incarnation) == (news.cursor.epoch, news.cursor.incarnation)
    if not is_of_now or client.point > news.cursor.point:
        return None
    if news.users.get(who.user_id, -1) >= min(since, client.point):
        return None
    moved = {one for one, at in news.conversations.items() if at >= client.point}
    moved = moved.intersection(known) if moved else moved
    behind = Behind(str(news.cursor), news.cursor.epoch, [], [], [], [])
    if moved:
        found = await positions.behind(database, who.user_id, cursor, moved)
        if found is None or found.joined or found.left or len(found.positions) < len(moved):
            return None  # they are going on just now
        # The cursor is that of the news, because of the others nothing later is known.
        behind = structs.replace(behind, positions=found.positions, changed=found.changed)
    proof = _memberships(who, behind)
    proof.count = len(known)
    return proof, behind


def _memberships(who: Identity, standing: Standing | Behind) -> Memberships:
    found = Memberships.__new__(Memberships)
    found.user_id, found.epoch = who.user_id, standing.epoch
    found.cursor, found.positions = standing.cursor, dict(standing.positions)
    found.count = len(found.positions)
    return found


async def require_member(reads: Reads, who: Identity, conversation_id: int) -> None:
    """Raises NotFound for somebody who is neither participant nor agent."""
    if not await participants.may_enter(reads, conversation_id, who.user_id):
        raise not_a_participant()
