"""What search compares: the folding of a text, written the way in which people also type it.

Persian writes an ending or a prefix of a verb joined, apart, or with a non-joiner between:
کتابها, کتاب ها and کتاب‌ها are one word. The folding takes the non-joiner away. Here the space
goes too, so that all three have one key. In a key a run of spaces is one space.

Nobody can say by its letters alone that a compound is one: نرم‌افزار is also written نرم افزار, but
گل زرد are two words. There the non-joiner itself says it. So a text that has one is looked for in
both ways (`text_key`), and so is a query that has one (`keys_of`). The same holds for the ی that
stands after an ه in the place of a hamza: خانه‌ی ما is also خانهٔ ما and خانه ما.

A text is found by a query where a key of the query stands somewhere in the text's key. So half of
a word finds it too.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from unicodedata import combining, normalize

from chat.text.folding import fold
from chat.text.persian import BEFORE_PREFIXES, ENDINGS, LETTER, PAIRS, PREFIXES
from chat.text.respelling import respelt

NON_JOINER = "\u200c"
NOTHING = "\u2060"
"""It goes in the folding, and no space takes its place."""
HEAD = re.compile(f"{LETTER}*")
TAIL = re.compile(f"{LETTER}*$")
EDGE = 9
"""Letters at an end of a word, more than any word of these lists has."""
OF_PREFIX, OF_VERB, OF_ENDING, OF_PAIR = 1, 2, 4, 8
"""Why a space goes: a bit that the word before it has, and the one behind it."""


def _reasons(known: dict[str, int], side: int) -> dict[str, int]:
    for place, pair in enumerate(PAIRS):
        for word in pair[side]:
            known[word] = known.get(word, 0) | OF_PAIR << place
    return known


BEFORE = _reasons(dict.fromkeys(PREFIXES, OF_PREFIX) | dict.fromkeys(BEFORE_PREFIXES, OF_VERB), 0)
BEHIND = _reasons(dict.fromkeys(ENDINGS, OF_ENDING), 1)
LATER = BEHIND | dict.fromkeys(["می", "نمی"], OF_VERB)
"""What half a word may become."""
YE_OF_HE = re.compile(f"(?<=[هةەۀہۃ])[{NON_JOINER} ][یيى](?!{LETTER})")
Word = tuple[str, int, int]
"""A folded word, and why the spaces behind it and before it may go."""
KEYS_MOST = 8
"""Each takes time in each text that is looked through."""
KEPT_QUERIES = 100
"""The keys of one are asked for with each message in which it is marked."""
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
    """What a query is looked for as.

    The key of a key is the key itself. It takes some microseconds for a usual message.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    made, before = list[str](), 0
    for word in text.split():
        for folded, left, right in _word(word) if len(word) <= KEPT_LENGTH else _fold_word(word):
            if made and not before & right:
                made.append(" ")
            made.append(folded)
            before = left
    return "".join(made)


def text_key(text: str) -> str:
    """What is stored of a text for search: its key, and on a second line the key that it has with
    spaces for its non-joiners, where that is another one. No query has a line's end.
    """
    key = key_of(text)
    apart = None if text.isascii() else _apart(text)
    if apart is None or (other := key_of(apart)) == key:
        return key
    return f"{key}\n{other}"


@lru_cache(KEPT_QUERIES)
def keys_of(query: str) -> tuple[str, ...]:
    """What a query is looked for as: its key, and others that its writer may mean.

    With a non-joiner it may be two words. The last word may be half of one: کتاب ه becomes کتاب ها,
    and این که becomes این کهنه. Some words have further spellings (`chat.text.respelling`). There
    are at most KEYS_MOST.
    """
    apart = _apart(query)
    ways = [query] if apart is None else [query, apart]
    keys = dict.fromkeys(key for way in ways for key in (key_of(way), _half_typed(way)))
    others = [other for key in keys for other in respelt(key)]
    return tuple(dict.fromkeys([*keys, *others]))[:KEYS_MOST]


def _apart(text: str) -> str | None:
    """A text in the other way, if it has one. Each letter stays at its place."""
    other = YE_OF_HE.sub(2 * NOTHING, text).replace(NON_JOINER, " ")
    return None if other == text else other


