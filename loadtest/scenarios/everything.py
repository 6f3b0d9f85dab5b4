"""Users with many conversations on one socket: memory, returns, resumes, the first screen.

Every user has as many conversations as the crowd gives them. First all connect, then all drop and
return with their cursors. Then the last user, again and again: opens the first screen (the socket's
first frame and the newest conversations), and returns after messages that were missed in many
conversations.
"""

import argparse
from collections.abc import Sequence

from loadtest.everything import EVERYBODY, Everything, spread
from loadtest.figures import add_costs
from loadtest.histogram import Histogram
from loadtest.load import Load
from loadtest.scenarios.idle import IDLE_SECONDS, KIB
from loadtest.snapshot import Window

AWAY_SECONDS = 0.5


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sockets", type=int, default=1000, help="a user each (1000)")
    parser.add_argument("--at-once", type=int, default=16, help="handshakes under way (16)")
    parser.add_argument("--missed", type=int, default=500, help="messages while away (500)")
    parser.add_argument("--missed-in", type=int, default=100, help="so many conversations (100)")
    parser.add_argument("--screen", type=int, default=20, help="conversations of a screen (20)")
    parser.add_argument("--times", type=int, default=20, help="resumes and first screens (20)")
    parser.set_defaults(seconds=IDLE_SECONDS)


async def run(load: Load, options: argparse.Namespace) -> None:
    warm = max(options.sockets // 16, 1)
    all_of_it = Everything(load, options.sockets + warm)
    fresh = all_of_it.users[warm:]
    load.phase = "warming up"
    await all_of_it.connect(all_of_it.users[:warm])
    load.histograms["connect"] = connects = Histogram()
    with load.window("connecting") as connected:
        await all_of_it.connect(fresh, at_once=options.at_once, times=connects)
    opened = connected()
    load.phase = "idle"
    await load.pause(load.seconds)
    now = load.snapshot()
    if opened.first.server is not None and now.server is not None:
        each = (now.server.memory - opened.first.server.memory) / options.sockets
        load.figure("kib_per_socket", "memory per socket, server", each / KIB, "KiB")
    load.figure("connects_per_second", "connects", options.sockets / opened.seconds, "/s")
    await come_back(load, all_of_it, options)
    if load.traffic.target.lists:
        await first_screens(load, all_of_it, options)
    await resumes(load, all_of_it, options)


async def come_back(load: Load, all_of_it: Everything, options: argparse.Namespace) -> None:
    """All but the warm ones drop, and return with their cursors. They have missed nothing."""
    fresh = all_of_it.users[-options.sockets :]
    load.phase = "away"
    for client in fresh:
        client.drop()
    await load.pause(AWAY_SECONDS)
    load.histograms["return"] = returns = Histogram()
    with load.window("coming back") as came_back:
        await all_of_it.connect(fresh, again=True, at_once=options.at_once, times=returns)
    window = came_back()
    load.figure("returns_per_second", "returns", options.sockets / window.seconds, "/s")
    add_costs(load, window, options.sockets, "return")


async def first_screens(load: Load, all_of_it: Everything, options: argparse.Namespace) -> None:
    """A new socket, its first frame, and a page of the list over a new connection."""
    load.phase = "first screens"
    user = all_of_it.users[-1]
    load.histograms["screen"] = times = Histogram()
    path = load.traffic.target.newest_path(options.screen)
    windows = []
    for _ in range(options.times):
        user.drop()
        with load.window("first screens") as opened:
            began = load.now()
            await user.connect(load.tokens(user.user))
            connection = await load.request_as(user.user)
            await connection.request("GET", path)
            times.record(load.now() - began)
        windows.append(opened())
        connection.close()
    add_cpu(load, windows, "screen")


async def resumes(load: Load, all_of_it: Everything, options: argparse.Namespace) -> None:
    """What was missed in many conversations, from the return to the last frame."""
    load.phase = "resuming"
    user = all_of_it.users[-1]
    conversations = all_of_it.small_ones(user.user, options.missed_in) or [EVERYBODY]
    messages = spread(options.missed, conversations)
    load.figure("resumed_conversations", "conversations with missed messages", len(messages))
    load.histograms["resume"] = times = Histogram()
    await all_of_it.begin_books(messages)
    windows = []
    for _ in range(options.times):
        user.drop()
        await all_of_it.say(messages, away=[user])
        with load.window("resuming") as resumed:
            await all_of_it.timed(user, times, again=True)
        windows.append(resumed())
    add_cpu(load, windows, "resume")
    load.figure("repeated", "changes that came again", user.repeated)


def add_cpu(load: Load, windows: Sequence[Window], unit: str) -> None:
    """The server's processor time for each, which other programs of the machine do not change."""
    times = [window.server_cpu for window in windows if window.server_cpu is not None]
    if times:
        each = sum(times) / len(times) * 1e3
        load.figure(f"server_cpu_per_{unit}", f"CPU, server, each {unit}", each, "ms")
