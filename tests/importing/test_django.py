"""`payam import django`: from a real Django project to a server that serves it."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import pytest

from chat.media import inspector
from tests.importing.conftest import Django, make
from tests.support.commands import Said, command, run_command
from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.postgres_server import PostgresServer
from tests.support.server_group import wait_until

PASSWORD = "گذرواژهٔ قدیمی"
WORDS = (
    "user 6: the name 'Ali' reads like 'ali' of user",
    "user 10: the name 'ali reza (shop)' is no name in Payam; it became 'alirezashop-10'",
    "user 12: the name 'علی' reads like 'علي' of user",
    "user 7: is not active",
    "user 8: a password hash of the kind 'bcrypt_sha256' cannot be checked",
    "user 9: a password hash of the kind 'pbkdf2_sha256' cannot be checked, or is too much work",
    "there is no file attachments/",
    "there is no file ../secret.txt",
    "its message is deleted",
    "message 11: its sender is no user",
    "ticket 1: its priority 'critical' counts as normal",
    "ticket 1: its subject was cut",
)


def import_from(source: Django, settings: Mapping[str, str], *options: str) -> Said:
    flags = ("--media", str(source.media), *options)
    return command("import", "django", source.url, *flags, settings=settings)


class Client:
    """Signs in over HTTP."""

    def __init__(self, server: PayamServer) -> None:
        self._http = httpx.Client(base_url=server.url, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        body = {"username": username, "password": password}
        return self._http.post("/api/token/", json=body)

    def get(self, access: str, path: str) -> httpx.Response:
        return self._http.get(path, headers={"Authorization": f"Bearer {access}"})

    def json(self, access: str, path: str) -> Any:
        answer = self.get(access, path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def test_everything_comes_over(
    source: Django, settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """People, what they said and read, files and tickets, under their old ids. A picture is looked
    at however long that takes: nobody waits behind it, as behind an upload.
    """
    monkeypatch.setattr(inspector, "PATIENCE", 0.0)
    said = import_from(source, settings)
    assert said.status == 0, said.complaint
    for words in WORDS:
        assert words in said.printed
    assert "messages: 12, ids kept" in said.printed
    for noun in ("users", "conversations", "messages", "attachments", "tickets"):
        assert re.search(rf"^{noun}: ([1-9]\d*) of \1$", said.complaint, re.MULTILINE)
    assert run_command("doctor", settings=settings) == "nothing has drifted\n"
    again = import_from(source, settings)
    assert (again.status, again.printed) == (0, said.printed)
    assert run_command("doctor", settings=settings) == "nothing has drifted\n"
    with PayamServer(settings) as server, Client(server) as client:
        expect_passwords(client)
        expect_conversation(client)
        expect_desk(client)
        run_command("createuser", "helper", "--staff", settings=settings, stdin=f"{PASSWORD}\n")
        expect_figures(client)


def expect_passwords(client: Client) -> None:
    """Each way of hashing, twice: the second time the hash is Payam's own."""
    names = {"ali": 1, "sara": 2, "reza": 3, "old": 4, "Ali": 6, "علي": 11, "علی": 12}
    for _ in range(2):
        for name, id_ in names.items():
            access = client.sign_in(name).json()["access"]
            assert client.json(access, "/api/users/me/")["id"] == id_
    for name in ("agent", "gone", "bcrypt", "slow", "alirezashop-10", "nobody"):
        assert client.sign_in(name).status_code == 401
    assert client.sign_in("ali", "another").status_code == 401


def expect_conversation(client: Client) -> None:
    ali, sara = (client.sign_in(name).json()["access"] for name in ("ali", "sara"))
    messages = client.json(sara, "/api/conversations/1/messages/")
    shown = [(one["id"], one["content"], one["is_edited"], one["is_deleted"]) for one in messages]
    assert shown == [
        (1, "سلام @SARA", False, False),
        (2, "read", False, False),
        (3, "edited", True, False),
        (4, "", False, True),
        (5, "nul", False, False),
        (6, "unread", False, False),
        (7, "with a file", False, False),
        (8, "a picture", False, False),
    ]
    me = client.json(sara, "/api/users/me/")
    mentioned = {one["id"]: [user["id"] for user in one["mentions"]] for one in messages}
    assert mentioned == {one["id"]: [me["id"]] if one["id"] == 1 else [] for one in messages}
    assert [one["timestamp"] for one in messages] == [
        *(f"2023-10-27T10:0{minute}:00Z" for minute in range(7)),
        "2023-10-27T11:00:00Z",
    ]
    # Message 6 is Sara's and 7 is Ali's; the first one of the other whom each has not read counts.
    assert [one["is_read"] for one in messages] == [True] * 5 + [False] * 3
    assert client.json(ali, "/api/users/me/")["display_name"] == "علی رضایی"
    by_ali = client.json(ali, "/api/conversations/1/messages/")
    assert [one["is_read"] for one in by_ali] == [True] * 5 + [False] * 3
    (found,) = client.json(ali, "/api/search/?q=with a file")
    assert (found["conversation"], found["message"]["id"]) == (1, 7)
    changed = client.json(ali, "/api/conversations/1/messages/?since=0")
    assert sorted(one["id"] for one in changed) == list(range(1, 9))
    (picture,) = messages[-1]["attachments"]
    assert (picture["width"], picture["height"]) == (700, 600)
    assert client.get(sara, picture["thumbnail_url"]).status_code == 200
    (file,) = messages[-2]["attachments"]
    assert file["content_type"] == "text/plain"
    assert client.get(ali, file["url"]).content == b"with a file"


