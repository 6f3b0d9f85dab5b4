"""The page of a report: whole, well formed, and in need of nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from loadtest.plots import linear, logarithmic
from tests.loadtest.conftest import Run

VOID = {"meta", "br", "link", "img"}
OPTIONAL = {"html"}
DRAWN = {
    "fanout": {"Latency by percentile", "Latency over time", "Deliveries per second"},
    "rest": {"Latency by percentile", "Latency: upload", "Requests per second"},
    "storm": {"Latency: delivery", "Latency: return", "Memory, MiB"},
}
SMALL = {
    "fanout": "--receivers 3 --seconds 0.8",
    "rest": "--connections 2 --page 2 --seconds 0.2",
    "storm": "--sockets 8 --missed 2 --at-once 1",
}


class Balance(HTMLParser):
    """Keeps which elements are open, and every attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("scenario", SMALL)
def test_a_page_is_well_formed_and_needs_nothing_else(
    scenario: str, run: Run, tmp_path: Path
) -> None:
    """Expected: every element closed, every plot XML, nothing that is loaded from elsewhere."""
    file = tmp_path / "page.html"
    run(scenario, *SMALL[scenario].split(), "--html", str(file))
    text = file.read_text(encoding="utf-8")
    page = Balance()
    page.feed(text)
    page.close()
    assert page.open == []
    assert not {name for name, _ in page.attributes} & {"src", "href", "srcset", "data"}
    assert not re.search(r"@import|url\(|fetch\(|import\(", text)
    plots = re.findall(r"<svg.*?</svg>", text)
    titles = {fromstring(plot).attrib["aria-label"] for plot in plots}  # noqa: S314 - it is ours
    assert titles >= DRAWN[scenario]
    assert "nan" not in "".join(plots).lower()
    assert "all " in text
    assert "delivered, once and in order" in text


@pytest.mark.parametrize("high", [0, 0.3, 1, 4, 99, 1_234_567])
def test_a_linear_axis_holds_its_values_at_round_ticks(high: float) -> None:
    """Expected: from nought to no less than the highest, in two to seven ticks."""
    axis = linear(high, str)
    assert axis.low == 0
    assert axis.high >= high
    assert 2 <= len(axis.ticks) <= 7


@pytest.mark.parametrize(
    ("low", "high"), [(1e-6, 1e-6), (0.001, 0.001), (0.0023, 0.0456), (0.001, 60), (1e-6, 600)]
)
def test_a_logarithmic_axis_holds_its_values(low: float, high: float) -> None:
    """Expected: both within it, one after the other, and few ticks, none of them outside."""
    axis = logarithmic(low, high, str)
    assert axis.low <= low <= high <= axis.high
    assert axis.low < axis.high
    assert 1 <= len(axis.ticks) <= 10
    assert axis.low <= min(axis.ticks) <= max(axis.ticks) <= axis.high
    assert 0 <= axis.share(low) <= axis.share(high) <= 1
