"""What is wrong with JSON that does not fit its struct, said under the field's name."""

from collections.abc import Collection

SHOWN_LENGTH = 100
"""Characters of a client's own text that an error repeats."""
PATH = " - at `$"


def explain(text: str, whole: str, known: Collection[str] = ()) -> dict[str, list[str]]:
    """msgspec's sentence by the field that it is about, or under `whole` where it is none.

    `known` are the fields that there are. The sentence may repeat what the client sent,
    however long, and however much like a sentence of msgspec's: so it is cut at fixed
    marks, and no pattern is matched with it.
    """
    # The last one: what the client sent may stand before it.
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
    """What is said of a field, or of something else with a name, that there is not."""
    others = f"; there are: {', '.join(known)}" if known else ""
    return {shown(name) or '""': [f"There is no such {what}{others}."]}


def between(what: str, opening: str) -> str:
    """The name in backticks that follows `opening`; empty for another sentence."""
    return shown(what.removeprefix(opening).removesuffix("`")) if what.startswith(opening) else ""


def shown(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"