def _half_typed(query: str) -> str:
    """The key in which the last space is there or not, as it may turn out."""
    folded = " ".join(_folded(query).split())
    last = folded.rfind(" ")
    if last < 0:
        return key_of(query)
    gone = spaces_that_go(folded)
    before, _ = _ends(folded[:last].rpartition(" ")[2])
    half = folded[last + 1 :]
    if last in gone:
        gone.discard(last)
    elif any(before & bits and one.startswith(half) for one, bits in LATER.items()):
        gone.add(last)
    return "".join(one for place, one in enumerate(folded) if place not in gone)


def spaces_that_go(folded: str) -> set[int]:
    """The places of the spaces in a folded text that another writer would leave out."""
    found, place, before = set(), -1, 0
    for word in folded.split(" "):
        left, right = _ends(word)
        if before & right:
            found.add(place)
        place += 1 + len(word)
        before = left
    return found


def _fold_word(word: str) -> tuple[Word, ...]:
    """The folding of a word, which seldom is more than one word.

    No folding changes a word by the words beside it.
    """
    return tuple((one, *_ends(one)) for one in _folded(word).split())


def _ends(word: str) -> tuple[int, int]:
    """Why the space behind a folded word may go, and why the one before it may."""
    return _of_edges(word[-EDGE:], word[:EDGE])


@lru_cache(KEPT_WORDS)
def _of_edges(last_letters: str, first_letters: str) -> tuple[int, int]:
    tail, head = TAIL.search(last_letters), HEAD.match(first_letters)
    assert tail is not None
    assert head is not None
    last, first = tail[0], head[0]
    left = BEFORE.get(last, 0) | (OF_ENDING if last else 0)
    right = BEHIND.get(first, 0) | (OF_PREFIX if first else 0)
    return left, right | (OF_VERB if first.startswith(("می", "نمی")) else 0)


_word = lru_cache(KEPT_WORDS)(_fold_word)
"""People use the same words again and again."""


def _folded(text: str) -> str:
    folded = fold(text)
    return folded if SOME_SIGN.isdisjoint(folded) else folded.translate(SIGNS)


_letter = lru_cache(KEPT_LETTERS)(_folded)
"""A letter with its marks."""


def matches(text: str, query: str) -> list[tuple[int, int]]:
    """Where the query stands in the text: half-open ranges of code points, in order.

    Ranges do not overlap. A letter belongs to a range with all of its marks.
    """
    wanted = [key for key in keys_of(query) if key]
    found = sorted({place for way in (text, _apart(text)) for place in _places(way, wanted)})
    apart: list[tuple[int, int]] = []
    for place in found:
        if not apart or place[0] >= apart[-1][1]:
            apart.append(place)
    return apart


def _places(text: str | None, wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
    if text is None or not wanted:
        return
    key, places = _mapped(text)
    for one in wanted:
        at = key.find(one)
        while at >= 0:
            end = at + len(one)
            yield places[at][0], places[end - 1][1]
            at = key.find(one, end)


def _mapped(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The key, and for each of its characters the range of the text that it stands for."""
    folded = _letter_by_letter(text)
    if folded is not None:
        places = [(place, place + 1) for place in range(len(folded))]
    else:
        folded, places = _clusters_mapped(text)
    if folded.isascii():
        return folded, places
    gone = spaces_that_go(folded)
    if not gone:
        return folded, places
    kept = [place for place in range(len(folded)) if place not in gone]
    return "".join([folded[place] for place in kept]), [places[place] for place in kept]


def _letter_by_letter(text: str) -> str | None:
    """The folding of a text in which each character stands for itself, as in most; else None."""
    if not all(map(_begins, text)):
        return None
    letters = list(map(_letter, text))
    folded = "".join(letters)
    stands = len(folded) == len(text) and all(letters) and folded == " ".join(folded.split())
    return folded if stands else None


def _clusters_mapped(text: str) -> tuple[str, list[tuple[int, int]]]:
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
    return "".join(characters), places


def _cluster_starts(text: str) -> list[int]:
    """The places at which a new letter begins, but the first. Decomposition moves marks only within
    a letter.

    What chooses the form of a sign stays with it: ❤ is followed by one where it is coloured.
    """
    return [place for place in range(1, len(text)) if _begins(text[place])]


@lru_cache(KEPT_LETTERS)
def _begins(character: str) -> bool:
    return not combining(normalize("NFKD", character)[0]) and character not in FORMS
