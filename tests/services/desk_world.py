"""A desk with its rules, on two nodes that work at the same time."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from chat import records
from chat.auth.identity import Identity
from chat.changes import catalogue
from chat.services.desk import DeskKeeping
from chat.services.desk_work import DeskWork
from chat.services.support_tickets import SupportTickets
from chat.store import doctor, messages
from chat.store.database import Database
from chat.times import now
from tests.store import world

MINUTE = 60 * 1_000_000
DAY = 24 * 60 * MINUTE


class World:
    """A customer, agents, and the desk's work on two nodes."""

    def __init__(self, database: Database, nodes: Sequence[DeskWork], tickets: SupportTickets):
        self.database = database
        self.nodes = nodes
        self.tickets = tickets
        self.online: set[int] = set()
        self.customer = Identity(0, "", False, 0.0, None)
        self.agents: list[Identity] = []

    async def people(self, agents: int) -> None:
        customer = await world.user(self.database, "customer")
        self.customer = Identity(customer, "customer", False, 0.0, None)
        for number in range(agents):
            name = f"agent{number}"
            id_ = await world.user(self.database, name, is_staff=True)
            self.agents.append(Identity(id_, name, True, 0.0, None))

    async def rule(self, **rules: Any) -> None:
        keeping = DeskKeeping(self.database, self.ask)
        await keeping.change(None, rules, is_whole=True)

    async def ask(self, user_ids: Collection[int]) -> set[int]:
        return self.online & set(user_ids)

    async def open(self, *languages: str) -> records.SupportTicket:
        place = await world.conversation(self.database, self.customer.user_id)
        made, _ = await self.tickets.open(
            self.customer, place, "help", "normal", languages=languages
        )
        return made

    async def turn(self) -> None:
        """Both nodes work at once."""
        for node in self.nodes:
            node._slow_at = 0.0
        await asyncio.gather(*(node.turn() for node in self.nodes))

    async def steps(self, ticket: records.SupportTicket) -> list[str]:
        found = await self.tickets.steps(self.agents[0], ticket.id, 0, 100)
        return [one.action for one in found]

    async def now(self, ticket: records.SupportTicket) -> records.SupportTicket:
        return await self.tickets.get(self.agents[0], ticket.id)

    async def execute(self, sql: str, *parameters: Any) -> None:
        async with self.database.transaction() as transaction:
            await transaction.execute(sql, parameters)

    async def said(self, conversation_id: int) -> list[records.Message]:
        reader = messages.Reader(conversation_id, self.customer.user_id)
        return await messages.before(self.database, reader, None, 100)


@pytest.fixture
async def desk(database: Database, other_node: Database) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        writers = [
            await stack.enter_async_context(world.writing(one)) for one in (database, other_node)
        ]
        found = World(database, [], SupportTickets(database, writers[0]))
        found.nodes = [
            DeskWork(one, writer, found.ask)
            for one, writer in zip((database, other_node), writers, strict=True)
        ]
        await found.execute("UPDATE desk SET rules = '{}', user_id = NULL")
        yield found
        assert await doctor.examine_log(database, catalogue.LOGGED, catalogue.ENTRIES) == []
        assert await doctor.examine_conversations(database, catalogue.ENTRIES) == []


async def say(desk: World, place: int, sender: int, content: str = "hello") -> None:
    send = world.draft(place, sender, content, created_at=now())
    await desk.database.store_sends([send])
    assert send.error is None


async def repaired(desk: World, place: int) -> None:
    """Set the moment of the last message again, where moments were moved by hand."""
    await desk.execute(
        """
        UPDATE conversations SET active_at = (
            SELECT m.created_at FROM messages AS m WHERE m.conversation_id = conversations.id
            ORDER BY m.created_seq DESC LIMIT 1) WHERE id = ?
        """,
        place,
    )
