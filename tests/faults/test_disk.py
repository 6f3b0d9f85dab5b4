"""A full disk: what cannot be stored is refused or waits, and service comes back with the space."""

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.faults.deployment import Seeded
from tests.faults.load import IS_LONG, Outcome, under_load
from tests.faults.report import Proof

FULL_SECONDS = 12 if IS_LONG else 3
ROOM = 64 * 1024
"""Bytes that files may still grow by; the log is a file too."""
UPLOAD = b"a file" * 1_000_000
UPLOADS = 3


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


async def test_a_full_disk_under_sqlite_loses_nothing(embedded: Seeded, prove: Proof) -> None:
    """Without space nothing is acked; with it everything is, by the same process."""
    process = embedded.payam.process.pid
    log = embedded.sqlite_file.with_name(f"{embedded.sqlite_file.name}-wal")

    async def fill() -> None:
        await asyncio.sleep(0.5)
        with full([process], log.stat().st_size + ROOM):
            await asyncio.sleep(FULL_SECONDS)

    async def round_() -> Outcome:
        return await under_load(embedded, fill)

    await prove("disk full under SQLite", round_)
    assert embedded.payam.process.pid == process
    assert "the database is away" in embedded.payam.log()


async def test_a_full_disk_refuses_attachments_and_nothing_else(pair: Seeded, prove: Proof) -> None:
    """Uploads are answered with 503 and leave nothing; messages go on, and uploads come back."""
    folder = Path(pair.payam.settings["DATA_DIR"]) / "attachments"

    async def fill() -> None:
        async with httpx.AsyncClient(base_url=pair.payam.url, trust_env=False) as http:
            path = await own_message(http, pair)
            before = files_in(folder)
            with full(pair.payam.pids(), pair.payam.log_file.stat().st_size + ROOM):
                for _ in range(UPLOADS):
                    refused = await http.post(path, files={"file": ("a.txt", UPLOAD)})
                    assert refused.status_code == 503, refused.text
                    assert int(refused.headers["retry-after"]) > 0
            assert files_in(folder) == before
            stored = await http.post(path, files={"file": ("a.txt", UPLOAD)})
            assert stored.status_code == 201, stored.text
            assert (await http.get(stored.json()["url"])).content == UPLOAD

    async def round_() -> Outcome:
        return await under_load(pair, fill, changes=False)

    await prove("disk full for attachments, beside PostgreSQL", round_)


async def own_message(http: httpx.AsyncClient, seeded: Seeded) -> str:
    """Send a message in the conversation of everybody; the path of its attachments."""
    http.headers["Authorization"] = f"Bearer {seeded.token(1)}"
    sent = await http.post("/api/conversations/1/messages/", json={"content": "for a file"})
    return f"/api/conversations/1/messages/{sent.json()['id']}/attachments/"


def files_in(folder: Path) -> set[str]:
    return {os.path.join(where, name) for where, _, names in os.walk(folder) for name in names}
