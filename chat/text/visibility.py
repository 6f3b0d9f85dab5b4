"""Whether a text shows anything at all.

Unicode has characters without a look: `str.strip` knows the spaces among them, and no
others. The rest are those with the property Default_Ignorable_Code_Point (Unicode's
DerivedCoreProperties.txt), control characters, and the empty pattern of Braille.
"""

import re

IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
"""Those of the basic plane, as ranges for a class of a regular expression."""
IGNORABLE_BEYOND = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
EMPTY = "\u2800"
CONTROL = "\\x00-\\x1f\\x7f-\\x9f"

_ignorable = re.compile(f"[{IGNORABLE}{IGNORABLE_BEYOND}]")
_find_visible = re.compile(f"[^\\s{CONTROL}{EMPTY}{IGNORABLE}{IGNORABLE_BEYOND}]").search


def is_ignorable(character: str) -> bool:
    """Whether the character shows nothing of its own and is not a space."""
    return _ignorable.match(character) is not None


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen.

    The search ends at the first visible character, which is nearly always the first one.
    """
    return _find_visible(text) is None
