"""Says, under the field's name, what is wrong with JSON that does not fit its struct."""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

import msgspec

HALF_PAIR = "May not contain half of a surrogate pair."
SHOWN_LENGTH = 100
"""Characters of a client's own text that an error repeats."""
PATH = " - at `$"
NAMES = re.compile(r"\w+(\.\w+)*", re.ASCII)
OF_A_KEY = "[...]"
"""How msgspec writes the key of an object that may have any keys."""
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
    return {within(path) or whole: [f"{shown(what)}."]}


def explain_whole(
    error: msgspec.ValidationError,
    data: bytes | str,
    schema: Any,
    whole: str,
    known: Collection[str] = (),
) -> dict[str, list[str]]:
    """The same for JSON that was decoded as `schema`: it also names the key of an object that may
    have any keys, as in `since.12`.
    """
    said = explain(str(error), whole, known)
    path = str(error).rpartition(PATH)[2]
    ((field, texts),) = said.items()
    if path.startswith(f".{field}{OF_A_KEY}") and (key := bad_key(data, schema, field)):
        return {f"{field}.{shown(key)}": texts}
    return said


def bad_key(data: bytes | str, schema: Any, field: str) -> str:
    """A key of this field's object whose value is wrong; empty where it cannot be found."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):  # because of what else there is
        return ""
    inner = given.get(field)
    if not isinstance(inner, dict):  # it is there twice
        return ""
    items = list(inner.items())

    def are_wrong(some: list[tuple[str, Any]]) -> bool:
        try:
            msgspec.convert({**given, field: dict(some)}, schema)
        except msgspec.ValidationError as error:
            return f"{PATH}.{field}{OF_A_KEY}" in str(error)
        return False

    while len(items) > 1:  # halves, because a client may send very many
        half = items[: len(items) // 2]
        items = half if are_wrong(half) else items[len(half) :]
    return items[0][0] if are_wrong(items) else ""


def within(path: str, name: str = "") -> str:
    """The name with those of the objects that it is in, as in `keys.auth`; without one, the path
    itself. The place within a list is left out.
    """
    outer = NAMES.match(path.removeprefix("."))
    return ".".join(part for part in (outer[0] if outer else "", name) if part)


def unknown(name: str, known: Collection[str] = (), what: str = "field") -> dict[str, list[str]]:
    """The error for a field, or something else with a name, that does not exist."""
    others = f"; there are: {', '.join(known)}" if known else ""
    return {shown(name) or '""': [f"There is no such {what}{others}."]}


def half_pair(
    data: bytes | str, schema: Any, whole: str, known: Collection[str] = ()
) -> dict[str, list[str]] | None:
    """The error for JSON in which a text has half of a surrogate pair; None if that is not wrong.

    msgspec takes such JSON for cut off. Example: `{"content":"\\ud83d"}`. Where a text is of the
    wrong type anyway, the error says so.
    """
    try:
        value = json.loads(data)
        text = json.dumps(value, ensure_ascii=False)
        if not has_half_pair(text):
            return None
        if isinstance(value, dict) and any(has_half_pair(name) for name in value):
            return {whole: [HALF_PAIR]}  # the name of that field cannot be shown
        whole_pairs = text.encode(errors="replace")
        msgspec.json.decode(whole_pairs, type=schema)
    except msgspec.ValidationError as error:
        return explain_whole(error, whole_pairs, schema, whole, known)
    except (ValueError, RecursionError):
        return None
    return {half_pair_at(value) or whole: [HALF_PAIR]}


def half_pair_at(value: Any) -> str:
    """The place of half a surrogate pair, as a path of names: `metadata.colour`. Empty where that
    is the whole, or where there is none.
    """
    left: list[tuple[str, Any]] = [("", value)]
    while left:
        where, one = left.pop()
        if isinstance(one, str):
            if has_half_pair(one):
                return where
        elif isinstance(one, list):
            left += [(where, inner) for inner in reversed(one)]
        elif isinstance(one, dict):
            if any(has_half_pair(name) for name in one):
                return where
            names = reversed(one.items())
            left += [(shown(f"{where}.{name}".lstrip(".")), inner) for name, inner in names]
    return ""


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
                value = str(json.loads(mark))
                return None if has_half_pair(value) else value
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


def has_half_pair(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def between(what: str, opening: str) -> str:
    """The name in backticks that follows `opening`; empty if the sentence is another one."""
    return shown(what.removeprefix(opening).removesuffix("`")) if what.startswith(opening) else ""


def shown(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"
