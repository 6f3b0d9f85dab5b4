"""bandit finds nothing unsafe, and no package that runs has a known weakness."""

import subprocess
import sys

from tests.support.payam_server import CHECKOUT


def test_the_audit_finds_nothing() -> None:
    """Where the database of weaknesses is away, the script says so; bandit is always asked."""
    done = subprocess.run(
        [sys.executable, CHECKOUT / ".ci" / "audit"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pip-audit: " in done.stdout
