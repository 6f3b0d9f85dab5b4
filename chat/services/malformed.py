"""Says, under the field's name, what is wrong with JSON that does not fit its struct."""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

SHOWN_LENGTH = 100
"""Characters of a client's own text that an error repeats."""
PATH = " - at `$"
NAMES = re.compile(r"[a-z_]+(\.[a-z_]+)*")
DEPTH_MAX = 100
"""Objects and lists within each other, above which JSON counts as too deep where its decoder
gives up. No field needs so many.
"""
_find_marks = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]', re.DOTALL).finditer


def explain(text: str, whole: str, known: Collection[str] = ()) -> dict[str, list[str]]:
    """msgspec's sentence, by the field that it is about; `whole` where it is about no field.

    `known` are the fields that exist. The sentence may repeat what the client sent, which
    may be long, and may look like a sentence of msgspec. So the sentence is cut at fixed
    marks, and no pattern is matched against it.
    """
    # The last mark is the right one, because the client's own text may stand before it.
    what, mark, path = text.rpartition(PATH)
    if not mark:
        what, path = text, ""
    if missing := between(what, "Object missing required field `"):
        return {within(path, missing): ["This field is required."]}
    if what.startswith("Object contains unknown field `"):
        # `known` are the fields of the whole, and not those of an object within it.
        other = between(what, "Object contains unknown field `")
        return unknown(within(path, other), () if path else known)
    field = path.removeprefix(".").rstrip("`").partition(".")[0].partition("[")[0]
    return {shown(field) or whole: [f"{shown(what)}."]}


def within(path: str, name: str) -> str:
    """The name with those of the objects that it is in: `keys.auth`."""
    outer = path.removeprefix(".").rstrip("`").replace("[...]", "")
    return f"{outer}.{name}" if NAMES.fullmatch(outer) else name


def unknown(name: str, known: Collection[str] = (), what: str = "field") -> dict[str, list[str]]:
    """The error for a field, or something else with a name, that does not exist."""
    others = f"; there are: {', '.join(known)}" if known else ""
    return {shown(name) or '""': [f"There is no such {what}{others}."]}


def half_pair(data: bytes | str, whole: str) -> dict[str, list[str]] | None:
    """The error for JSON in which a text has half of a surrogate pair; None if that is not wrong.

    msgspec takes such JSON for cut off. Example: `{"content":"\\ud83d"}`.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not has_half_pair(value):
        return None
    field = whole
    if isinstance(value, dict):
        names = (name for name, inner in value.items() if has_half_pair(inner))
        field = next((name for name in names if not has_half_pair(name)), whole)
    return {shown(field) or whole: ["May not contain half of a surrogate pair."]}


def too_deep(text: str, whole: str) -> dict[str, list[str]]:
    """The error for JSON that its decoder does not follow to the end, under the field that has
    too many objects and lists within each other.
    """
    field = next((name for name, _, depth in marks(text) if depth > DEPTH_MAX), "")
    return {shown(field) or whole: ["Has too many objects and lists within each other."]}


def plain_text_of(text: str, field: str) -> str | None:
    """A field's text in JSON that cannot be decoded because of another field; None for others."""
    for name, mark, depth in marks(text):
        if name == field and depth == 1:
            with suppress(ValueError):
                value = json.loads(mark)
                return None if has_half_pair(value) else str(value)
    return None


def marks(text: str) -> Iterator[tuple[str, str, int]]:
    """Texts, and where objects and lists begin, one after the other: the field of the whole object
    that it belongs to, itself, and its depth.
    """
    depth = 0
    field = ""
    is_value = False
    for found in _find_marks(text):
        mark = found[0]
        if mark in "}]":
            depth -= 1
        elif mark in "{[":
            depth += 1
            yield field, mark, depth
        elif mark == ":":
            is_value = is_value or depth == 1
        elif mark == ",":
            is_value = is_value and depth > 1
        elif depth == 1 and not is_value:
            field = mark[1:-1]
        else:
            yield field, mark, depth


def has_half_pair(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except RecursionError:
        return False
    return False


def between(what: str, opening: str) -> str:
    """The name in backticks that follows `opening`; empty if the sentence is another one."""
    return shown(what.removeprefix(opening).removesuffix("`")) if what.startswith(opening) else ""


def shown(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"
