"""Keys of search: one for all spellings of a word, and the way back into the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.text.folding import fold
from chat.text.searching import (
    KEYS_MOST,
    SIGNS,
    key_of,
    keys_of,
    matches,
    spaces_that_go,
    text_key,
)

TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("می روم‌کتاب ها ترین ۀةيكٱأ َّ٥۵ßẞİıſ\n\u0301éﻻﷲﬁ½ء’«ς\u200d👩❤\ufe0f"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    "spellings",
    [
        ("می‌روم", "می روم", "میروم", "مي‌روم"),
        ("نمی‌دانم", "نمی دانم", "نمیدانم"),
        ("کتاب‌ها", "کتاب ها", "کتابها", "كتاب‌ها"),
        ("کتاب‌های", "کتاب های", "کتابهای"),
        ("بزرگ‌ترین", "بزرگ ترین", "بزرگترین"),
        ("خانه‌ام", "خانه ام", "خانهام"),
        ("ساعت ۱۲:۳۰", "ساعت 12:30", "ساعت  ١٢:٣٠"),
        ("Straße", "STRASSE", "strasse"),
        ("İstanbul", "istanbul", "ıstanbul"),
    ],
)
def test_spellings_of_one_word_have_one_key(spellings: tuple[str, ...]) -> None:
    """The first is found by each of the others, and each by it."""
    assert len({key_of(one) for one in spellings}) == 1


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("سلام دنیا، سلام", "سلام", ["سلام", "سلام"]),
        ("می روم و میروم و می‌روم", "میروم", ["می روم", "میروم", "می‌روم"]),
        ("سَلامٌ علیکم", "سلام", ["سَلامٌ"]),
        ("کتاب  ها", "کتابها", ["کتاب  ها"]),
        ("Die Straße", "strasse", ["Straße"]),
        ("کافي‌شاپ", "کافیشاپ", ["کافي‌شاپ"]),
        ("aaaa", "aa", ["aa", "aa"]),
        ("نیک تاب", "کتاب", []),
        ("گل", "کل", []),
        ("سلام", " ‌ ", []),
        ("ﻻ إله", "لا", ["ﻻ"]),
        ("ﻻ إله", "ا اله", ["ﻻ إله"]),
        ("say ﬁne", "ne", ["ne"]),
        ("say ﬁne", "in", ["ﬁn"]),
        ("Maßstab", "ss", ["ß"]),
        ("Maßstab", "sst", ["ßst"]),
        ("½ لیتر", "2", ["½"]),
        ("👨\u200d👩\u200d👧 ما", "👩", ["👩"]),
        ("خوبم ❤\ufe0f", "❤", ["❤\ufe0f"]),
        ("İstanbul", "ist", ["İst"]),
        ("don’t", "n't", ["n’t"]),
        ("انشاءالله", "شاا", ["شاءا"]),
        ("نرم‌افزار و نرم افزار", "نرم افزار", ["نرم‌افزار", "نرم افزار"]),
        ("نرم‌افزار و نرم افزار", "نرم‌افزار", ["نرم‌افزار", "نرم افزار"]),
        ("نرم‌افزار و نرم افزار", "نرمافزار", ["نرم‌افزار"]),
        ("خانه‌ی ما، خانه ی ما", "خانهٔ ما", ["خانه‌ی ما", "خانه ی ما"]),
        ("کتاب ها", "کتاب ه", ["کتاب ه"]),
        ("گفت‌وگو و گفت و گو", "گفت و گو", ["گفت‌وگو", "گفت و گو"]),
        ("روبه‌رو و رو به رو", "رو‌به‌رو", ["روبه‌رو", "رو به رو"]),
        ("iPhoneهای نو، iPhone های نو", "iphone های", ["iPhoneهای", "iPhone های"]),
    ],
)
def test_matches_are_ranges_of_the_text_itself(text: str, query: str, found: list[str]) -> None:
    """As they are written there, with marks and non-joiners."""
    assert [text[start:end] for start, end in matches(text, query)] == found


@given(TEXTS)
def test_words_are_folded_alone_as_they_are_in_the_text(text: str) -> None:
    """And endings are joined wherever the whole text says so."""
    whole = " ".join(fold(text).translate(SIGNS).split())
    gone = spaces_that_go(whole)
    assert key_of(text) == "".join(one for at, one in enumerate(whole) if at not in gone)


@given(TEXTS)
def test_the_key_of_a_key_is_itself(text: str) -> None:
    """So a query may be a piece of a key."""
    assert key_of(key_of(text)) == key_of(text)


@given(TEXTS, st.data())
def test_a_text_matches_wherever_its_key_says_so(text: str, data: st.DataObject) -> None:
    """A query found in the key has a range, within the text; one not found has none."""
    query = data.draw(TEXTS)
    found = matches(text, query)
    wanted = [key for key in keys_of(query) if key]
    assert bool(found) == any(key in text_key(text) for key in wanted)
    ends = [0, *[point for one in found for point in one], len(text)]
    assert ends == sorted(ends)
    for start, end in found:
        here = text_key(text[start:end]).replace(" ", "")
        assert any(key.replace(" ", "") in here for key in wanted)


def test_a_query_with_many_spellings_is_looked_for_in_a_few() -> None:
    """Its own are the first. All of them are looked for in each text."""
    query = "گفت‌وگو رو به رو سروصدا pdf ها 60ام کتاب ه"
    keys = keys_of(query)
    assert len(keys) == len(set(keys)) == KEYS_MOST
    assert keys[0] == key_of(query)
    assert keys_of("سلام دنیا") == ("سلام دنیا",)
