"""Many small conversations: every member keeps messages in flight."""

import argparse

from loadtest.client import Client, TimedClient
from loadtest.figures import add_throughput
from loadtest.load import Load


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=int, default=50, help="conversations used (50)")
    parser.add_argument(
        "--in-flight", type=int, default=1, help="messages of a member not acknowledged (1)"
    )


async def run(load: Load, options: argparse.Namespace) -> None:
    for conversation in range(2, options.pairs + 2):
        for place, user in enumerate(load.crowd.members_of(conversation)):
            load.member(user, conversation, TimedClient if place == 0 else Client)
    await load.start()
    for client in load.clients:
        load.keep_in_flight(client, options.in_flight)
    add_throughput(load, await load.measure())
