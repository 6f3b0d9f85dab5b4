"""Installs each peer once, into its own folder in the checkout's `.bench/`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
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


def install_packages(name: str, requirements: Path) -> None:
    """A virtual environment at `CACHE / name` with these packages of Python."""

    def steps(folder: Path) -> None:
        run(folder, sys.executable, "-m", "venv", ".")
        pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
        run(folder, *pip, "install", "--quiet", "-r", str(requirements))

    install_once(name, requirements.read_text(), steps)


def unpack_packages(folder: Path, packages: Sequence[str]) -> None:
    """Unpack these packages of Debian into the folder.

    If they were installed, their services would be started, and stay on the machine.
    """
    if os.geteuid() == 0:  # apt's lists may be missing or old; only root may renew them
        run(folder, "apt-get", "-qq", "update")
    run(folder, "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *packages)
    for package in sorted(folder.glob("*.deb")):
        run(folder, "dpkg-deb", "--extract", package.name, ".")
        package.unlink()


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
