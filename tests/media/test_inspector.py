"""The process that looks at files: within its limits, and replaced when it dies."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat.media.found import NOTHING, Answer
from chat.media.inspector import BASE_MEMORY, PIXEL_MEMORY, Inspector
from chat.media.worker import FILE_MOST, FILES_MOST
from tests.media.pictures import picture

PIXELS = 1_000_000


@pytest.fixture
async def inspector() -> AsyncIterator[Inspector]:
    inspector = Inspector(PIXELS)
    yield inspector
    await inspector.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "picture"
    path.write_bytes(picture("PNG", 1000, 1000))
    return path


def write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def read(path: Path) -> bytes:
    return path.read_bytes()


def worker_of(inspector: Inspector) -> int:
    assert inspector._process is not None
    return inspector._process.pid


async def test_it_makes_a_thumbnail(inspector: Inspector, path: Path) -> None:
    """In the place that it is given; the same process takes the next file."""
    small = path.with_name("small")
    answer = await inspector.inspect(path, small)
    assert answer == Answer(thumbnail_size=small.stat().st_size)
    worker = worker_of(inspector)
    assert await inspector.inspect(path, small) == answer
    assert worker_of(inspector) == worker


async def test_too_many_pixels_are_left_alone(inspector: Inspector, path: Path) -> None:
    """The limit that it was given is the worker's."""
    write(path, picture("PNG", 1001, 1000))
    assert await inspector.inspect(path, path.with_name("small")) == NOTHING


async def test_a_file_that_cannot_be_read_hurts_nobody(inspector: Inspector, path: Path) -> None:
    """The kind of the error comes back, and the process goes on."""
    small = path.with_name("small")
    write(path, picture()[:60])
    answer = await inspector.inspect(path, small)
    assert answer.thumbnail_size is None
    assert answer.trouble
    assert not small.exists()
    worker = worker_of(inspector)
    write(path, picture())
    assert (await inspector.inspect(path, small)).thumbnail_size
    assert worker_of(inspector) == worker


async def test_a_process_that_died_is_replaced(inspector: Inspector, path: Path) -> None:
    """The file that it died of has no thumbnail, and the next one has."""
    small = path.with_name("small")
    await inspector.inspect(path, small)
    worker = worker_of(inspector)
    os.kill(worker, signal.SIGKILL)
    assert await inspector.inspect(path, small) == NOTHING
    assert not small.exists()
    assert (await inspector.inspect(path, small)).thumbnail_size
    assert worker_of(inspector) != worker


async def test_a_process_that_takes_too_long_is_replaced(
    inspector: Inspector, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload does not wait for it any longer, and the next file gets a new process."""
    small = path.with_name("small")
    await inspector.inspect(path, small)
    worker = worker_of(inspector)
    os.kill(worker, signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr(inspector, "patience", 0.5)  # a new process may take longer to begin
        assert await inspector.inspect(path, small) == NOTHING
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    assert (await inspector.inspect(path, small)).thumbnail_size


async def test_an_upload_that_is_given_up_ends_its_work(inspector: Inspector, path: Path) -> None:
    """Its answer does not go to the next file."""
    small = path.with_name("small")
    await inspector.inspect(path, small)
    os.kill(worker_of(inspector), signal.SIGSTOP)
    task = asyncio.create_task(inspector.inspect(path, small))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await inspector.inspect(path, small)).thumbnail_size


async def test_an_idle_process_ends(path: Path) -> None:
    """And the next file starts another."""
    inspector = Inspector(PIXELS, idle=0)
    try:
        await inspector.inspect(path, path.with_name("small"))
        while inspector._process is not None:
            await asyncio.sleep(0.01)
        assert (await inspector.inspect(path, path.with_name("small"))).thumbnail_size
    finally:
        await inspector.close()


LIMITED = """
import sys
from chat.media import worker
worker.limit(300 * 1024 * 1024)
try:
    kept = bytearray(int(sys.argv[1]) * 1024 * 1024)
except MemoryError:
    sys.exit(7)
"""
ALLOWED = """
from chat.media import worker
worker.allow(0)
while True:
    pass
"""


def run(program: str, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-c", program, *arguments], check=False).returncode


def test_it_gets_no_more_memory_than_its_limit() -> None:
    """Asked for less it works, asked for more it is refused, and nobody else notices."""
    assert run(LIMITED, "16") == 0
    assert run(LIMITED, "400") == 7


def test_it_gets_no_more_of_the_processor_than_its_limit() -> None:
    """The kernel ends it, also where nobody is left who would."""
    assert run(ALLOWED) == -signal.SIGXCPU


async def test_it_lives_within_its_limits(inspector: Inspector, path: Path) -> None:
    """By the kernel's own word, for the process that looks at the files; nothing lifts them."""
    await inspector.inspect(path, None)
    said = read(Path(f"/proc/{worker_of(inspector)}/limits")).decode()
    found = dict(re.findall(r"^Max ([a-z ]+?)  +\S+ +(\S+)", said, re.MULTILINE))
    assert found["address space"] == str(BASE_MEMORY + PIXEL_MEMORY * PIXELS)
    assert found["file size"] == str(FILE_MOST)
    assert found["open files"] == str(FILES_MOST)
    assert found["core file size"] == "0"


async def test_it_has_no_secret(
    inspector: Inspector, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment has where the code is, and nothing else."""
    monkeypatch.setenv("JWT_SECRET", "s" * 40)
    await inspector.inspect(path, None)
    environment = read(Path(f"/proc/{worker_of(inspector)}/environ"))
    assert [line.partition(b"=")[0] for line in environment.split(b"\0") if line] == [b"PYTHONPATH"]
