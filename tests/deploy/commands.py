"""What docs/operations.md says to type, typed."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping

from tests.support.payam_server import CHECKOUT
from tests.support.postgres_server import find_binaries

OPERATIONS = CHECKOUT / "docs" / "operations.md"


def commands(heading: str) -> str:
    """The shell block that follows a heading of the page."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n.*?^```sh\n(.*?)^```", OPERATIONS.read_text(), re.M | re.S
    )
    assert found, f"docs/operations.md has no commands under {heading!r}"
    return found[1]


def run(heading: str, environment: Mapping[str, str]) -> str:
    """Run the block as the page says, from the checkout with its virtual environment."""
    return shell(commands(heading), environment)


def shell(script: str, environment: Mapping[str, str]) -> str:
    """What it printed; raises AssertionError, with that, where a command of it fails."""
    path = f"{os.path.dirname(sys.executable)}:{find_binaries()}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-c", script],  # noqa: S607 - whichever there is
        cwd=CHECKOUT,
        env={"PATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\nfailed:\n{done.stdout}"
    return done.stdout
