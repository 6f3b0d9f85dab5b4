"""python -m loadtest compare [--scenario fanout …] [--peer channels …] [--json FILE] …

Starts each server in turn, on the first core, with a fresh database, and loads it from the second
core. It does so for several rounds, so that whatever else the machine does affects all servers.
The exit status is 1 when Payam lost or doubled a message, or when a goal is not reached.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from loadtest.compare.demands import FIGURES, RUNS
from loadtest.compare.table import as_json, markdown, rows
from loadtest.measurement import LoadFailed, Measurement
from loadtest.measuring import Run, load
from loadtest.peers import PEERS
from loadtest.peers.backing import Backing, backing
from loadtest.peers.installing import CannotInstall
from loadtest.peers.peer import Peer


@dataclass
class Results:
    """`figures` has one mapping per round, by run and peer. `lost` says what Payam did wrong."""

    figures: dict[tuple[str, str], list[Mapping[str, float]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def failed(self, peer: Peer, what: str) -> None:
        self.failures.append(what)
        if peer.target == "payam":
            self.lost.append(what)


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m loadtest compare", description="Measure Payam beside its peers."
    )
    scenarios = sorted({run.scenario for run in RUNS.values()})
    root.add_argument(
        "--scenario", action="append", choices=scenarios, help="only this; may be given again"
    )
    names = [peer.name for peer in PEERS]
    root.add_argument(
        "--peer", action="append", choices=names, help="only this; may be given again"
    )
    root.add_argument("--rounds", type=int, default=3, metavar="N", help="medians are over these")
    root.add_argument("--json", type=Path, metavar="FILE", help="write every round's figures")
    root.add_argument("--markdown", type=Path, metavar="FILE", help="write the table")
    return root


def main(arguments: Sequence[str]) -> int:
    """Run it; returns the exit status."""
    options = parser().parse_args(arguments)
    console = Console(stderr=True)
    peers = [peer for peer in PEERS if not options.peer or peer.name in options.peer]
    runs = {
        name: run
        for name, run in RUNS.items()
        if not options.scenario or run.scenario in options.scenario
    }
    try:
        for peer in peers:
            with console.status(f"Installing {peer.title}"):
                peer.install()
    except CannotInstall as error:
        print(f"loadtest: {peer.title} cannot be installed: {error}", file=sys.stderr)
        return 1
    with backing() as stores:
        results = compare(runs, peers, options.rounds, stores, console)
    table = rows(FIGURES, results.figures)
    titles = {peer.name: peer.title for peer in PEERS}
    text = markdown(table, titles, {peer.name: peer.stores for peer in PEERS})
    if sys.stdout.isatty():
        Console().print(Markdown(text))
    else:
        print(text, end="")
    for failure in results.failures:
        console.print(failure, style="red", highlight=False)
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        rounds = {f"{run}, {peer}": each for (run, peer), each in results.figures.items()}
        whole = {"table": as_json(table), "rounds": rounds, "failures": results.failures}
        options.json.write_text(json.dumps(whole, indent=2) + "\n")
    unmet = [row for row in table if row.within_limit is False]
    unmet += [row for row in table for rival in row.rivals if rival.holds is False]
    return 1 if unmet or results.lost else 0


def compare(
    runs: Mapping[str, Run],
    peers: Sequence[Peer],
    rounds: int,
    stores: Backing,
    console: Console,
) -> Results:
    """Run the rounds. Ctrl-C ends it early, with what was measured until then."""
    results = Results()
    turns = list(in_turn(runs, peers, rounds))
    with suppress(KeyboardInterrupt):
        for number, (name, peer) in enumerate(turns, start=1):
            what = f"{peer.title}, {name}"
            with console.status(f"{number} of {len(turns)}: {what}"):
                try:
                    measured = measure(runs[name], peer, stores)
                except LoadFailed as error:
                    results.failed(peer, f"{what}: {error}")
                    continue
            results.figures.setdefault((name, peer.name), []).append(measured.figures)
            figures = ", ".join(
                f"{key} {measured.figures[key]:.3g}"
                for key in keys_of(name)
                if key in measured.figures
            )
            console.print(f"{what}: {figures}", style="dim", highlight=False, soft_wrap=True)
            for failure in measured.failures:
                results.failed(peer, f"{what}: {failure}")
    return results


def keys_of(run: str) -> list[str]:
    """What is printed of a round: its metrics, and which side was the limit."""
    asked = dict.fromkeys(figure.metric for figure in FIGURES if figure.run == run)
    return [*asked, "server_cpu", "loader_cpu"]


def in_turn(
    runs: Mapping[str, Run], peers: Sequence[Peer], rounds: int
) -> Iterator[tuple[str, Peer]]:
    """Every run with every peer that one of its figures names, the peers one after another."""
    for _ in range(rounds):
        for name in runs:
            figures = [figure for figure in FIGURES if figure.run == name]
            asked = {peer for figure in figures for peer in (figure.subject, *figure.rivals)}
            yield from ((name, peer) for peer in peers if peer.name in asked)


def measure(run: Run, peer: Peer, stores: Backing) -> Measurement:
    """Start the peer, load it, stop it. Raises LoadFailed."""
    try:
        with peer.start(stores, run.crowd) as server:
            os.sync()  # otherwise what the last one left unwritten delays this one's commits
            if peer.measures is not None:
                return peer.measures(server.url, stores.secret)
            return load(run, peer.target, server, stores.secret)
    except AssertionError as error:  # the server did not start or stop as it should
        raise LoadFailed(str(error)) from error
