"""Tables as Markdown text."""

from collections.abc import Iterable, Sequence


def as_markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A line a row; the first column to the left, the others, of numbers, to the right."""
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "".join(
        f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in line)}|\n" for line in lines
    )
