"""Which texts are one emoji, and how each is written in full.

`emoji.txt` has every emoji of Unicode 18, fully qualified, as `emoji-test.txt` of Unicode
lists them: with sequences such as families, flags, keycaps and the tones of skin. The list is read
when the first emoji is asked for. A test holds it to a package that is made from Unicode's own.
"""

from functools import cache
from pathlib import Path

LIST = Path(__file__).with_name("emoji.txt")
MOST_CHARACTERS = 16
"""No emoji has more, however it is written."""
SELECTOR = "\ufe0f"
"""Asks for the coloured form. Keyboards differ in where they put it, so it makes no difference."""


def written_in_full(text: str) -> str | None:
    """The emoji as Unicode writes it in full; None if the text is not exactly one emoji."""
    if len(text) > MOST_CHARACTERS:
        return None
    return known().get(text.replace(SELECTOR, ""))


@cache
def known() -> dict[str, str]:
    """Each emoji by its text without selectors."""
    return {one.replace(SELECTOR, ""): one for one in LIST.read_text(encoding="utf-8").split()}
