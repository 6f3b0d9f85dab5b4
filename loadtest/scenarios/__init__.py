"""The scenarios: one module each, with the name that it has on the command line."""

import argparse
from collections.abc import Mapping
from typing import Protocol

from loadtest.load import Load
from loadtest.scenarios import everything, fanout, idle, latency, mixed, pairs, rest, soak, storm


class Scenario(Protocol):
    """A module. The first line of its docstring is its help on the command line."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the scenario's own options."""

    async def run(self, load: Load, options: argparse.Namespace) -> None:
        """Run, and add figures. Raises CannotConnect, RequestFailed, NoToken."""


SCENARIOS: Mapping[str, Scenario] = {
    "fanout": fanout,
    "pairs": pairs,
    "latency": latency,
    "idle": idle,
    "storm": storm,
    "everything": everything,
    "rest": rest,
    "mixed": mixed,
    "soak": soak,
}
