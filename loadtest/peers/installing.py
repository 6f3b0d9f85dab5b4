"""Installs each peer once, into its own folder in the checkout's `.bench/`."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".bench"


class CannotInstall(Exception):
    """The text is one line: what failed or is missing."""


def install_once(name: str, wanted: str, steps: Callable[[Path], None]) -> None:
    """Run `steps` on the empty folder `CACHE / name`, unless that was done for this `wanted`."""
    folder = CACHE / name
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    steps(folder)
    stamp.write_text(wanted)


def run(folder: Path, *command: str) -> None:
    """Run an installer in the folder. Raises CannotInstall if it fails or is missing."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise CannotInstall(f"{command[0]} is needed, and is not on PATH") from None
    if done.returncode != 0:
        last = (done.stdout.strip().splitlines() or ["it printed nothing"])[-1]
        raise CannotInstall(f"{' '.join(command)} failed: {last}")
