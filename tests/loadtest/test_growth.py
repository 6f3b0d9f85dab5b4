"""How cost grows, small: every question from end to end, and the database that it fills."""

import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import fromstring

import httpx
import pytest

from loadtest.__main__ import main
from loadtest.crowd import Crowd
from loadtest.growth.filling import UNREAD, fill
from loadtest.growth.messages import READS, row
from loadtest.tokens import Minted
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer

SVG = "{http://www.w3.org/2000/svg}"
LINES = {"receivers": 1, "conversations": 1, "messages": len(READS), "search": 4, "memory": 1}
CROWD = Crowd(users=5, conversations=6, members=2)
MESSAGES = 100


def test_every_question_is_answered(tmp_path: Path) -> None:
    """Expected: status 0, a table of each, and of each a plot with its lines, which is XML,
    light and dark, and needs nothing from elsewhere.
    """
    tables = tmp_path / "growth.md"
    images = tmp_path / "images"
    command = ["growth", "--quick", "--database", "sqlite"]
    assert main([*command, "--out", str(images), "--markdown", str(tables)], {}) == 0
    written = tables.read_text(encoding="utf-8")
    assert {file.name for file in images.iterdir()} == {f"growth-{name}.svg" for name in LINES}
    for name, lines in LINES.items():
        assert f"](images/growth-{name}.svg)" in written
        text = (images / f"growth-{name}.svg").read_text(encoding="utf-8")
        picture = fromstring(text)  # noqa: S314 - it is ours
        drawn = [path.attrib["d"] for path in picture.iter(f"{SVG}path")]
        assert len(drawn) == lines
        assert all(re.fullmatch(r"M[\d.]+ [\d.]+( L[\d.]+ [\d.]+)+", path) for path in drawn)
        assert "prefers-color-scheme: dark" in text
        assert not re.search(r"href|@import|url\(|<script|<image", text)
        assert text.count("://") == 1  # the namespace, which is a name
    firsts = re.findall(r"^\| (\w[\w ]*) \|.*\n\| ---", written, re.MULTILINE)
    assert firsts == ["receivers", "conversations", "messages stored", "letters", "memory"]
    assert "| |" not in written  # nothing that was not measured


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """Those of a database that was seeded and holds no message."""
    made = {"DATA_DIR": str(tmp_path), "JWT_SECRET": "x" * 32, "RATE_LIMITS": "off"}
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("migrated_template")
        made["DATABASE_URL"] = server.create_database(template=template)
    people = ["--users", "5", "--conversations", "6", "--members", "2"]
    run_command("migrate", settings=made)
    run_command("seed", *people, settings=made)
    return made


@pytest.mark.parametrize("messages", [100, 3])
def test_a_filled_database_is_consistent(settings: Mapping[str, str], messages: int) -> None:
    """Expected: `doctor` finds nothing; each conversation has its share, of its own members,
    and unread are but the last few; and the next message is stored after them.
    """
    fill(settings, CROWD, messages)
    assert "nothing has drifted" in run_command("doctor", settings=settings)
    headers = {"Authorization": f"Bearer {Minted(settings['JWT_SECRET'], CROWD.users)(1)}"}
    with (
        PayamServer(settings) as server,
        httpx.Client(base_url=server.url, headers=headers, trust_env=False) as http,
    ):
        listed = http.get("/api/conversations/").raise_for_status().json()
        for conversation in listed:
            id_ = conversation["id"]
            path = f"/api/conversations/{id_}/messages/"
            found = http.get(path).raise_for_status().json()
            count = len(range(id_, messages + 1, CROWD.conversations + 1))
            assert [message["seq"] for message in found] == list(range(1, count + 1))
            assert conversation["seq"] == count
            members = {person["id"] for person in conversation["participants"]}
            senders = [message["sender"]["id"] for message in found]
            assert set(senders) <= members
            unread = [sender for sender in senders[-UNREAD:] if sender != 1]
            assert conversation["unread_count"] == len(unread)
            sent = http.post(path, json={"content": "the next"}).raise_for_status().json()
            assert sent["seq"] == count + 1
            assert sent["id"] > messages
    assert "nothing has drifted" in run_command("doctor", settings=settings)


@pytest.mark.parametrize(
    ("last", "verdict"), [(3.0, "1.50× (at most 1.5× ✓)"), (3.1, "1.55× (at most 1.5× ✗)")]
)
def test_the_last_is_held_against_the_first(last: float, verdict: str) -> None:
    """Expected: a read may take half as long again, and no longer."""
    assert row("list", [10, 100], {10: 2.0, 100: last})[-1] == verdict


def test_what_was_not_measured_has_no_verdict() -> None:
    """Expected: an empty cell for the size, and for the ratio."""
    assert row("list", [10, 100], {10: 2.0}) == ["list", "2", "", ""]
