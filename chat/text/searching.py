"""What search compares: the folding of a text, written the way in which people also type it.

Persian writes an ending or a prefix of a verb joined, apart, or with a non-joiner between:
کتابها, کتاب ها and کتاب‌ها are one word. The folding takes the non-joiner away. Here the space
goes too, so that all three have one key. In a key a run of spaces is one space.

A text is found by a query where the query's key stands somewhere in the text's key. So half of
a word finds it too.
"""

import re
from functools import lru_cache
from unicodedata import combining, normalize

from chat.text.folding import fold

PREFIXES = "ن?می|بی"
SUFFIXES = "|".join(
    (
        "ها(?:یی|ی)?(?:م|ت|ش|مان|تان|شان)?",
        "تر(?:ین|ی)?(?:ها|های)?",
        "ام|ات|اش|ای|ایم|اید|اند|مان|تان|شان",
        "ی|گر|گری|گاه|مند",
    )
)
LETTER = "[\u0620-\u06ff]"
APART = re.compile(
    f"(?<!{LETTER})(?:{PREFIXES})( )(?={LETTER})|(?<={LETTER})( )(?=(?:{SUFFIXES})(?!{LETTER}))"
)
"""A space that another writer would leave out, as the one group that matched."""
AT_EDGE = re.compile(f"(?<!{LETTER})(?:{PREFIXES})$|^(?:{SUFFIXES})(?!{LETTER})")
"""A word that `APART` may join with the one behind it, or with the one before it."""
KEPT_WORDS = 20_000
KEPT_LENGTH = 24
"""Longer words are rare. Somebody who sends many could otherwise fill the memory."""
KEPT_LETTERS = 4_000
KEPT_MARKS = 4
SIGNS = {
    **str.maketrans("‘’‚‛′", "'" * 5),
    **str.maketrans("“”„«»″", '"' * 6),
    **str.maketrans("", "", "ء"),
}
"""Quotes, among which keyboards and phones choose by themselves; and the hamza that stands alone,
which many leave out: انشاءالله is انشاالله."""
FORMS = frozenset(map(chr, range(0xFE00, 0xFE10)))
SOME_SIGN = frozenset(map(chr, SIGNS))


def key_of(text: str) -> str:
    """What is stored of a text for search, and what a query is looked for as.

    The key of a key is the key itself. It takes some microseconds for a usual message.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    words = [_word(word) if len(word) <= KEPT_LENGTH else _fold_word(word) for word in text.split()]
    folded = " ".join([word for word, _ in words if word])
    return APART.sub(_joined, folded) if any(may for _, may in words) else folded


def _fold_word(word: str) -> tuple[str, bool]:
    """A word's folding, and whether a space before or behind it may be one that goes.

    No folding changes a word by the words beside it.
    """
    folded = " ".join(_folded(word).split())
    return folded, " " in folded or AT_EDGE.search(folded) is not None


_word = lru_cache(KEPT_WORDS)(_fold_word)
"""People use the same words again and again."""


def _folded(text: str) -> str:
    folded = fold(text)
    return folded if SOME_SIGN.isdisjoint(folded) else folded.translate(SIGNS)


_letter = lru_cache(KEPT_LETTERS)(_folded)
"""A letter with its marks."""


def _joined(match: re.Match[str]) -> str:
    return match[0].replace(" ", "")


def matches(text: str, query: str) -> list[tuple[int, int]]:
    """Where the query stands in the text: half-open ranges of code points, in order.

    Ranges do not overlap. A letter belongs to a range with all of its marks.
    """
    wanted = key_of(query)
    if not wanted:
        return []
    key, places = _mapped(text)
    found = []
    at = key.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        found.append((places[at][0], places[end - 1][1]))
        at = key.find(wanted, end)
    return found


def _mapped(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The key, and for each of its characters the range of the text that it stands for."""
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    start = 0
    for end in [*_cluster_starts(text), len(text)]:
        cluster = text[start:end]
        for character in _letter(cluster) if end - start <= KEPT_MARKS else _folded(cluster):
            if not character.isspace():
                characters.append(character)
                places.append((start, end))
            elif characters and characters[-1] != " ":
                characters.append(" ")
                places.append((start, end))
        start = end
    if characters and characters[-1] == " ":
        del characters[-1], places[-1]
    folded = "".join(characters)
    if folded.isascii():
        return folded, places
    gone = {
        match.start(group)
        for match in APART.finditer(folded)
        for group in (1, 2)
        if match[group] is not None
    }
    kept = [place for place in range(len(folded)) if place not in gone]
    return "".join([folded[place] for place in kept]), [places[place] for place in kept]


def _cluster_starts(text: str) -> list[int]:
    """The places at which a new letter begins, but the first. Decomposition moves marks only within
    a letter.

    What chooses the form of a sign stays with it: ❤ is followed by one where it is coloured.
    """
    return [place for place in range(1, len(text)) if _begins(text[place])]


@lru_cache(KEPT_LETTERS)
def _begins(character: str) -> bool:
    return not combining(normalize("NFKD", character)[0]) and character not in FORMS
