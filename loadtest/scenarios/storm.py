"""All sockets drop without a goodbye, come back and catch up, while messages go on.

This is what happens after a network fails, or a load balancer restarts. Each client must receive
everything that it missed, once and in order.
"""

import argparse
import asyncio

from loadtest.bulk import Receiver
from loadtest.client import TimedClient
from loadtest.everything import EVERYBODY, Everything, spread
from loadtest.figures import add_costs
from loadtest.histogram import Histogram
from loadtest.load import Load
from loadtest.scenarios.latency import send_at
from loadtest.snapshot import Window
from loadtest.user_client import UserClient

BEFORE_SECONDS = 0.5
SMALL_EACH = 3
"""So many small conversations of each user who stays."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sockets", type=int, default=2000, help="that drop (2000)")
    parser.add_argument("--missed", type=int, default=50, help="messages while they are away (50)")
    parser.add_argument("--rate", type=float, default=10.0, help="messages per second after (10)")
    parser.add_argument(
        "--everything",
        action="store_true",
        help="sockets for all conversations of a user, who come back with their cursors",
    )
    parser.add_argument(
        "--at-once", type=int, help="connection attempts under way (as many as sockets)"
    )


async def run(load: Load, options: argparse.Namespace) -> None:
    await (run_everything if options.everything else run_one)(load, options)


async def run_everything(load: Load, options: argparse.Namespace) -> None:
    """The same with a socket for everything per user. A few stay, and say what the others miss,
    in the conversation of everybody and in small ones of theirs.
    """
    stay = max(options.sockets // 16, 2)
    all_of_it = Everything(load, options.sockets + stay)
    here, away = all_of_it.users[:stay], all_of_it.users[stay:]
    await all_of_it.connect(all_of_it.users)
    small = [one for user in here for one in all_of_it.small_ones(user.user, SMALL_EACH)]
    missed = spread(options.missed, [EVERYBODY, *small][: max(options.missed, 1)])
    await all_of_it.begin_books([EVERYBODY, *missed])
    load.phase = "before"
    await all_of_it.say(missed, away=away)
    await load.pause(BEFORE_SECONDS)
    load.phase = "away"
    for client in away:
        client.drop()
    await all_of_it.say(missed, away=away)
    load.histograms["return"] = returns = Histogram()
    with load.window("coming back") as came_back:
        number = load.crowd.number(EVERYBODY)
        sending = asyncio.create_task(send_at(load, SpeakerIn(here[0], number), options.rate))
        at_once = options.at_once or options.sockets
        await all_of_it.connect(away, again=True, at_once=at_once, times=returns)
    load.stopped.set()
    await sending
    add_returns(load, came_back(), options.sockets)
    load.figure("postponed", "attempts that a busy server put off", all_of_it.postponed)
    load.figure("repeated", "changes that came again", sum(one.repeated for one in away))


class SpeakerIn:
    """A user who says everything in one conversation."""

    def __init__(self, client: UserClient, conversation: int) -> None:
        self._client = client
        self._conversation = conversation

    def say(self, due: float | None = None) -> None:
        self._client.say(self._conversation, due)


async def run_one(load: Load, options: argparse.Namespace) -> None:
    sender = load.client(0, 1, TimedClient)
    crowd = [load.client(place, 1, Receiver) for place in range(1, options.sockets + 1)]
    await load.start()
    load.phase = "before"
    for _ in range(options.missed):
        sender.say()
    await load.pause(BEFORE_SECONDS)
    load.phase = "away"
    for client in crowd:
        client.drop()
    for _ in range(options.missed):
        sender.say()
    while sender.waiting and sender.is_connected:
        await asyncio.sleep(0.01)
    load.histograms["return"] = returns = Histogram()
    with load.window("coming back") as came_back:
        sending = asyncio.create_task(send_at(load, sender, options.rate))
        at_once = options.at_once or options.sockets
        await load.connect(crowd, since=True, at_once=at_once, times=returns)
    load.stopped.set()
    await sending
    add_returns(load, came_back(), options.sockets)


def add_returns(load: Load, window: Window, sockets: int) -> None:
    load.figure("back_after", "all are back after", window.seconds, "s")
    load.figure("returns_per_second", "returns", sockets / window.seconds, "/s")
    load.figure("messages_meanwhile", "messages stored meanwhile", window.acked)
    add_costs(load, window, sockets, "return")
