"""What one run brought, or why it brought nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class LoadFailed(Exception):
    """The loader failed. The text is the end of what it printed."""


@dataclass(frozen=True)
class Measurement:
    """One run of the loader: its figures, and a phrase for each thing that went wrong.

    `snapshots` are those of the report.
    """

    figures: Mapping[str, float]
    failures: Sequence[str]
    snapshots: Sequence[Mapping[str, Any]] = ()
