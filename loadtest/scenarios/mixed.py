"""A day in a chat: people send, type, edit, read, lose their connection and come back."""

import argparse
import asyncio
import random

from loadtest.client import Client, TimedClient
from loadtest.figures import add_throughput
from loadtest.load import Load, together
from loadtest.stalls import lags, longest

LOBBY_SHARE = 10
"""One person of so many is in conversation 1, with everybody; others are in small ones."""
HABITS = {"say": 50, "type": 25, "mark_read": 12, "edit": 8, "reconnect": 5}
"""How often people do each of these, of a hundred times."""
AWAY_SECONDS = 0.5
"""The average time that a connection is lost."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=200, help="sockets (200)")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="seconds between what one does, on average (1)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of chance, for the same run again (1)")


async def run(load: Load, options: argparse.Namespace) -> None:
    people = await gather_people(load, options.people)
    chance = random.Random(options.seed)  # noqa: S311 - it is behaviour, not a secret
    living = [
        asyncio.create_task(live(load, person, random.Random(chance.random()), options.pace))  # noqa: S311
        for person in people
    ]
    before = await lags(load)
    window = await load.measure()
    stall = longest(before, await lags(load))
    load.stopped.set()
    await together(living)
    add_throughput(load, window)
    if stall is not None:
        title = "longest stall of the server's event loop, at most"
        load.figure("longest_stall", title, stall * 1000, "ms")
    load.figure("reconnects", "reconnects", sum(person.connects - 1 for person in people))


async def gather_people(load: Load, count: int) -> list[Client]:
    """As many people as were asked for, all connected."""
    lobby = max(count // LOBBY_SHARE, 1)
    for place in range(lobby):
        load.client(place, 1, TimedClient)
    conversation = 2
    while len(load.clients) < count and conversation < load.crowd.conversations + 2:
        for user in load.crowd.members_of(conversation)[: count - len(load.clients)]:
            load.member(user, conversation, TimedClient)
        conversation += 1
    await load.start()
    return load.clients


async def live(load: Load, person: Client, chance: random.Random, pace: float) -> None:
    """Be one person until the run is stopped. The person is connected at the end."""
    while True:
        await load.pause(chance.expovariate(1 / pace))
        if load.stopped.is_set() or not person.is_connected:
            return
        (habit,) = chance.choices(list(HABITS), weights=list(HABITS.values()))
        if habit == "type":
            person.type(chance.random() < 0.5)
        elif habit == "say" or not person.latest:
            person.say()
        elif habit == "edit":
            person.edit()
        elif habit == "mark_read":
            person.mark_read()
        else:
            await reconnect(load, person, chance)


async def reconnect(load: Load, person: Client, chance: random.Random) -> None:
    # Wait until everything is answered. Otherwise nobody knows whether it was stored.
    while person.waiting:
        if load.stopped.is_set() or not person.is_connected:
            return
        await asyncio.sleep(0.01)
    person.drop()
    await load.pause(chance.expovariate(1 / AWAY_SECONDS))
    await person.connect(load.tokens(person.user), since=True)
