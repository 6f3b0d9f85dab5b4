"""The header `Accept-Language`."""

import pytest

from chat.http.languages import accepted


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("en;q=0.1, fa;q=0.9", ["fa", "en"]),
        ("fa-IR, en; q=0.5,de;Q=0.8", ["fa-IR", "de", "en"]),
        ("en;q=0, fa;q=0.000, de", ["de"]),
        ("*, ;q=1, en;q=2, e\0n, en;q=x, fa", ["fa"]),
        ("", []),
    ],
)
def test_languages_come_by_how_much_they_are_liked(header: str, found: list[str]) -> None:
    """What is refused, or is no language, is left out."""
    assert accepted(header) == found
