"""A day in a chat, for as long as you like: memory, and whether it grows."""

import argparse

from loadtest.load import Load
from loadtest.scenarios import mixed

MIB = 1 << 20
SETTLED = 0.2
"""After this share of the run caches are full. What still grows then grows for ever."""


def arguments(parser: argparse.ArgumentParser) -> None:
    mixed.arguments(parser)
    parser.set_defaults(seconds=3600.0)


async def run(load: Load, options: argparse.Namespace) -> None:
    await mixed.run(load, options)
    measured = [one for one in load.snapshots if one.phase == "measuring"]
    settled = measured[int(len(measured) * SETTLED) :]
    grown = {
        "server": growth([(one.at, one.server.memory) for one in settled if one.server]),
        "loader": growth([(one.at, one.loader.memory) for one in settled]),
    }
    for side, slope in grown.items():
        if slope is not None:
            per_hour = slope * 3600 / MIB
            load.figure(f"{side}_growth", f"memory growth, {side}", per_hour, "MiB/h")


def growth(points: list[tuple[float, int]]) -> float | None:
    """Bytes per second: the slope of the line nearest to the points; None of fewer than two."""
    if len(points) < 2:
        return None
    middle = sum(at for at, _ in points) / len(points)
    mean = sum(memory for _, memory in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    return sum((at - middle) * (memory - mean) for at, memory in points) / spread
