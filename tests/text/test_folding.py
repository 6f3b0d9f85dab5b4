"""What is the same text to a reader has one folding."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.text.folding import fold

SAME = [
    ("علی", "علي"),
    ("علی", "على"),
    ("کامران", "كامران"),
    ("علی", "عـلـی"),
    ("علی", "عَلِیّ"),
    ("علی‌رضا", "علیرضا"),
    ("آرش", "ارش"),
    ("أحمد", "احمد"),
    ("إیران", "ایران"),
    ("ٱلله", "الله"),
    ("خانهٔ", "خانه"),
    ("خانۀ", "خانه"),
    ("فاطمة", "فاطمه"),
    ("مؤمن", "مومن"),
    ("رئیس", "رییس"),
    ("کاربر۱", "کاربر١"),
    ("کاربر۱", "کاربر1"),
    ("ﻋﻠﯽ", "علی"),
    ("Ali", "aLI"),
    ("STRASSE", "straße"),
    ("İzmir", "izmir"),
    ("ILGIN", "ılgın"),
    ("Åsa", "asa"),
    ("ﬁx", "fix"),
    ("ａｌｉ", "ali"),
    ("ali", "a\u034fli"),
    ("ali", "ali\ufe0f"),
    ("ali", "ali\U000e0100"),
    ("ali", "a\u180bli"),
    ("ali", "ali\u3164"),
    ("ali", "\u115fali"),
    ("ali", "a\u00adli"),
    ("ali", "\ufeffali\u200b"),
    ("שָׁלוֹם", "שלום"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_readers_take_for_the_same_is_the_same(one: str, other: str) -> None:
    """Forms, letter case, keyboards, marks, digits and what shows nothing do not count."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("علی", "عالی"),
        ("بار", "پار"),
        ("گل", "کل"),
        ("زن", "ژن"),
        ("کاربر1", "کاربر2"),
        ("कुल", "कल"),
        ("มา", "ม"),
        ("กิน", "กน"),
        ("かき", "かぎ"),
        ("ali", "aly"),
    ],
)
def test_what_readers_tell_apart_stays_apart(one: str, other: str) -> None:
    """Letters that only resemble each other, and marks that are vowels or consonants."""
    assert fold(one) != fold(other)


def test_every_decimal_digit_becomes_ascii() -> None:
    """Persian, Arabic, Hindi, full width."""
    assert fold("۰۱۲۳۴۵۶۷۸۹") == "0123456789"
    assert fold("٠١٢٣٤٥٦٧٨٩") == "0123456789"
    assert fold("१２𝟛") == "123"


def test_each_character_is_folded_to_its_end() -> None:
    """Of all of Unicode: folding a folded text changes nothing, and leaves no capital."""
    for code in [*range(0xD800), *range(0xE000, 0x110000)]:
        character = chr(code)
        folded = fold(character)
        assert fold(folded) == folded, hex(code)
        assert not any(category(one) in ("Cf", "Me") for one in folded), hex(code)


@given(st.text(max_size=20))
def test_a_folded_text_stays_as_it_is(text: str) -> None:
    """So what is stored folded can be compared with what is asked, folded once."""
    assert fold(fold(text)) == fold(text)
