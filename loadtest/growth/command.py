"""python -m loadtest growth [--only receivers …] [--quick] [--out FOLDER] [--markdown FILE]

Measures how Payam's cost grows, with servers that it starts itself: on the first core, loaded from
the second, once on PostgreSQL and Redis and once on SQLite. The exit status is 1 when Payam lost
or doubled a message, or when something could not be measured.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from loadtest.growth import conversations, memory, messages, receivers, search
from loadtest.growth.answer import Answer
from loadtest.growth.bench import DATABASES, QUICK, Bench, Sizes
from loadtest.growth.picture import picture
from loadtest.markdown import as_markdown
from loadtest.peers.backing import backing

QUESTIONS: Mapping[str, Callable[[Bench], Answer | None]] = {
    "receivers": receivers.ask,
    "conversations": conversations.ask,
    "messages": messages.ask,
    "search": search.ask,
    "memory": memory.ask,
}


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m loadtest growth", description="Measure how Payam's cost grows."
    )
    root.add_argument(
        "--only", nargs="+", choices=QUESTIONS, default=list(QUESTIONS), help="these questions"
    )
    root.add_argument(
        "--database", nargs="+", choices=DATABASES, default=list(DATABASES), help="on these"
    )
    root.add_argument("--minutes", type=float, help="of memory, on each database (60)")
    root.add_argument("--searched", type=int, metavar="N", help="messages for search (5,000,000)")
    root.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    root.add_argument(
        "--out",
        type=Path,
        default=Path("docs/images"),
        metavar="FOLDER",
        help="for the plots, growth-receivers.svg and so on (docs/images)",
    )
    root.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    return root


def main(arguments: Sequence[str]) -> int:
    """Run it; returns the exit status."""
    options = parser().parse_args(arguments)
    sizes = QUICK if options.quick else Sizes()
    if options.minutes is not None:
        sizes = replace(sizes, minutes=options.minutes)
    if options.searched is not None:
        sizes = replace(sizes, searched=options.searched)
    databases = {name: one for name, one in DATABASES.items() if name in options.database}
    console = Console(stderr=True)
    options.out.mkdir(parents=True, exist_ok=True)
    with backing() as stores:
        bench = Bench(stores, databases, sizes, console)
        parts = []
        for answer in answers(bench, options.only):
            file = options.out / f"growth-{answer.name}.svg"
            file.write_text(picture(answer), encoding="utf-8")
            parts.append(section(answer, file, options.markdown))
    text = "\n".join(parts)
    print(text, end="")
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    for failure in bench.failures:
        print(f"loadtest: {failure}", file=sys.stderr)
    return 1 if bench.failures else 0


def answers(bench: Bench, names: Sequence[str]) -> Iterator[Answer]:
    """Answer the questions. Ctrl-C ends it early, with those that were answered until then."""
    with suppress(KeyboardInterrupt):
        for name, ask in QUESTIONS.items():
            if name not in names:
                continue
            try:
                answer = ask(bench)
            except AssertionError as error:  # the server did not start or stop as it should
                bench.failures.append(f"{name}: {error}")
                continue
            if answer is not None:
                yield answer


def section(answer: Answer, file: Path, markdown: Path | None) -> str:
    """A heading, a link to the plot from the file of the tables, and the table."""
    place = os.path.relpath(file, markdown.parent if markdown else Path())
    table = as_markdown(answer.heads, answer.rows)
    return f"### {answer.title}\n\n![{answer.title}]({place})\n\n{answer.about}\n\n{table}"
