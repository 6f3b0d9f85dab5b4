"""How content the customer was, once the ticket was closed: 1 to 5, and a word."""

STATEMENTS = (
    "ALTER TABLE support_tickets ADD COLUMN rating BIGINT",
    "ALTER TABLE support_tickets ADD COLUMN rating_comment TEXT",
)
