"""A page of messages is found by the change that sent each, as their ids are in the same order.

Without that index SQLite takes a sixth less time to store a message.
"""

STATEMENTS = ("DROP INDEX messages_page",)
