"""Other keys of a query, for words whose spellings one key does not join.

A text's key says where its non-joiners are (`chat.text.searching`), but not that a space is missing
where no non-joiner is needed. So a query is also looked for as it is spelt here:

1. A compound with و: گفت و گو is also گفت‌وگو, گفت وگو and گفتوگو. By their letters alone nobody can
   tell those from two words (مرد و زن is not مرد وزنه‌بردار), so they are listed.
2. A word that comes twice: رو به رو is also روبه‌رو, and رو در رو is رودررو.
3. An ending behind a Latin word or a number: iPhone های is also iPhoneهای.
"""

import re

from chat.text.persian import COMPOUNDS, ENDINGS, LETTER

LISTED = "|".join(
    f"{first} ?و ?{second}" for first, seconds in COMPOUNDS.items() for second in seconds
)
AND = re.compile(f"(?<!{LETTER})(?={LISTED})({'|'.join(COMPOUNDS)}) ?و ?")
LINK = "(به|در|تا)"
TWICE_APART = re.compile(f"(?<!{LETTER})({LETTER}{{2,5}}) {LINK} (?=\\1)")
TWICE_JOINED = re.compile(f"(?<!{LETTER})({LETTER}{{2,5}}){LINK}(?=\\1)")
BEHIND = f"(?=(?:{'|'.join(one for one in ENDINGS if len(one) > 1)})(?!{LETTER}))"
FOREIGN = f"(?<=[^\\W_])(?<!{LETTER})"
SPELLINGS = (
    (AND, r"\1و"),
    (AND, r"\1 و"),
    (AND, r"\1 و "),
    (TWICE_APART, r"\1\2"),
    (TWICE_JOINED, r"\1 \2 "),
    (re.compile(f"{FOREIGN} {BEHIND}"), ""),
    (re.compile(f"{FOREIGN}{BEHIND}"), " "),
)


def respelt(key: str) -> list[str]:
    """The other keys of a key: one for each way above in which it can be spelt otherwise."""
    if key.isascii():
        return []
    return [other for sign, new in SPELLINGS if (other := sign.sub(new, key)) != key]
