"""What is wrong with JSON that does not fit its struct, said under the field's name."""

SHOWN_LENGTH = 100
"""Characters of a client's own text that an error repeats."""
PATH = " - at `$"


def explain(text: str, whole: str) -> dict[str, list[str]]:
    """msgspec's sentence by the field that it is about, or under `whole` where it is none.

    The sentence may repeat what the client sent, however long, and however much like a
    sentence of msgspec's: so it is cut at fixed marks, and no pattern is matched with it.
    """
    # The last one: what the client sent may stand before it.
    what, mark, path = text.rpartition(PATH)
    if not mark:
        what, path = text, ""
    field = path.removeprefix(".").rstrip("`").partition(".")[0].partition("[")[0]
    missing = between(what, "Object missing required field `")
    if missing:
        return {missing: ["This field is required."]}
    return {field[:SHOWN_LENGTH] or whole: [f"{shown(what)}."]}


def between(what: str, opening: str) -> str:
    """The name in backticks that follows `opening`; empty for another sentence."""
    return shown(what.removeprefix(opening).removesuffix("`")) if what.startswith(opening) else ""


def shown(text: str) -> str:
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"
