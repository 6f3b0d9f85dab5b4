"""Many small conversations: every member keeps messages in flight, or they take turns."""

import argparse

from loadtest.client import Client, TimedClient
from loadtest.figures import add_throughput
from loadtest.load import Load


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=int, default=50, help="conversations used (50)")
    parser.add_argument(
        "--in-flight", type=int, default=1, help="messages of a member not acknowledged (1)"
    )
    parser.add_argument(
        "--in-turn",
        type=int,
        metavar="N",
        help="instead: messages of all together not acknowledged, the members sending in turn",
    )
    parser.add_argument(
        "--sockets",
        type=int,
        help="at most so many: of the last conversations, only the first member comes",
    )


async def run(load: Load, options: argparse.Namespace) -> None:
    # First one member of each conversation, then the other. So in turn, no two that follow each
    # other share a conversation.
    seats = [
        (place, user, conversation)
        for conversation in range(2, options.pairs + 2)
        for place, user in enumerate(load.crowd.members_of(conversation))
    ]
    seats.sort(key=lambda seat: seat[0])
    for place, user, conversation in seats[: options.sockets]:
        load.member(user, conversation, TimedClient if place == 0 else Client)
    await load.start()
    if options.in_turn:
        load.take_turns(load.clients, options.in_turn)
    else:
        for client in load.clients:
            load.keep_in_flight(client, options.in_flight)
    add_throughput(load, await load.measure())