def expect_desk(client: Client) -> None:
    ali = client.sign_in("ali").json()["access"]
    (desk,) = [one for one in client.json(ali, "/api/conversations/") if one["id"] == 2]
    ticket = desk["support_ticket"]
    assert (ticket["status"], ticket["priority"]) == ("pending", "normal")
    assert (ticket["subject"], ticket["assigned_to"]["username"]) == ("ث" * 200, "agent")
    by_agent, of_former, of_nobody = client.json(ali, "/api/conversations/2/messages/")
    assert by_agent["role"] == "agent"
    assert of_former["sender"]["username"] == "old"
    assert "role" not in of_former
    old = client.sign_in("old").json()["access"]
    assert client.get(old, "/api/conversations/2/").status_code == 404
    assert (of_nobody["sender"]["username"], of_nobody["content"]) == ("deleted-user", "of nobody")


def expect_figures(client: Client) -> None:
    """A ticket that was closed is closed in each hour, since it changed last, and was answered. It
    is found in another spelling.
    """
    helper = client.sign_in("helper").json()["access"]
    found = client.json(helper, "/api/desk/figures/")
    assert (found["open"], found["closed"], found["resolution"]["count"]) == (1, 1, 1)
    assert found["first_response"]["count"] == 2
    (book,) = client.json(helper, "/api/support_tickets/?q=کتاب")
    assert book["status"] == "closed"
    assert (found["hours"][0]["open"], found["hours"][-1]["open"]) == (2, 1)


def test_what_is_there_stays(source: Django, settings: Mapping[str, str], tmp_path: Path) -> None:
    """Ids that are taken move the whole noun; a name that is taken gets another; nobody merges."""
    run_command("createuser", "sara", settings=settings, stdin="the first Sara\n")
    report = tmp_path / "report.txt"
    said = import_from(source, settings, "--report", str(report))
    assert said.status == 0, said.complaint
    assert "users: 12, ids moved by 12" in said.printed
    assert "the name 'sara' is taken; it became 'sara-2'" in report.read_text()
    assert run_command("doctor", settings=settings) == "nothing has drifted\n"
    with PayamServer(settings) as server, Client(server) as client:
        assert client.sign_in("sara").status_code == 401
        first = client.sign_in("sara", "the first Sara").json()["access"]
        assert client.json(first, "/api/conversations/") == []
        second = client.sign_in("sara-2").json()["access"]
        assert client.json(second, "/api/users/me/")["id"] == 14
        (talk,) = client.json(second, "/api/conversations/")
        assert {one["id"]: one["username"] for one in talk["participants"]} == {
            13: "ali",
            14: "sara-2",
        }
        body = {"username": "newcomer", "password": "long enough"}
        made = httpx.post(f"{server.url}/api/users/", json=body, trust_env=False).json()
        assert made["id"] > 24


ODD = (
    "user 4: a password hash of an unknown kind cannot be checked",
    "user 5: a password hash of an unknown kind cannot be checked",
    "user 6: a password hash of an unknown kind cannot be checked",
    "user 7: a password hash of the kind 'sha1' cannot be checked",
    "user 8: a password hash of the kind 'pbkdf2_sha256' cannot be checked",
    "user 9: a password hash of the kind 'pbkdf2_sha256' cannot be checked",
    "user 6: '%s' is no time that can be kept",
    "message 10002000000000: has no time; it counts as sent with the one before it",
    "message 10003000000000: has '%s', which is no time",
    "message 5: has no time; it counts as sent with the one before it",
)


