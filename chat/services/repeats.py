"""Finds a name that an object of JSON has twice. Every decoder would drop all but the last one."""

import json
from collections import Counter
from typing import Any

from chat.services.malformed import has_half_pair


class Repeating(dict[str, Any]):
    """An object in which `name` is there twice."""

    name: str


def pairs_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, for the `object_pairs_hook` of `json`."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeating = Repeating(found)
    repeating.name = Counter(name for name, _ in pairs).most_common(1)[0][0]
    return repeating


_decode = json.JSONDecoder(object_pairs_hook=pairs_of).decode


def repeated(data: bytes) -> str:
    """The path of a name that is there twice, such as `content` or `keys.auth`. The place within a
    list is left out. Empty where there is none, and for JSON that is refused for something else:
    what `json` cannot read, or a name with half of a surrogate pair, which cannot be shown.
    """
    try:
        value = _decode(data.decode())
    except (ValueError, RecursionError):
        return ""
    left: list[tuple[str, Any]] = [("", value)]
    while left:
        where, one = left.pop()
        if isinstance(one, Repeating):
            path = f"{where}.{one.name}" if where else one.name
            return "" if has_half_pair(path) else path
        if isinstance(one, list):
            left += [(where, inner) for inner in one if isinstance(inner, dict | list)]
        elif isinstance(one, dict):
            left += [
                (f"{where}.{name}" if where else name, inner)
                for name, inner in one.items()
                if isinstance(inner, dict | list)
            ]
    return ""
