"""Checks whether DATA_DIR is a folder in which files can be written."""

import os
import tempfile
from pathlib import Path

from config.errors import SettingsError

BLOCK = 4096
"""Bytes that are written, because on a full disk an empty file can still be made."""


def prepare(folder: Path) -> None:
    """Make the folder if it is missing, and write a file in it.

    Raises SettingsError, whose text is one line.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_in(folder)
    except OSError as error:
        raise SettingsError(complaint(folder, error)) from None


def attempt(folder: Path) -> bool:
    """The same, but leave nothing behind. Returns whether the folder existed before.

    Raises SettingsError.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    prepare(folder)
    for one in missing:
        one.rmdir()
    return not missing


def write_in(folder: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".payam-tries-") as file:
        file.write(bytes(BLOCK))
        file.flush()
        os.fsync(file.fileno())


def complaint(folder: Path, error: OSError) -> str:
    place = str(folder)
    reason = os.strerror(error.errno or 0)
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = "there is a file in its place"
    return (
        f"DATA_DIR: {place!r} cannot be used ({reason}); it may be a folder that Payam can write to"
    )
