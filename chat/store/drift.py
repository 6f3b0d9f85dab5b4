"""A finding of the doctor: a difference between a derived value and what it is derived from."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct


class Drift(Struct, frozen=True):
    """A difference, and what repairs it: statements with their parameters, and files to delete."""

    what: str
    statements: Sequence[tuple[str, tuple[int | str, ...]]] = ()
    files: Sequence[Path] = ()
    objects: Sequence[str] = ()
    """Names of files in the bucket."""
