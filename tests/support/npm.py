"""Packages that tests have from npm."""

import subprocess
from pathlib import Path

PATIENT = ("--silent", "--prefer-offline", "--fetch-retries=6", "--no-audit", "--no-fund")
"""npm tries three times by itself, in less than a minute: a registry may be away for longer."""


def npm(*command: str, folder: Path) -> None:
    """Run `npm install` or `npm pack` in the folder.

    Raises AssertionError with what it says when it fails.
    """
    done = subprocess.run(
        ("npm", *command, *PATIENT),  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
