"""Fills an empty database for load tests, in bulk and always the same way."""

from chat.auth.passwords import Passwords
from chat.errors import Conflict, InvalidInput
from chat.store import conversations as conversations_store
from chat.store import users as users_store
from chat.store.database import Database


async def seed(
    database: Database,
    passwords: Passwords,
    *,
    users: int,
    conversations: int,
    members: int,
    password: str | None,
) -> None:
    """Make users `user1`, `user2`, … with ids from 1, and these conversations:

    - conversation 1 with all users;
    - conversations 2 to `conversations` + 1 with `members` participants each. Conversation c
      has the users with the ids (c·members + k) mod `users` + 1, for k from 0.

    Raises Conflict where there are users or conversations already.
    """
    if not 1 <= members <= users:
        raise InvalidInput({"members": [f"A whole number from 1 to {users}, the users."]})
    if conversations < 0:
        raise InvalidInput({"conversations": ["Not a negative number."]})
    hashed = await passwords.hash(password) if password else None
    groups = [(1, list(range(1, users + 1)))]
    for conversation in range(2, conversations + 2):
        ids = [(conversation * members + k) % users + 1 for k in range(members)]
        groups.append((conversation, ids))
    async with database.transaction() as transaction:
        if await users_store.any_exist(transaction):
            raise Conflict("The database is not empty; seeding is for an empty one.")
        await users_store.seed(transaction, users, hashed)
        await conversations_store.seed(transaction, groups)
        for table in ("users", "conversations"):
            await database.after_numbering(transaction, table)
