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
    heard = capsys.readouterr().out
    assert heard.startswith("20 syncs of 8192 bytes, 200 per second: p50 ")
    assert heard.endswith(" ms\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [("--rate", "0"), ("--seconds", "0"), ("--bytes", "16777216")])
def test_what_cannot_be_measured_is_refused(
    wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: the options and their limits by name, and nothing is done."""
    with pytest.raises(SystemExit):
        main(["disk", *wrong], {})
    assert "--rate and --seconds must be above 0, --bytes from 1" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expected: exit status 2, in one line."""
    nowhere = tmp_path / "nowhere"
    assert main(["disk", "--folder", str(nowhere), "--seconds", "0.1"], {}) == 2
    assert capsys.readouterr().err == f"loadtest: {nowhere}: No such file or directory\n"
