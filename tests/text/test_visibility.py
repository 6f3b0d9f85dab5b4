"""Whether a text shows anything."""

import pytest

from chat.text.visibility import is_blank


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\u200b",
        "\ufeff",
        "\u3164",
        "\u115f\u1160",
        "\uffa0",
        "\u200c\u200d\u200e\u200f",
        "\u2060\u00ad",
        "\ufe0f",
        "\U000e0100",
        "\U000e0020\U000e007f",
        "\u034f",
        "\u180b\u180e",
        "\u2800",
        "\u2003\u3000\u00a0",
        "\x01\x7f\x85",
        "\u2066\u2069",
    ],
)
def test_what_shows_nothing_is_blank(text: str) -> None:
    """Spaces, controls, fillers, joiners, marks of direction, selectors, alone or together."""
    assert is_blank(text)
    assert is_blank(text * 3)
    assert not is_blank(f"{text}س{text}")


@pytest.mark.parametrize("text", ["a", "۱", ".", "❤️", "👨‍👩‍👧", "می‌روم", "ـ", "\u0600"])
def test_what_shows_something_is_not(text: str) -> None:
    """One character that shows is enough, whatever stands around it."""
    assert not is_blank(text)
