"""Configuration files of peers, in which `@@NAME@@` stands for what is known at the start."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit


def fill(template: Path, values: Mapping[str, object]) -> str:
    """The template's text with these values in it, by name."""
    filled = template.read_text()
    for name, value in values.items():
        filled = filled.replace(f"@@{name}@@", str(value))
    return filled


def of_database(address: str) -> dict[str, object]:
    """What a template is given of a database at this URL."""
    url = urlsplit(address)
    return {
        "HOST": url.hostname,
        "DATABASE_PORT": url.port,
        "USER": url.username,
        "PASSWORD": unquote(url.password or ""),
        "DATABASE": url.path.removeprefix("/"),
    }
