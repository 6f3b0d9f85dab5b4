"""One folding of text: two texts that people take for the same have the same folding.

It serves the uniqueness of names, sign-in and people search. Neither database does this for
Arabic script: their functions leave the letters and marks of Persian as they are.

1. Compatibility forms become plain letters, and letter case goes (NFKD, casefold, NFKD).
   This also parts a letter from its hamza or accent: آ is ا and a mark.
2. Marks that decorate a letter go: harakat, hamza above, accents, Hebrew points. Marks that
   are letters themselves stay: the vowels of Hindi and Thai, the voicing of Japanese.
3. What shows nothing goes: the non-joiner and all other format characters, variation
   selectors, Hangul fillers. The tatweel goes too.
4. Letters that Persian and Arabic keyboards write differently become one: ي ى → ی, ك → ک,
   ة ە → ه. The Turkish ı becomes i.
5. Every decimal digit becomes ASCII: ۱ and ١ are 1.
"""

from unicodedata import category, combining, decimal, normalize

from chat.text.visibility import is_ignorable

TATWEEL = 0x0640
VARIANTS = {
    "ي": "ی",
    "ى": "ی",
    "ے": "ی",
    "ك": "ک",
    "ڪ": "ک",
    "ة": "ه",
    "ە": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ۃ": "ه",
    "ٱ": "ا",
    "ı": "i",
}
"""Letters that sound and look the same, and that keyboards of the region write differently."""


class _Table(dict[int, str | None]):
    """What each code point becomes. An entry is computed when its code point first comes.

    The table can become as large as Unicode; texts of one language need a few hundred entries.
    """

    def __missing__(self, code: int) -> str | None:
        folded = self[code] = _folded(chr(code))
        return folded


def _folded(character: str) -> str | None:
    """What a character of a decomposed, casefolded text becomes; None if it is removed."""
    if ord(character) == TATWEEL or is_ignorable(character):
        return None
    kind = category(character)
    if kind in ("Cf", "Me") or (kind == "Mn" and _decorates(character)):
        return None
    digit = decimal(character, None)
    if digit is not None:
        return str(digit)
    return VARIANTS.get(character, character)


def _decorates(mark: str) -> bool:
    """Whether a mark only decorates a letter, by its combining class (Unicode, chapter 4.3).

    Classes 10 to 36 are the points of Hebrew, Arabic and Syriac. Classes from 200 on are the
    accents over, under and beside a letter. Class 1 is a stroke through it. The other classes
    are parts of a letter: 0 the vowels of Hindi, 8 the voicing of kana, 9 the virama, 103 the
    vowels of Thai.
    """
    place = combining(mark)
    return place == 1 or 10 <= place <= 36 or place >= 200


_table = _Table()


def fold(text: str) -> str:
    """Fold a text. Two texts that people take for the same have the same folding.

    Folding a folded text changes nothing. The time grows with the length of the text, by about
    a fiftieth of a microsecond per character. So limit the length first.
    """
    if text.isascii():
        return text.lower()
    return normalize("NFKD", normalize("NFKD", text).casefold()).translate(_table)
