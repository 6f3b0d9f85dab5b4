"""The tickets that changed a short while ago are found without reading all tickets."""

STATEMENTS = ("CREATE INDEX support_tickets_updated ON support_tickets (updated_at)",)
