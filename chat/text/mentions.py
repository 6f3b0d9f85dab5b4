"""The names that a text mentions: `@ali`, `@ali.reza`, `@علی`.

- `ali@example.org` mentions nobody, because a letter stands before the sign. Neither does the
  address of a page, `https://example.org/@ali`.
- What ends a sentence is no part of a name, unless somebody is called so: of `@ali.` the names are
  `ali.` and then `ali`.
- Persian joins endings to a word with the zero-width non-joiner. So of `@علی‌جان` the names are
  `علی‌جان` and then `علی`.
"""

from chat.text.names import NAME_MAX_LENGTH, NON_JOINER, SIGNS, is_mark, key_of, may_be_in_a_name

MENTIONS_MAX = 50
"""Most different names that count in one text. Later ones are plain text."""
SPELLINGS_MAX = 8
"""Most names that one mention may stand for."""
TOKEN_MAX = 2 * NAME_MAX_LENGTH
"""A name whose letters and marks are written apart may have more characters than it has stored."""
JOINED = "+-_@/"
"""Together with letters, digits and marks: with one of these before it, the sign is no mention."""

Named = tuple[tuple[str, ...], ...]
"""For each mention, the keys of the names for which it may stand. The first that is one counts."""


def named_in(text: str) -> Named:
    """The mentions of a text, each name once. The work is limited by the text's length."""
    found: dict[tuple[str, ...], None] = {}
    at = text.find("@")
    while at >= 0 and len(found) < MENTIONS_MAX:
        end = at + 1
        if at == 0 or not is_joined(text[at - 1]):
            end = end_of_name(text, at + 1)
            keys = keys_of(text[at + 1 : end])
            if keys:
                found[keys] = None
        at = text.find("@", end)
    return tuple(found)


def is_joined(before: str) -> bool:
    return before.isalnum() or before in JOINED or is_mark(before)


def end_of_name(text: str, start: int) -> int:
    end = start
    most = min(len(text), start + TOKEN_MAX + 1)
    while end < most and may_be_in_a_name(text[end]):
        end += 1
    return end


def keys_of(token: str) -> tuple[str, ...]:
    """The keys of the names for which it may stand, the longest first."""
    if len(token) > TOKEN_MAX:
        return ()
    names = [token, token[:-1] if token.endswith(tuple(SIGNS)) else "", token.rstrip(SIGNS)]
    while len(names) < SPELLINGS_MAX and NON_JOINER in names[-1]:
        names.append(names[-1].rpartition(NON_JOINER)[0].rstrip(SIGNS))
    return tuple(dict.fromkeys(key for key in map(key_of, names) if key))
