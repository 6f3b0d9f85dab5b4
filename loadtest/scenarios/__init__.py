"""What can be measured: one module a scenario, by the name it has on the command line."""

import argparse
from collections.abc import Mapping
from typing import Protocol

from loadtest.load import Load
from loadtest.scenarios import fanout, idle, latency, mixed, pairs, rest, soak, storm


class Scenario(Protocol):
    """A module; its docstring's first line is what the command line says about it."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add its own options."""

    async def run(self, load: Load, options: argparse.Namespace) -> None:
        """Do it, and leave figures. Raises CannotConnect, RequestFailed, NoToken."""


SCENARIOS: Mapping[str, Scenario] = {
    "fanout": fanout,
    "pairs": pairs,
    "latency": latency,
    "idle": idle,
    "storm": storm,
    "rest": rest,
    "mixed": mixed,
    "soak": soak,
}
