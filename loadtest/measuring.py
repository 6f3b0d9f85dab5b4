"""One scenario against one server, from the loader's own process on its own core."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from loadtest.crowd import Crowd
from loadtest.measurement import LoadFailed, Measurement
from loadtest.peers.peer import Running
from loadtest.peers.server import LOADER_CORE, pinned

PEOPLE = Crowd(users=1000, conversations=100, members=2)
LOADER_SECONDS = 300
"""The longest time of one scenario. A scenario that hangs counts as failed."""
CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Run:
    """One scenario with its options, against servers that start with this crowd."""

    scenario: str
    options: str
    crowd: Crowd = PEOPLE


def load(
    run: Run, target: str, server: Running, secret: str, seconds: float = LOADER_SECONDS
) -> Measurement:
    """Load a server of the kind that `--server` calls `target`. Raises LoadFailed, also if it takes
    longer than `seconds`.
    """
    crowd = run.crowd
    command = [sys.executable, "-m", "loadtest", run.scenario, *run.options.split()]
    command += ["--url", server.url, "--server", target, "--pid", str(server.pid)]
    command += ["--users", str(crowd.users), "--conversations", str(crowd.conversations)]
    command += ["--members", str(crowd.members)]
    with TemporaryDirectory(prefix="payam-load-") as folder:
        result = Path(folder) / "report.json"
        try:
            done = subprocess.run(
                pinned(LOADER_CORE, [*command, "--json", str(result)]),
                cwd=CHECKOUT,
                env={"PATH": os.environ["PATH"], "JWT_SECRET": secret},
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LoadFailed(f"not done after {seconds:g} s") from None
        if not result.exists():
            raise LoadFailed((done.stderr.strip().splitlines() or ["it printed nothing"])[-1])
        return measurement(json.loads(result.read_text()))


def measurement(report: Mapping[str, Any]) -> Measurement:
    """Every figure by its key, and each percentile as `delivery_p99`, in seconds."""
    figures: dict[str, float] = dict(report["figures"])
    for name, latencies in report["latencies"].items():
        figures |= {f"{name}_{key}": value for key, value in latencies.items()}
    return Measurement(figures, report["failures"], report["snapshots"])
