"""Attachments' files: whole and on the disk, or not there at all."""

import asyncio
import os
import resource
import shutil
import signal
import stat
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from chat.errors import TooLarge, Unavailable
from chat.media.inspector import Inspector
from chat.store.attachments import StoredFile
from chat.store.files import ABANDONED, Files

NOW = 1_700_000_000.0
MOST = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "attachments"


@pytest.fixture
def files(folder: Path) -> Files:
    files = Files(folder, Inspector(1_000_000))
    files.prepare(NOW)
    return files


async def pieces(*chunks: bytes, error: BaseException | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if error is not None:
        raise error


async def receive(files: Files, chunks: AsyncIterator[bytes], most: int = MOST) -> StoredFile:
    return await files.receive("name.txt", "text/plain", chunks, most)


def left(folder: Path) -> list[Path]:
    """The files in it, wherever."""
    return [path for path in folder.rglob("*") if path.is_file()]


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Files that grow beyond `size` bytes are refused, as by a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("chunks", [(b"",), (b"hello ", b"", b"world"), (b"x" * MOST,)])
async def test_a_file_is_in_its_place_with_what_was_sent(
    files: Files, folder: Path, chunks: tuple[bytes, ...]
) -> None:
    """Size and digest are of all the chunks together; nothing else is left in the folder."""
    whole = b"".join(chunks)
    stored = await receive(files, pieces(*chunks))
    assert (stored.name, stored.content_type, stored.size) == ("name.txt", "text/plain", len(whole))
    assert stored.sha256 == sha256(whole).hexdigest()
    assert files.path(stored.stored_name).read_bytes() == whole
    assert left(folder) == list(files.everything()) == [files.path(stored.stored_name)]


async def test_two_files_of_one_name_are_two(files: Files) -> None:
    """The name on the disk is ours, and never the client's."""
    stored = [await receive(files, pieces(b"a")) for _ in range(2)]
    assert stored[0].stored_name != stored[1].stored_name
    assert "name" not in str(files.path(stored[0].stored_name).name)


@pytest.mark.parametrize("chunks", [(b"x" * (MOST + 1),), (b"x" * MOST, b"x")])
async def test_a_file_that_is_too_large_leaves_nothing(
    files: Files, folder: Path, chunks: tuple[bytes, ...]
) -> None:
    """It is refused at the first byte too many, with the limit."""
    with pytest.raises(TooLarge, match=str(MOST)):
        await receive(files, pieces(*chunks))
    assert left(folder) == []


@pytest.mark.parametrize("error", [ValueError("cut off"), asyncio.CancelledError(), EOFError()])
async def test_an_upload_that_breaks_off_leaves_nothing(
    files: Files, folder: Path, error: BaseException
) -> None:
    """The sender's own trouble comes out as it is."""
    with pytest.raises(type(error)):
        await receive(files, pieces(b"a", b"b", error=error))
    assert left(folder) == []


async def test_a_full_disk_is_unavailable_and_leaves_nothing(files: Files, folder: Path) -> None:
    """When there is room again the next file is stored."""
    with disk_of(4096), pytest.raises(Unavailable) as caught:
        await receive(files, pieces(*[b"x" * 1000] * 20), most=100_000)
    assert caught.value.retry_after > 0
    assert left(folder) == []
    assert (await receive(files, pieces(b"x"))).size == 1


@pytest.mark.parametrize("lost", ["incoming", "."])
async def test_a_folder_that_is_gone_is_unavailable(files: Files, folder: Path, lost: str) -> None:
    """An unmounted disk is the operator's to mend; nobody's upload is called wrong."""
    shutil.rmtree(folder / lost)
    with pytest.raises(Unavailable):
        await receive(files, pieces(b"x"))


async def test_a_failure_after_the_file_took_its_place_leaves_nothing(
    files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be put on the disk means that the file may not be there tomorrow."""
    real, calls = os.fsync, []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError("input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(Unavailable):
        await receive(files, pieces(b"x"))
    assert left(folder) == []


async def test_a_request_cancelled_while_its_file_takes_its_place_leaves_nothing(
    files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is there any more to store the attachment that the file belongs to."""
    real, reached, go_on = os.fsync, threading.Event(), threading.Event()

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            reached.set()
            go_on.wait(10)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    receiving = asyncio.create_task(receive(files, pieces(b"x")))
    await asyncio.to_thread(reached.wait, 10)
    receiving.cancel()
    await asyncio.wait([receiving])
    go_on.set()
    assert receiving.cancelled()
    assert left(folder) == []


async def test_discarding_removes_files_and_does_not_mind_those_that_are_gone(
    files: Files, folder: Path
) -> None:
    """Twice is as good as once."""
    stored = [(await receive(files, pieces(b"x"))).stored_name for _ in range(3)]
    await files.discard(stored[:2])
    await files.discard(stored[:2])
    assert left(folder) == [files.path(stored[2])]


async def test_who_does_not_wait_for_files_to_be_deleted_can_do_so_later(
    files: Files, folder: Path
) -> None:
    """They are deleted in a thread: where it has not begun yet, they are there."""
    stored = [(await receive(files, pieces(b"x"))).stored_name for _ in range(2)]
    files.discard_later(stored)
    assert len(left(folder)) == 2
    await files.settled()
    assert left(folder) == []
    await files.settled()


async def test_a_file_that_cannot_be_deleted_keeps_no_other(
    files: Files, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and left to the doctor."""
    stored = [(await receive(files, pieces(b"x"))).stored_name for _ in range(2)]
    stuck = files.path(stored[0])
    stuck.unlink()
    stuck.mkdir()
    await files.discard(stored)
    assert not files.path(stored[1]).exists()
    assert "could not be deleted" in caplog.text


def test_preparing_clears_away_what_nobody_finished(files: Files, folder: Path) -> None:
    """Uploads of long ago go; one that another worker may be receiving stays."""
    for name, age in (("old", ABANDONED + 1), ("young", ABANDONED - 1)):
        path = folder / "incoming" / name
        path.write_bytes(b"x")
        os.utime(path, (NOW - age, NOW - age))
    files.prepare(NOW)
    assert [path.name for path in left(folder)] == ["young"]
