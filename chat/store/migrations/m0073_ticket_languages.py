"""The languages of who opened a ticket, the best first, with commas. A later automatic answer to
the same customer has the same language.
"""

STATEMENTS = ("ALTER TABLE support_tickets ADD COLUMN languages TEXT NOT NULL DEFAULT ''",)
