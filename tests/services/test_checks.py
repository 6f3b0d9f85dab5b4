"""Rules for text, whoever sends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import InvalidInput
from chat.services import checks


@pytest.mark.parametrize(
    "name", ["ali", "علی", "a.b@c+d-e_f", "अनिल", "علی\u200cرضا", "x" * 150, "用户1"]
)
def test_names_of_any_script_are_allowed(name: str) -> None:
    """Letters, their marks and digits of all languages, and five signs."""
    assert checks.username(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "a b", "a\n", "a\u200bb", "\u200cab", "ab\u200c", "a/b", "😀", "x" * 151, "\0"),
        *("ali\u034f", "ali\ufe0f", "ali\U000e0100", "ali\u180b", "a\u3164li", "ali\ufeff"),
        *("\u3164", "\u115f", "\u1160", "\uffa0", "\u0301", "\u064e\u0651", "\u093f", "ـ", "ﹰ"),
    ],
)
def test_other_names_are_refused(name: str) -> None:
    """With an error that names the field."""
    with pytest.raises(InvalidInput) as refused:
        checks.username(name)
    assert list(refused.value.fields) == ["username"]


def test_equal_looks_are_equal_text() -> None:
    """A letter and its mark become the one letter that they are."""
    assert checks.username("e\u0301lan") == "\u00e9lan"


@pytest.mark.parametrize(
    "value",
    ["", "  \n", "a\0b", "\ud83d", "x" * 11, "\u200b", "\ufeff \u3164", "\u200f\u2066\u2069"],
)
def test_text_that_cannot_be_kept_is_refused(value: str) -> None:
    """Blank, with a null character or half a surrogate pair, or too long."""
    with pytest.raises(InvalidInput):
        checks.text("content", value, most=10)


@pytest.mark.parametrize("value", ["a\nb", "a\x1bb", "a\u2029b", "a\u202eb", "\u2066a\u2069"])
def test_a_name_that_leaves_its_line_is_refused(value: str) -> None:
    """With an error that names the field."""
    with pytest.raises(InvalidInput) as refused:
        checks.line("title", value, most=10)
    assert list(refused.value.fields) == ["title"]
    assert checks.text("content", value, most=10) == value


def test_the_error_names_the_limit() -> None:
    """And how long the text is."""
    with pytest.raises(InvalidInput) as refused:
        checks.text("content", "x" * 11, most=10)
    assert refused.value.fields == {"content": ["At most 10 characters; this has 11."]}


@given(st.text(max_size=20))
def test_text_comes_back_as_it_is_or_not_at_all(value: str) -> None:
    """Nothing is trimmed or replaced, and what comes back can be encoded."""
    try:
        kept = checks.text("content", value, most=15)
    except InvalidInput:
        return
    assert kept == value
    assert 0 < len(kept.encode().decode()) <= 15


def test_a_password_has_a_least_length() -> None:
    """Spaces count: they are characters like any other."""
    assert checks.password("  a  b  ", least=8)
    with pytest.raises(InvalidInput):
        checks.password("1234567", least=8)


def test_a_key_may_be_absent() -> None:
    """But not blank, and not above its limit."""
    assert checks.key("client_id", None) is None
    assert checks.key("client_id", "k" * 64) == "k" * 64
    for wrong in ("", "k" * 65):
        with pytest.raises(InvalidInput):
            checks.key("client_id", wrong)
