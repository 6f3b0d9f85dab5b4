"""A page of messages is found by the change that sent each, as their ids are in the same order.

An index the less is a sixth less for SQLite to do for a message, and a twelfth for PostgreSQL.
"""

STATEMENTS = ("DROP INDEX messages_page",)
