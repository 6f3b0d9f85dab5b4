"""Says, under the field's name, what is wrong with JSON that does not fit its struct."""

import json
from collections.abc import Collection
from typing import Any

SHOWN_LENGTH = 100
"""Characters of a client's own text that an error repeats."""
PATH = " - at `$"


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
        return {missing: ["This field is required."]}
    if what.startswith("Object contains unknown field `"):
        return unknown(between(what, "Object contains unknown field `"), known)
    field = path.removeprefix(".").rstrip("`").partition(".")[0].partition("[")[0]
    return {shown(field) or whole: [f"{shown(what)}."]}


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
