"""Metadata: a JSON object that an app keeps with a message, a conversation or a user.

Payam keeps its text, and returns it as it is: the order of its keys, and numbers as they were
written. So all that could not be read by every client is refused.
"""

import json
from math import isinf
from typing import Any, NoReturn

from msgspec import UNSET, Raw, UnsetType

from chat.errors import InvalidInput
from chat.services.malformed import HALF_PAIR, shown
from chat.services.repeats import Repeating, pairs_of

FIELD = "metadata"
METADATA_MAX_SIZE = 4096
"""Bytes of the object's text."""
DEPTH_MAX = 16
"""Most objects and lists within each other."""


def text_of(raw: Raw | UnsetType) -> str | None:
    """The text of the object; None for an empty one, or where none is given.

    Raises InvalidInput, which names `metadata`, or where in it the fault is: `metadata.colour`.
    """
    if raw is UNSET:
        return None
    data = bytes(raw)
    if len(data) > METADATA_MAX_SIZE:
        refuse(f"At most {METADATA_MAX_SIZE} bytes of JSON; this has {len(data)}.")
    try:
        text = data.decode()
        value = json.loads(
            text,
            object_pairs_hook=pairs_of,
            parse_constant=constant_of,
        )
    except UnicodeDecodeError:
        refuse("Must be in UTF-8.")
    except RecursionError:
        refuse_depth()
    except ValueError as error:
        refuse(f"Not valid JSON: {error}.")
    if not isinstance(value, dict):
        refuse("Must be a JSON object.")
    require_plain(value)
    return text if value else None


def require_plain(value: Any) -> None:
    """Refuse what is too deep, a key that is there twice, half of a surrogate pair in a text, and a
    number that is too large. The error names where it is: `metadata.colour`.
    """
    level: list[tuple[str, Any]] = [(FIELD, value)]
    depth = 0
    while level:
        depth += 1
        inner: list[tuple[str, Any]] = []
        for where, one in level:
            if isinstance(one, str):
                require_whole(one, where)
            elif isinstance(one, float) and isinf(one):
                refuse("A number is too large.", where)
            elif isinstance(one, dict):
                for key in one:
                    require_whole(key, where)
                if isinstance(one, Repeating):
                    refuse("May be there only once.", f"{where}.{one.name}")
                inner += [(f"{where}.{key}", part) for key, part in one.items()]
            elif isinstance(one, list):
                inner += [(where, part) for part in one]
        if depth > DEPTH_MAX and any(isinstance(one, dict | list) for _, one in level):
            refuse_depth()
        level = inner


def require_whole(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        refuse(HALF_PAIR, where)


def constant_of(text: str) -> NoReturn:
    refuse(f"{text} is not JSON.")


def refuse_depth() -> NoReturn:
    refuse(f"At most {DEPTH_MAX} objects and lists within each other.")


def refuse(reason: str, where: str = FIELD) -> NoReturn:
    raise InvalidInput({shown(where): [reason]})
