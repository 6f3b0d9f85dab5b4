"""Shows on the terminal, in a few lines, what happens during a run."""

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table

from loadtest.load import Load
from loadtest.report import milliseconds, rates, shown
from loadtest.snapshot import Snapshot

BLOCKS = "▁▂▃▄▅▆▇█"
HISTORY = 40
MIB = 1 << 20


class Progress:
    """Shows each snapshot as it is taken, on a terminal only."""

    def __init__(self, load: Load, name: str) -> None:
        self._load = load
        self._name = name
        console = Console(stderr=True)
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._is_seen = console.is_terminal

    def __enter__(self) -> "Progress":
        if self._is_seen:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_seen:
            self._live.stop()

    def show(self, snapshots: Sequence[Snapshot]) -> None:
        if self._is_seen and len(snapshots) > 1:
            self._live.update(self._panel(snapshots[-HISTORY - 1 :]), refresh=True)

    def _panel(self, recent: Sequence[Snapshot]) -> RenderableType:
        last = recent[-1]
        lines = Table.grid(padding=(0, 2))
        lines.add_column(style="dim")
        lines.add_column(justify="right")
        lines.add_column()
        for title, counts in (
            ("deliveries/s", [one.delivered for one in recent]),
            ("messages/s", [one.acked for one in recent]),
            ("requests/s", [one.requests for one in recent]),
        ):
            if not counts[-1]:
                continue
            speeds = rates(recent, counts)
            lines.add_row(title, shown(speeds[-1]), sparkline(speeds))
        for name, lap in last.laps.items():
            value = f"{milliseconds(lap.p50)}, {milliseconds(lap.p99)}"
            lines.add_row(f"{name} p50, p99", value, milliseconds(lap.maximum) + " at most")
        for side, before, now in (
            ("server", recent[-2].server, last.server),
            ("loader", recent[-2].loader, last.loader),
        ):
            if before is not None and now is not None:
                share = (now.cpu - before.cpu) / (last.at - recent[-2].at)
                lines.add_row(side, f"{share:.0%}", f"{now.memory / MIB:,.0f} MiB")
        lines.add_row("sockets", f"{last.sockets:,}", self._measured(last))
        return Panel(lines, title=f"{self._name}: {last.phase}", expand=False)

    def _measured(self, last: Snapshot) -> RenderableType:
        """How much of the measured time is over."""
        if last.phase != "measuring":
            return ""
        began = next(one.at for one in self._load.snapshots if one.phase == "measuring")
        return ProgressBar(self._load.seconds, last.at - began, width=HISTORY)


def sparkline(values: Sequence[float]) -> str:
    top = max(values)
    if not top:
        return BLOCKS[0] * len(values)
    return "".join(BLOCKS[round(value / top * (len(BLOCKS) - 1))] for value in values)
