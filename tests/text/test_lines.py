"""Names that stand within one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.text.lines import is_one_line, one_line

ALI = "علی\u200cرضا \u200f(نو\u200e)"


@pytest.mark.parametrize("name", ["", "The way home", ALI, "👩\u200d🚀 2", "a\u00ada"])
def test_what_people_write_stays(name: str) -> None:
    """With the joiners and the marks of direction that keyboards write."""
    assert is_one_line(name)
    assert one_line(name) == name


@pytest.mark.parametrize("sign", [*map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029])])
def test_what_breaks_the_line_becomes_a_space(sign: str) -> None:
    """However many of them there are."""
    assert not is_one_line(f"a{sign}b")
    assert one_line(f"{sign}a {sign}\n{sign}b{sign}") == "a b"


@pytest.mark.parametrize("sign", [*map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])])
def test_what_turns_the_direction_is_left_out(sign: str) -> None:
    """It would turn what stands after the name, too."""
    assert not is_one_line(f"photo{sign}gpj.exe")
    assert one_line(f"photo{sign}gpj.exe{sign}") == "photogpj.exe"


@given(st.text())
def test_any_text_becomes_one_line(text: str) -> None:
    """And stays it."""
    line = one_line(text)
    assert is_one_line(line)
    assert one_line(line) == line
