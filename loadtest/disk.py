"""python -m loadtest disk [--folder .] [--rate 10] [--seconds 60] [--bytes 8192]

Measures how long the disk alone takes to sync what was written, without any server. A server that
acknowledges only what is on the disk cannot be faster. Its slowest message takes at least as long
as the disk's slowest sync.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from loadtest.histogram import Histogram, Latencies

LOG_BYTES = 16 << 20
"""After so many bytes writing begins again at the start of the file, as databases do with logs."""
MILLISECOND = 1e-3


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="python -m loadtest disk", description="Time the disk's own syncs."
    )
    root.add_argument("--folder", type=Path, default=Path(), help="on the disk in question (.)")
    root.add_argument("--rate", type=float, default=10.0, help="syncs per second (10)")
    root.add_argument("--seconds", type=float, default=60.0, help="measured (60)")
    root.add_argument("--bytes", type=int, default=8192, help="written before each sync (8192)")
    return root


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status: 0, or 2 when it could not be measured."""
    options = parser().parse_args(arguments)
    if options.rate <= 0 or options.seconds <= 0 or not 0 < options.bytes < LOG_BYTES:
        parser().error(f"--rate and --seconds must be above 0, --bytes from 1 to {LOG_BYTES - 1}")
    try:
        latencies = syncs(options.folder, options.rate, options.seconds, options.bytes)
    except OSError as error:
        print(f"loadtest: {options.folder}: {error.strerror}", file=sys.stderr)
        return 2
    parts = [f"p{percent:g} {value / MILLISECOND:.3g}" for percent, value in latencies.percentiles]
    print(
        f"{latencies.count:,} syncs of {options.bytes} bytes, {options.rate:g} per second:"
        f" {', '.join(parts)}, most {latencies.maximum / MILLISECOND:.3g} ms"
    )
    return 0


def syncs(folder: Path, rate: float, seconds: float, size: int) -> Latencies:
    """Measure each sync from the time at which it was due. So a stall counts for every sync that
    it delayed.
    """
    histogram = Histogram()
    block = os.urandom(size)
    with NamedTemporaryFile(dir=folder) as file:
        log = file.fileno()
        os.posix_fallocate(log, 0, LOG_BYTES)
        os.pwrite(log, bytes(LOG_BYTES), 0)
        os.fsync(log)
        began = time.perf_counter()
        for number in range(max(1, int(rate * seconds))):
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            os.pwrite(log, block, number * size % (LOG_BYTES - size))
            os.fdatasync(log)
            histogram.record(time.perf_counter() - due)
    latencies = histogram.latencies()
    assert latencies is not None
    return latencies
