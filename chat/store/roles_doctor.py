"""Finds conversations that have no owner, or several, or one where there should be none."""

from chat.store.database import Database
from chat.store.drift import Drift

OWNERS = """
    SELECT c.id, c.is_direct, coalesce(sum(CASE WHEN p.role = 'owner' THEN 1 ELSE 0 END), 0)
    FROM conversations AS c
    JOIN participants AS p ON p.conversation_id = c.id AND p.is_active
    GROUP BY c.id, c.is_direct
    HAVING sum(CASE WHEN p.role = 'owner' THEN 1 ELSE 0 END)
        <> CASE WHEN c.is_direct THEN 0 ELSE 1 END
    ORDER BY c.id
"""
# Of several owners the others are admins then. Whoever has been there longest is the first.
FIRST = """
    (SELECT p.user_id FROM participants AS p WHERE p.conversation_id = ? AND p.is_active
     ORDER BY CASE p.role WHEN 'owner' THEN 0 WHEN 'admin' THEN 1 ELSE 2 END, p.seq, p.user_id
     LIMIT 1)
"""
MEND_ONE = f"""
    UPDATE participants SET role = CASE WHEN user_id = {FIRST} THEN 'owner'
                                        WHEN role = 'owner' THEN 'admin' ELSE role END
    WHERE conversation_id = ? AND is_active
"""  # noqa: S608 - of ours
MEND_DIRECT = "UPDATE participants SET role = 'member' WHERE conversation_id = ?"


async def examine(database: Database) -> list[Drift]:
    return [
        Drift(
            f"conversation {id_}: it has {owners} owners",
            [(MEND_DIRECT, (id_,)) if is_direct else (MEND_ONE, (id_, id_))],
        )
        for id_, is_direct, owners in await database.fetch(OWNERS)
    ]