def test_what_old_sites_have_comes_over(
    dialect: str, request: pytest.FixtureRequest, settings: Mapping[str, str], tmp_path: Path
) -> None:
    """Times of USE_TZ=False and none at all, ids far apart, hashes of all ages, users that went,
    tables in a schema. Nothing that may be a password is shown.
    """
    url = f"sqlite:///{tmp_path}/django.sqlite3"
    if dialect == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE SCHEMA shop")
        url += ("&" if "?" in url else "?") + "options=-csearch_path%3Dshop"
    source = make(tmp_path, url, "odd")
    was = 5
    for id_ in (2**53, -1):  # what cannot be kept is refused before anything is imported
        give_id(source, was, id_)
        said = import_from(source, settings)
        assert (said.status, said.printed) == (1, "")
        assert f"chat_message.id has '{id_}'" in said.complaint.splitlines()[-1]
        was = id_
    give_id(source, was, 5)
    said = import_from(source, settings, "--time-zone", "Asia/Tehran")
    assert said.status == 0, said.complaint
    lost = "infinity" if dialect == "postgresql" else "0000-00-00 00:00:00"
    for words in ODD:
        assert words.replace("%s", lost) in said.printed
    for secret in ("hunter2", "pa$$word", "'pa'", "5f4dcc3b", "user 2:", "user 3:"):
        assert secret not in said.printed + said.complaint
    assert run_command("doctor", settings=settings) == "nothing has drifted\n"
    with PayamServer(settings) as served, Client(served) as client:
        for name, password in (
            ("empty", ""),
            ("taken", "!"),
            ("plain", "hunter2-is-my-password"),
            ("hex", "5f4dcc3b5aa765d61d8327deb882cf99"),
        ):
            assert client.sign_in(name, password).status_code in (400, 401)
        young = client.sign_in("young").json()["access"]
        far = client.json(young, f"/api/conversations/{10**12}/messages/")
        assert [one["timestamp"] for one in far] == [
            "2022-03-21T08:30:00Z",
            *["2022-03-21T21:00:00Z"] * 3,
        ]
        (near,) = client.json(young, "/api/conversations/7/messages/")
        assert near["timestamp"] == "2023-03-01T06:30:00Z"  # when the conversation began
        assert near["sender"]["username"] == (
            "plain" if dialect == "postgresql" else "deleted-user"
        )


def give_id(source: Django, was: int, id_: int) -> None:
    """To a message of the source."""
    sql = f"UPDATE chat_message SET id = {id_} WHERE id = {was}"  # noqa: S608
    if source.url.startswith("sqlite:///"):
        with sqlite3.connect(source.url.removeprefix("sqlite:///")) as database:
            database.execute(sql)
        database.close()
    else:
        with psycopg.connect(source.url) as connection:
            connection.execute(sql)


WRONG = [
    (["mysql://localhost/x"], "sqlite:/// or postgresql://"),
    (["sqlite:////nowhere/at/all"], "There is no SQLite database at /nowhere/at/all"),
    (["URL", "--app-label", "talk"], "There is no table talk_conversation"),
    (["URL", "--user-table", "people"], "There is no table people"),
    (["URL"], "--media DIR"),
    (["URL", "--media", "/nowhere/at/all"], "/nowhere/at/all is no folder"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_cannot_be_imported_is_one_line(
    arguments: list[str], words: str, source: Django, settings: Mapping[str, str]
) -> None:
    """It names what is wrong, and changes nothing."""
    given = [source.url if one == "URL" else one for one in arguments]
    said = command("import", "django", *given, settings=settings)
    assert (said.status, said.printed) == (1, "")
    assert said.complaint.splitlines()[-1].startswith("payam: ")
    assert words in said.complaint.splitlines()[-1]
    again = import_from(source, settings, "--without-media")
    assert "users: 12, ids kept" in again.printed


WAITING = """
CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n;
CREATE TRIGGER wait AFTER INSERT ON messages WHEN NEW.id = {id_}
BEGIN SELECT count(*) FROM endless; END
"""
"""What a database does at this message: it never ends."""
GOING_ON = "DROP TRIGGER wait; DROP VIEW endless"


def test_a_killed_import_goes_on(tmp_path: Path) -> None:
    """Killed in the middle of a page of messages, and of another: each message comes once."""
    source = make(tmp_path, f"sqlite:///{tmp_path}/django.sqlite3", "6000")
    settings = {"DATA_DIR": str(tmp_path / "data"), "JWT_SECRET": "s" * 40}
    run_command("migrate", settings=settings)
    with closing(sqlite3.connect(tmp_path / "data" / "payam.sqlite3")) as database:

        def count() -> int:
            ((found,),) = database.execute("SELECT count(*) FROM messages")
            return int(found)

        for whole_pages in (2000, 4000):
            database.executescript(WAITING.format(id_=whole_pages + 500))
            process = subprocess.Popen(
                [sys.executable, "-m", "chat", "import", "django", source.url],
                cwd=CHECKOUT,
                env={"PATH": "/usr/bin:/bin", **settings},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                wait_until(partial(reached, process, count, whole_pages), "the page has not come")
            finally:
                process.kill()
                process.wait()
            assert count() == whole_pages
            database.executescript(GOING_ON)
        run_command("import", "django", source.url, settings=settings)
        ((found, different),) = database.execute(
            "SELECT count(*), count(DISTINCT content) FROM messages"
        )
    assert (found, different) == (6000, 6000)
    assert run_command("doctor", settings=settings) == "nothing has drifted\n"


def reached(process: "subprocess.Popen[bytes]", count: Callable[[], int], messages: int) -> bool:
    assert process.poll() is None
    return count() >= messages
