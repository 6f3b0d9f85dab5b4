"""Names that stand within one line among other words: titles, subjects, names of people."""

import re

BREAKING = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
"""Control characters, and what begins another line."""
TURNING = r"\u202a-\u202e\u2066-\u2069"
"""Signs that turn the direction of what stands after them, beyond the end of the name. The marks
U+200E and U+200F do not, and keyboards write them, as they write the non-joiner.
"""
UNRULY = BREAKING + TURNING

_find_unruly = re.compile(f"[{UNRULY}]").search
_break = re.compile(f"[{BREAKING}\\s]+")
_turn = re.compile(f"[{TURNING}]")


def is_one_line(text: str) -> bool:
    return _find_unruly(text) is None


def one_line(text: str) -> str:
    """The text as one line: what breaks it became a space, and no sign turns its direction."""
    return _break.sub(" ", _turn.sub("", text)).strip()
