"""Which texts are one emoji."""

import emoji as unicode_emoji
import pytest

from chat.text.emoji import MOST_CHARACTERS, known, written_in_full


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("👍", "👍"),
        ("👍🏽", "👍🏽"),
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("#⃣", "#️⃣"),
        ("5️⃣", "5️⃣"),
        ("🇮🇷", "🇮🇷"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("👁‍🗨", "👁️‍🗨️"),
        ("👁️‍🗨️", "👁️‍🗨️"),
        ("🧑🏿‍❤️‍💋‍🧑🏻", "🧑🏿‍❤️‍💋‍🧑🏻"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("©", "©️"),
    ],
)
def test_an_emoji_is_written_in_full(text: str, full: str) -> None:
    """With the selectors that Unicode gives it, wherever the keyboard has put them."""
    assert written_in_full(text) == full


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "1", "#", "👍👍", "👍 ", "👍a", "👍\u200d👎", "👍\u200d", "👍\u0301"),
        *("🇮", "🇽🇽", "🇮🇷🇮🇷", "🏽", "\u200d", "\ufe0f", "❤\ufe0e", "👍" * 9),
    ],
)
def test_another_text_is_none(text: str) -> None:
    assert written_in_full(text) is None


def test_the_list_is_unicodes() -> None:
    """Every emoji of the package, in each of its spellings; and none is longer than allowed."""
    full = unicode_emoji.STATUS["fully_qualified"]
    all_ = {text: one["status"] for text, one in unicode_emoji.EMOJI_DATA.items()}
    assert set(known().values()) == {text for text, status in all_.items() if status == full}
    component = unicode_emoji.STATUS["component"]
    for text, status in all_.items():
        assert (written_in_full(text) is None) == (status == component), text
    assert max(map(len, all_)) <= MOST_CHARACTERS
