"""Which names a text mentions."""

import pytest

from chat.text.mentions import MENTIONS_MAX, TOKEN_MAX, named_in

ZWNJ = "\u200c"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@ali", [["ali"]]),
        ("hello @Ali and @SARA!", [["ali"], ["sara"]]),
        ("@ali.reza", [["ali.reza"]]),
        ("thanks, @ali.", [["ali.", "ali"]]),
        ("(@ali)", [["ali"]]),
        ("@ali: @ali", [["ali"]]),
        ("@ali...", [["ali...", "ali..", "ali"]]),
        ("end.@ali", [["ali"]]),
        ("سلام @علي", [["علی"]]),
        ("@عَلی", [["علی"]]),
        ("سلام @علی، خوبی؟", [["علی"]]),
        (f"@علی{ZWNJ}رضا", [["علیرضا", "علی"]]),
        (f"@a{ZWNJ}b{ZWNJ}c", [["abc", "ab", "a"]]),
        ("@۱۲۳", [["123"]]),
        ("@ali@example.org", [["ali@example.org"]]),
        ("ali@example.org", []),
        ("علی@example.org", []),
        ("a_@ali b-@ali c+@ali", []),
        ("https://example.org/@ali", []),
        ("@@ali", [["@ali"]]),
        ("@", []),
        ("@ @, @. @- a@", [["."], ["-"]]),
        ("\u0301@ali", []),
        ("@" + "x" * (TOKEN_MAX + 1), []),
        ("nobody", []),
    ],
)
def test_names(text: str, named: list[list[str]]) -> None:
    """Each with the spellings for which it may stand, the longest first."""
    assert [list(one) for one in named_in(text)] == named


def test_only_so_many_names_count() -> None:
    """And each of them once."""
    text = " ".join(f"@u{number % 60}" for number in range(200))
    assert named_in(text) == tuple((f"u{number}",) for number in range(MENTIONS_MAX))


@pytest.mark.parametrize("piece", ["@", "@a", "@a ", "@a.", f"@a{ZWNJ}", "@\u0301"])
def test_a_long_text_has_few_names(piece: str) -> None:
    """However it is made, what has to be looked up is limited."""
    named = named_in(piece * 5_000)
    assert len(named) <= MENTIONS_MAX
    assert all(len(spellings) <= 8 for spellings in named)
