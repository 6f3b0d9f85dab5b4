"""The last answer to a ticket whose message went with an agent's account, or by its age. Otherwise
all answered customers would wait again.
"""

STATEMENTS = (
    "ALTER TABLE support_tickets ADD COLUMN answer_seq BIGINT",
    "ALTER TABLE support_tickets ADD COLUMN answer_at BIGINT",
)
