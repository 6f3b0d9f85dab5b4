"""Says, under the field's name, what is wrong with JSON that does not fit its struct."""

from collections.abc import Collection

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


def between(what: str, opening: str) -> str:
    """The name in backticks that follows `opening`; empty if the sentence is another one."""
    return shown(what.removeprefix(opening).removesuffix("`")) if what.startswith(opening) else ""


def shown(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"
