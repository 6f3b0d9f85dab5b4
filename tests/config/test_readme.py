"""The README's table of settings says what the settings say."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from config.settings import Settings

README = Path(__file__).parents[2] / "README.md"
SECURITY = README.parent / "docs" / "security.md"
BEGIN = "<!-- settings: this table is compared with config/settings.py by the tests -->\n"
END = "<!-- end of settings -->"


def shown(value: Any) -> str:
    """A default as an operator would write it."""
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, tuple):
        return ",".join(value)
    return f"`{value}`" if str(value) else ""


def table() -> str:
    rows = [
        f"| `{spec.name.upper()}` | {shown(spec.default)} | {spec.metadata['meaning']} |"
        for spec in fields(Settings)
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows]) + "\n"


def test_readme_lists_every_setting() -> None:
    """Name, default and meaning of each, in their order; the failure shows the whole table."""
    text = README.read_text()
    assert text[text.index(BEGIN) + len(BEGIN) : text.index(END)] == table()


def test_the_page_of_security_names_what_there_is() -> None:
    """Settings, and files of tests."""
    text = SECURITY.read_text(encoding="utf-8")
    table = text.partition("## Settings that defend something")[2]
    names = {spec.name.upper() for spec in fields(Settings)}
    named = re.findall(r"`([A-Z_]{6,})", "".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)))
    assert len(named) >= 30
    assert set(named) <= names
    for path in re.findall(r"`(tests/[\w/.]+)`", text):
        assert (README.parent / path).exists(), path
