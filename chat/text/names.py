"""What a username may have in it, and when two names are the same."""

from unicodedata import category

from chat.text.folding import fold
from chat.text.visibility import is_ignorable

NAME_MAX_LENGTH = 150
NON_JOINER = "\u200c"
SIGNS = f".@+-_{NON_JOINER}"


def may_be_in_a_name(character: str) -> bool:
    """Whether it is a letter, a digit, one of a few signs, or a mark.

    Marks are the vowels of Hindi and other languages. A character that shows nothing, such as
    a variation selector, is not allowed: with it two different names would look the same.
    """
    if character in SIGNS:
        return True
    return (character.isalnum() or is_mark(character)) and not is_ignorable(character)


def is_mark(character: str) -> bool:
    return category(character).startswith("M")


def key_of(username: str) -> str:
    """The key of a name: its folding without spaces. Two names with the same key are the same.

    No name has a space, but folding a compatibility form can make one.
    """
    return "".join(fold(username).split())
