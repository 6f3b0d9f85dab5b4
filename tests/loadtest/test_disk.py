"""The disk's own syncs: how many were timed, and what becomes of the file."""

from pathlib import Path

import pytest

from loadtest.__main__ import main


def test_every_sync_is_timed_and_the_file_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: as many as the rate and the time make, with the figures in one line."""
    command = ["disk", "--folder", str(tmp_path), "--rate", "200", "--seconds", "0.1"]
    assert main(command, {}) == 0
    told = capsys.readouterr().out
    assert told.startswith("20 syncs of 8192 bytes, 200 a second: p50 ")
    assert told.endswith(" ms\n")
    assert list(tmp_path.iterdir()) == []
