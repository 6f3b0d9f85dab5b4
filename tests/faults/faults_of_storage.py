"""The faults of disks and of SQLite's own process."""

import asyncio
import os
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from tests.faults.deployment import Seeded
from tests.faults.faults import any_moment, nobody_sent_away
from tests.faults.load import IS_LONG, Outcome
from tests.faults.scene import Fault, Scene
from tests.support.http_client import http_client

FULL_SECONDS = 12 if IS_LONG else 3
ROOM = 64 * 1024
"""Bytes that files may still grow by; the log is a file too."""
UPLOAD = b"a file" * 1_000_000
UPLOADS = 3
KILLS = 5 if IS_LONG else 3
WRITTEN_SECONDS = 60


@contextmanager
def full(pids: list[int], size: int) -> Iterator[None]:
    """No file of these processes grows beyond so many bytes, as if there were no more space."""
    limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in limits.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        for pid, limit in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)


async def fill_disk_of_sqlite(scene: Scene) -> None:
    """Without space nothing is acked; with it everything is, by the same process."""
    process, log = scene.seeded.payam.process, write_ahead_log(scene.seeded)
    await asyncio.sleep(0.5)
    with full([process.pid], log.stat().st_size + ROOM):
        await asyncio.sleep(FULL_SECONDS)
    assert scene.seeded.payam.process is process
    assert process.poll() is None


async def fill_disk_of_attachments(scene: Scene) -> None:
    """Uploads get 503 and leave nothing; messages go on, and so do uploads afterwards."""
    payam = scene.seeded.payam
    folder = Path(payam.settings["DATA_DIR"]) / "attachments"
    async with http_client(payam.url) as http:
        path = await own_message(http, scene.seeded)
        before = files_in(folder)
        with full(payam.pids(), payam.log_file.stat().st_size + ROOM):
            for _ in range(UPLOADS):
                refused = await http.post(path, files={"file": ("a.txt", UPLOAD)})
                assert refused.status_code == 503, refused.text
                assert int(refused.headers["retry-after"]) > 0
        assert files_in(folder) == before
        stored = await http.post(path, files={"file": ("a.txt", UPLOAD)})
        assert stored.status_code == 201, stored.text
        assert (await http.get(stored.json()["url"])).content == UPLOAD


async def own_message(http: httpx.AsyncClient, seeded: Seeded) -> str:
    """Send a message in the conversation of everybody; the path of its attachments."""
    http.headers["Authorization"] = f"Bearer {seeded.token(1)}"
    sent = await http.post("/api/conversations/1/messages/", json={"content": "for a file"})
    return f"/api/conversations/1/messages/{sent.json()['id']}/attachments/"


def files_in(folder: Path) -> set[str]:
    return {os.path.join(where, name) for where, _, names in os.walk(folder) for name in names}


async def kill_mid_commit(scene: Scene) -> None:
    """The database is checked before each new start."""
    for _ in range(KILLS):
        await any_moment(0.5, 1.0)
        await until_it_writes(scene.seeded)
        scene.seeded.payam.kill()
        check(scene.seeded.sqlite_file)
        await asyncio.to_thread(scene.seeded.payam.start)


async def until_it_writes(seeded: Seeded) -> None:
    """Return in the moment in which a transaction is on its way to the disk."""
    log = write_ahead_log(seeded)
    before = log.stat().st_mtime_ns
    async with asyncio.timeout(WRITTEN_SECONDS):
        while log.stat().st_mtime_ns == before:
            await asyncio.sleep(0)


def write_ahead_log(seeded: Seeded) -> Path:
    return seeded.sqlite_file.with_name(f"{seeded.sqlite_file.name}-wal")


def check(database: Path) -> None:
    """Examine a copy: whoever opens the original mends it, and that is for Payam to do."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            shutil.copy(f"{database}{suffix}", f"{folder}/copy{suffix}")
        with closing(sqlite3.connect(f"{folder}/copy")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert copy.execute("PRAGMA foreign_key_check").fetchall() == []


def was_away(scene: Scene, outcomes: Sequence[Outcome]) -> None:
    nobody_sent_away(scene, outcomes)
    assert "the database is away" in scene.seeded.payam.log()


def all_came_back(_: Scene, outcomes: Sequence[Outcome]) -> None:
    assert all(outcome.reconnects >= KILLS * outcome.clients for outcome in outcomes)


FAULTS = (
    Fault(
        "disk full for attachments, beside PostgreSQL",
        "pair",
        fill_disk_of_attachments,
        nobody_sent_away,
        changes=False,
    ),
    Fault("disk full under SQLite", "embedded", fill_disk_of_sqlite, was_away),
    Fault("kill -9 of the SQLite server mid-commit", "embedded", kill_mid_commit, all_came_back),
)
