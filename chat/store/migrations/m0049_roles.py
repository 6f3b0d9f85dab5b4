"""What each participant is in a conversation: its owner, an admin or a member.

Who began a conversation owns it, if they are still in it; otherwise who has been in it longest. A
direct conversation has no owner. `members_may` is null where members may do all that was always
theirs. Who was removed by somebody else cannot come back by a link.
"""

STATEMENTS = (
    "ALTER TABLE participants ADD COLUMN role TEXT NOT NULL DEFAULT 'member'",
    "ALTER TABLE participants ADD COLUMN role_seq BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE participants ADD COLUMN is_removed BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE conversations ADD COLUMN members_may TEXT",
    """
    UPDATE participants SET role = 'owner' WHERE is_active AND user_id = (
        SELECT c.created_by FROM conversations AS c
        WHERE c.id = participants.conversation_id AND NOT c.is_direct)
    """,
    """
    UPDATE participants SET role = 'owner' WHERE is_active AND user_id = (
        SELECT p.user_id FROM participants AS p
        JOIN conversations AS c ON c.id = p.conversation_id
        WHERE p.conversation_id = participants.conversation_id AND p.is_active AND NOT c.is_direct
          AND NOT EXISTS (SELECT 1 FROM participants AS o
                          WHERE o.conversation_id = c.id AND o.is_active AND o.role = 'owner')
        ORDER BY p.seq, p.user_id LIMIT 1)
    """,
)
