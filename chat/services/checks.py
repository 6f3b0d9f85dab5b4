"""Rules for text that clients send, the same over HTTP and websockets.

Each function raises InvalidInput, which names the field and the limit.
"""

from unicodedata import normalize

from chat.auth import passwords, tokens
from chat.errors import InvalidInput
from chat.services.malformed import HALF_PAIR
from chat.text.folding import fold
from chat.text.lines import is_one_line
from chat.text.names import NAME_MAX_LENGTH, NON_JOINER, is_mark, may_be_in_a_name
from chat.text.visibility import is_blank

USERNAME_MAX_LENGTH = NAME_MAX_LENGTH
PASSWORD_MAX_LENGTH = passwords.PASSWORD_MAX_LENGTH
TOKEN_MAX_LENGTH = tokens.MOST_CHARACTERS
TITLE_MAX_LENGTH = 200
DISPLAY_NAME_MAX_LENGTH = 100
SUBJECT_MAX_LENGTH = 200
REASON_MAX_LENGTH = 1_000
KEY_MAX_LENGTH = 64
APP_ID_MAX_LENGTH = 64
PUSHKEY_MAX_LENGTH = 512


def short(field: str, value: str, most: int) -> None:
    """Refuse a long text. Call this before any other work on the text, because a client may
    send as much as a whole body.
    """
    if len(value) > most:
        raise too_long(field, value, most)


def too_long(field: str, value: str, most: int) -> InvalidInput:
    return InvalidInput({field: [f"At most {most} characters; this has {len(value)}."]})


def text(field: str, value: str, *, most: int, least: int = 1) -> str:
    """Return `value` unchanged, if its length is allowed and both databases can store it."""
    if len(value) > most:
        raise too_long(field, value, most)
    if "\0" in value:
        raise InvalidInput({field: ["May not contain the null character."]})
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput({field: [HALF_PAIR]}) from None
    if least and is_blank(value):
        raise InvalidInput({field: ["May not be blank."]})
    return value


def line(field: str, value: str, *, most: int, least: int = 1) -> str:
    """Return `value` unchanged, if it can stand within a line of others."""
    text(field, value, most=most, least=least)
    if not is_one_line(value):
        raise InvalidInput({field: ["One line, without signs that turn the direction of writing."]})
    return value


def username(value: str) -> str:
    """Return the name in its composed form (NFC), so that names that look the same are equal."""
    name = normalize("NFC", text("username", value, most=USERNAME_MAX_LENGTH))
    # Persian names have the non-joiner in them. It does not make two names different.
    is_framed = name.startswith(NON_JOINER) or name.endswith(NON_JOINER)
    if is_framed or not all(may_be_in_a_name(c) for c in name):
        raise InvalidInput({"username": ["Letters, digits and the characters . @ + - _ only."]})
    if all(c.isspace() or is_mark(c) for c in fold(name)):
        raise InvalidInput({"username": ["Marks alone are no name."]})
    return name


def display_name(value: str, field: str = "display_name") -> str:
    """Return the name that is shown, which may be empty."""
    return line(field, value, most=DISPLAY_NAME_MAX_LENGTH, least=len(value))


def password(value: str, *, least: int, field: str = "password") -> str:
    if len(value) < least:
        raise InvalidInput({field: [f"At least {least} characters."]})
    return text(field, value, most=PASSWORD_MAX_LENGTH, least=0)


def key(field: str, value: str | None) -> str | None:
    """Check a `client_id`, an `Idempotency-Key` or a `ref`; None stays None."""
    return None if value is None else text(field, value, most=KEY_MAX_LENGTH)
