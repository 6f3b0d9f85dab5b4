"""Declaring a setting, and reading what the environment says of it.

A wrong value raises `SettingsError`. Its text is one line, which names the setting, its value and
what it may be.
"""

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any

from config.errors import SettingsError
from config.kinds import Kind, Wrong
from config.names import Misspelt, misspelt

SHOWN_LENGTH = 100
"""Most characters of a wrong value that its error line repeats."""
PLACES = ("DATABASE_URL", "DATA_DIR")
"""Without these, conversations are stored in another place. So a name that is almost one of them
is refused, and not only warned of.
"""


def setting(default: Any, kind: Kind, meaning: str) -> Any:
    metadata = {"kind": kind, "meaning": meaning}
    return field(default=default, metadata=metadata, repr=not kind.secret)


def read(settings: type[Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The values of those that the environment has, by the name of the field.

    An empty variable counts as unset. Raises SettingsError.
    """
    known = kinds(settings)
    for stranger in misspelt(environ, known):
        refuse_elsewhere(stranger, environ[stranger.name], known)
    values: dict[str, Any] = {}
    for name, kind in known.items():
        raw = environ.get(name, "").strip()
        if not raw:
            continue
        try:
            values[name.lower()] = kind.parse(raw)
        except ValueError as error:
            fault = str(error) if isinstance(error, Wrong) else None
            raise SettingsError(complaint(name, raw, kind, fault)) from None
    return values


def kinds(settings: type[Any]) -> dict[str, Kind]:
    """The kind of each setting, by the name of its variable."""
    return {spec.name.upper(): spec.metadata["kind"] for spec in fields(settings)}


def refuse_elsewhere(stranger: Misspelt, raw: str, known: Mapping[str, Kind]) -> None:
    """Raises SettingsError if this variable may be meant to say where conversations are stored."""
    if stranger.meant not in PLACES:
        return
    try:
        known[stranger.meant].parse(raw.strip())
    except ValueError:  # it belongs to another program
        return
    raise SettingsError(
        f"{stranger}: without that, conversations would be kept in another place."
        f" Rename it, or set {stranger.meant} as well"
    )


def complaint(name: str, raw: str, kind: Kind, fault: str | None) -> str:
    if fault is not None:
        return f"{name}: {fault}; it may be {kind.allowed}"
    shown = repr(raw[:SHOWN_LENGTH]) + "…" * (len(raw) > SHOWN_LENGTH)
    if kind.secret:
        shown = "the value given"
    return f"{name}: {shown} is not allowed; it may be {kind.allowed}"
