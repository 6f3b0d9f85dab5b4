"""When tickets were closed that came by an import, which kept only when they changed last."""

STATEMENTS = (
    """
    UPDATE support_tickets
    SET closed_at = CASE WHEN updated_at > created_at THEN updated_at ELSE created_at END
    WHERE status = 'closed' AND closed_at IS NULL
    """,
)
