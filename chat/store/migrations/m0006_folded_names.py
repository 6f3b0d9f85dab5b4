"""Names are folded as people read them: علی and علي are one name.

Names that were different before may now be the same. No account is lost. The oldest keeps the
name as its key, and the others get a key with their id in it (see `chat/store/users.py`). Each
still signs in by its name as it is written. Each such name is logged, so that the operator can
ask its owner to choose another.
"""

import logging

from chat.store.database import Transaction
from chat.store.users import APART
from chat.text.names import key_of

log = logging.getLogger("payam.schema")

PAGE = 1000
"""Names in memory at a time."""

STATEMENTS = (
    "CREATE TABLE folded_names (user_id BIGINT PRIMARY KEY, name_key TEXT{binary} NOT NULL)",
    "CREATE TABLE placed_names"
    " (user_id BIGINT PRIMARY KEY, name_key TEXT{binary} NOT NULL, place BIGINT NOT NULL)",
)

PLACES = """
    SELECT user_id, name_key, row_number() OVER (PARTITION BY name_key ORDER BY user_id) AS place
    FROM folded_names
"""
# A key that is about to be given may still be another user's: so all that change are moved
# out of the way first, to keys that no name has.
MOVE_ASIDE = f"""
    UPDATE users SET username_key = '{APART}' || id WHERE username_key <>
        (SELECT CASE WHEN f.place = 1 THEN f.name_key
                     ELSE f.name_key || '{APART}' || f.user_id END
         FROM placed_names AS f WHERE f.user_id = users.id)
"""  # noqa: S608 - a constant
GIVE = f"""
    UPDATE users SET username_key =
        (SELECT CASE WHEN f.place = 1 THEN f.name_key
                     ELSE f.name_key || '{APART}' || f.user_id END
         FROM placed_names AS f WHERE f.user_id = users.id)
    WHERE username_key = '{APART}' || id
"""  # noqa: S608 - a constant
SHARED = """
    SELECT u.id, u.username, o.id, o.username FROM placed_names AS f
    JOIN users AS u ON u.id = f.user_id
    JOIN users AS o ON o.username_key = f.name_key
    WHERE f.place > 1 ORDER BY u.id
"""


async def carry_over(transaction: Transaction) -> None:
    last = 0
    while rows := await transaction.fetch(
        f"SELECT id, username FROM users WHERE id > ? ORDER BY id LIMIT {PAGE}",  # noqa: S608 - a constant
        (last,),
    ):
        await transaction.execute_many(
            "INSERT INTO folded_names (user_id, name_key) VALUES (?, ?)",
            [(user_id, key_of(username)) for user_id, username in rows],
        )
        last = rows[-1][0]
    await transaction.execute(f"INSERT INTO placed_names {PLACES}")
    await transaction.execute(MOVE_ASIDE)
    await transaction.execute(GIVE)
    for user_id, username, older_id, older in await transaction.fetch(SHARED):
        log.warning(
            "the name %r of user %d is the same as %r of user %d by now; both stay, and each"
            " signs in by the name as it is written",
            username,
            user_id,
            older,
            older_id,
        )
    await transaction.execute("DROP TABLE placed_names")
    await transaction.execute("DROP TABLE folded_names")
