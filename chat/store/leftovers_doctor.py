"""Proves that nothing is left of users who were erased and of conversations that were deleted."""

from chat.store.database import Database
from chat.store.drift import Drift

# What the follower has not come to yet, it will take away.
SEARCHED = """
    SELECT t.sender_id FROM search_texts AS t
    JOIN messages AS m ON m.conversation_id = t.conversation_id AND m.id = t.message_id
    JOIN positions AS p ON p.follower = 'search' AND p.conversation_id = m.conversation_id
    WHERE p.seq >= m.seq
"""
OF_USERS = {
    "what a message said": """
        SELECT m.sender_id FROM messages AS m
        WHERE m.content <> '' OR m.metadata IS NOT NULL OR NOT m.is_deleted
           OR m.client_id IS NOT NULL
    """,
    "a file": """
        SELECT m.sender_id FROM attachments AS a
        JOIN messages AS m ON m.conversation_id = a.conversation_id AND m.id = a.message_id
    """,
    "what search looks in": SEARCHED,
    "a reaction": "SELECT user_id FROM reactions WHERE is_there",
    "a participation": "SELECT user_id FROM participants WHERE is_active",
    "a mention": "SELECT user_id FROM mentions WHERE is_own",
    "what a report kept": """
        SELECT sender_id FROM reports WHERE content <> ''
        UNION ALL SELECT reported_by FROM reports WHERE reason <> ''
    """,
    "how a conversation is called": """
        SELECT c.created_by FROM conversations AS c
        WHERE (c.title <> '' OR c.metadata IS NOT NULL OR c.avatar IS NOT NULL) AND NOT EXISTS (
            SELECT 1 FROM participants AS p JOIN users AS one ON one.id = p.user_id
            WHERE p.conversation_id = c.id AND one.erased_at IS NULL)
    """,
    "a note": "SELECT author_id FROM notes WHERE content <> ''",
    "what a guest said": """
        SELECT user_id FROM guests
        UNION ALL SELECT joined_id FROM guests WHERE joined_id IS NOT NULL
    """,
    "a ticket": """
        SELECT created_by FROM support_tickets
        WHERE subject <> '' OR rating_comment <> '' OR status <> 'closed'
    """,
    "a device": "SELECT user_id FROM devices",
    "a block": "SELECT blocker_id FROM blocks",
    "a sign-in": "SELECT user_id FROM token_families WHERE revoked_at IS NULL",
    "a picture": "SELECT id FROM users WHERE avatar IS NOT NULL",
    "a password": "SELECT id FROM users WHERE password_hash IS NOT NULL",
}
"""By what it is, a SELECT of the users who have such a thing."""
OF_CONVERSATIONS = {
    "what a message said": """
        SELECT conversation_id FROM messages WHERE content <> '' OR client_id IS NOT NULL
    """,
    "a file": "SELECT conversation_id FROM attachments",
    "what search looks in": "SELECT conversation_id FROM search_texts",
    "a participant": "SELECT conversation_id FROM participants WHERE is_active",
    "a ticket": "SELECT conversation_id FROM support_tickets",
    "a note": "SELECT conversation_id FROM notes",
    "what a report kept": "SELECT conversation_id FROM reports WHERE content <> ''",
    "a picture": "SELECT id FROM conversations WHERE avatar IS NOT NULL",
    "a title": "SELECT id FROM conversations WHERE title <> '' OR metadata IS NOT NULL",
}
USERS = """
    SELECT DISTINCT u.id FROM users AS u WHERE u.erased_at IS NOT NULL AND u.id IN ({things})
        AND NOT EXISTS (SELECT 1 FROM erasures AS e WHERE e.user_id = u.id)
    ORDER BY u.id
"""
CONVERSATIONS = """
    SELECT DISTINCT a.conversation_id FROM acts AS a
    WHERE a.kind = 'conversation.deleted' AND a.conversation_id IN ({things})
        AND a.conversation_id NOT IN (SELECT d.conversation_id FROM deletions AS d)
    ORDER BY a.conversation_id
"""
MEND_USER = """
    INSERT INTO erasures (user_id, due) VALUES (?, 0) ON CONFLICT (user_id) DO NOTHING
"""
MEND_CONVERSATION = """
    INSERT INTO deletions (conversation_id, due) VALUES (?, 0)
    ON CONFLICT (conversation_id) DO NOTHING
"""


async def examine(database: Database) -> list[Drift]:
    """Find what is left. To mend it is to put it on the list of a server, which then erases it."""
    drifts = []
    for what, things in OF_USERS.items():
        for (id_,) in await database.fetch(USERS.format(things=things)):
            text = f"user {id_} is erased, but {what} is left"
            drifts.append(Drift(text, [(MEND_USER, (id_,))]))
    for what, things in OF_CONVERSATIONS.items():
        for (id_,) in await database.fetch(CONVERSATIONS.format(things=things)):
            text = f"conversation {id_} is deleted, but {what} is left"
            drifts.append(Drift(text, [(MEND_CONVERSATION, (id_,))]))
    return drifts
