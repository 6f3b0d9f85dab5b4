"""Agents: members of staff in a conversation that has, or had, a ticket.

They need not be participants, so nothing is stored about how far they have read.
"""

from chat.store.database import Reads

IS_AGENT = """
    EXISTS (SELECT 1 FROM users AS s WHERE s.id = {user} AND s.is_staff)
    AND EXISTS (SELECT 1 FROM support_tickets AS t WHERE t.conversation_id = {conversation})
"""
"""A condition: whether a user is an agent. Ask it only for users who are no participants."""


async def is_agent(reads: Reads, conversation_id: int, user_id: int) -> bool:
    condition = IS_AGENT.format(user="?", conversation="?")
    return bool(await reads.fetch(f"SELECT 1 WHERE {condition}", (user_id, conversation_id)))
