"""An answer as one SVG file, without other files, light or dark as the reader's system is."""

from html import escape
from textwrap import wrap

from loadtest.growth.answer import Answer
from loadtest.plots import LETTER_WIDTH, Plot, style

WIDTH, HEIGHT = 760, 280
"""The size of a plot. The picture is as wide as a plot."""
MARGIN = 20
LINE = 20
LETTERS = 108
"""Most letters of a line of small text."""
OWN_STYLE = """
text { font: 14px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
.ground-card { fill: var(--card); stroke: var(--line); }
.title { fill: var(--ink); font-size: 17px; font-weight: 600; }
.about { fill: var(--soft); font-size: 13px; }
.panel { fill: var(--ink); font-weight: 600; }
.key { fill: var(--colour); }
.legend { fill: var(--soft); }
"""


def picture(answer: Answer) -> str:
    """The title, how it was measured, what the colours mean, and the plots one below another."""
    y = MARGIN + 12
    drawn = [text("title", y, answer.title)]
    for line in wrap(answer.about, LETTERS):
        y += LINE
        drawn.append(text("about", y, line))
    y += LINE + 8
    drawn.append(legend(answer, y))
    y += 10
    for panel in answer.panels:
        if panel.title:
            y += LINE + 6
            drawn.append(text("panel", y, panel.title))
        plot = Plot(panel.title or answer.title, panel.x, panel.y, WIDTH, HEIGHT)
        drawn.append(f'<g transform="translate(0 {y})">{plot.drawing(panel.series)}</g>')
        y += HEIGHT
    height = y + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(answer.title)}">\n'
        f"<style>\n{style()}{OWN_STYLE}</style>\n"
        f'<rect class="ground-card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}"'
        f' rx="10"/>\n{chr(10).join(drawn)}\n</svg>\n'
    )


def text(kind: str, y: int, what: str, x: int = MARGIN) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(what)}</text>'


def legend(answer: Answer, y: int) -> str:
    """Every line's colour once, in a row."""
    names = {one.name: one.colour for panel in answer.panels for one in panel.series}
    x, drawn = MARGIN, []
    for name, colour in names.items():
        square = f'x="{x}" y="{y - 10}" width="11" height="11" rx="2"'
        drawn.append(f'<rect class="key c{colour}" {square}/>{text("legend", y, name, x + 17)}')
        x += 17 + len(name) * LETTER_WIDTH + 14
    return "".join(drawn)
