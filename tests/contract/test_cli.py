"""`python -m chat …`, and what a wrong setting does to the start."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import jwt
import pytest
import redis

from chat.store import duties, search_rebuild
from chat.store.followers import REBUILD
from tests.store.world import opened, opened_index
from tests.support.commands import Said
from tests.support.commands import command as chat
from tests.support.forks import GUNICORN, SERVER, refusal
from tests.support.payam_server import CHECKOUT, GUNICORNS, PayamServer
from tests.support.ports import free_port
from tests.support.postgres_server import PostgresServer
from tests.support.redis_server import RedisServer

SECRET = "s" * 40


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """Settings of an empty database."""
    chosen = {"DATA_DIR": str(tmp_path), "JWT_SECRET": SECRET, "RATE_LIMITS": "off"}
    if request.param == "postgres":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("migrated_template")
        chosen["DATABASE_URL"] = postgres.create_database(template=template)
    else:
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "payam.sqlite3")
    return chosen


def run(*arguments: str, settings: Mapping[str, str], stdin: str = "") -> tuple[int, str, str]:
    """A process of its own: exit status, what was printed, and what was complained about."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **settings},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("arguments", [["check"], ["users", "list"], ["--help"]])
def test_output_that_nobody_reads_ends_the_program(
    settings: Mapping[str, str], arguments: list[str]
) -> None:
    """As with `| head`, which ends when it has seen enough. Nothing is complained about."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "chat", *arguments],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PORT": str(free_port()), **settings},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_command_that_is_interrupted_ends_quietly(tmp_path: Path) -> None:
    """By Ctrl-C, here while it waits for its database."""
    url = f"postgresql://payam@127.0.0.1:{free_port()}/payam"
    process = subprocess.Popen(
        [sys.executable, "-m", "chat", "users", "list"],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": url, "DATA_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "waiting" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == ""
    assert process.returncode == 130


def get(server: PayamServer, path: str, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(server.url + path, headers=headers, trust_env=False)


def test_the_program_does_what_its_function_does(tmp_path: Path) -> None:
    """`python -m chat` takes its arguments, settings and standard input from its process, prints
    on it, and ends with its status. The other tests call the function, `chat.cli.main`.
    """
    settings = {
        "DATA_DIR": str(tmp_path / "made"),
        "PORT": str(free_port()),  # `check` looks whether it is free
        "REDIS_ULR": "redis://h/0",
    }
    program = ("-m", "chat")
    status, printed, complaint = run(
        *program, "createuser", "ali", settings=settings, stdin="a password\n"
    )
    assert (status, printed) == (0, "user 1: ali\n")
    assert complaint.count("\n") == 2
    assert "payam: making a new database" in complaint
    assert "payam: warning: REDIS_ULR is set" in complaint
    for path in (tmp_path / "made", *(tmp_path / "made").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, f"others may read {path}"
    assert run(*program, "check", settings=settings)[0] == 0
    del settings["REDIS_ULR"]
    status, printed, complaint = run(*program, "token", "sara", settings=settings)
    assert (status, printed, complaint) == (1, "", "payam: There is no user 'sara'.\n")
    status, printed, complaint = run(*program, "tokens", settings=settings)
    assert (status, printed) == (2, "")
    assert complaint.startswith("usage: payam")


def test_seed_makes_what_it_says(settings: Mapping[str, str]) -> None:
    """Users 1…N, conversation 1 with all of them, and the others by the formula."""
    users, conversations, members = 12, 5, 3
    options = {"users": users, "conversations": conversations, "members": members}
    flags = [f"--{name}={value}" for name, value in options.items()]
    assert chat("seed", *flags, settings=settings)[0] == 0
    with PayamServer(settings) as server:
        for user in (1, users):
            token = chat("token", f"user{user}", settings=settings)[1].strip()
            assert get(server, "/api/users/me/", token).json()["id"] == user
            expected = {1: set(range(1, users + 1))}
            for conversation in range(2, conversations + 2):
                ids = {(conversation * members + k) % users + 1 for k in range(members)}
                if user in ids:
                    expected[conversation] = ids
            listed = get(server, "/api/conversations/", token).json()
            assert {
                one["id"]: {person["id"] for person in one["participants"]} for one in listed
            } == expected
        # Numbering goes on where it stopped.
        body = {"username": "newcomer", "password": "long enough"}
        made = httpx.post(f"{server.url}/api/users/", json=body, trust_env=False)
        assert made.json()["id"] == users + 1


def test_seed_wants_an_empty_database(settings: Mapping[str, str]) -> None:
    """It refuses another, and more members than users."""
    flags = ("seed", "--users=3", "--conversations=1")
    status, _, complaint = chat(*flags, "--members=4", settings=settings)
    assert (status, complaint.count("\n")) == (1, 1)
    assert chat(*flags, "--members=2", settings=settings)[0] == 0
    status, _, complaint = chat(*flags, "--members=2", settings=settings)
    assert status == 1
    assert "not empty" in complaint


def test_seed_with_a_password_lets_users_sign_in(settings: Mapping[str, str]) -> None:
    """All with the same one."""
    flags = ("--users=2", "--conversations=0", "--members=1", "--password=open sesame")
    assert chat("seed", *flags, settings=settings)[0] == 0
    with PayamServer(settings) as server:
        body = {"username": "user2", "password": "open sesame"}
        answer = httpx.post(f"{server.url}/api/token/", json=body, trust_env=False)
    assert answer.status_code == 200


def test_createuser_makes_users_and_staff(settings: Mapping[str, str]) -> None:
    """With a password from standard input, or none; a taken name is one line."""
    made = chat("createuser", "boss", "--staff", settings=settings, stdin="a password\n")
    assert made[:2] == (0, "user 1: boss\n")
    assert chat("createuser", "bot", "--no-password", settings=settings)[0] == 0
    status, _, complaint = chat("createuser", "BOSS", "--no-password", settings=settings)
    assert (status, complaint) == (1, "payam: This username is taken.\n")
    with PayamServer(settings) as server:
        body = {"username": "boss", "password": "a password"}
        answer = httpx.post(f"{server.url}/api/token/", json=body, trust_env=False)
        assert get(server, "/api/users/me/", answer.json()["access"]).json()["is_staff"] is True


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("{", "rules: Not valid JSON"),
        ("[]", "rules: Expected `object`"),
        ('{"langage": "fa"}', "langage: There is no such field"),
        ('{"language": "fa", "language": "fa"}', "language: May be there only once."),
        ('{"hours": {"monday": [], "monday": []}}', "hours.monday: May be there only once."),
    ],
)
def test_rules_of_the_desk_that_are_no_rules(
    settings: Mapping[str, str], rules: str, complaint: str
) -> None:
    """One line says what is wrong, and nothing is changed."""
    before = chat("desk", "rules", settings=settings)
    status, _, said = chat("desk", "change", rules, settings=settings)
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith(f"payam: {complaint}")
    assert chat("desk", "rules", settings=settings) == before


def test_long_names_and_passwords_are_one_line(settings: Mapping[str, str]) -> None:
    """Refused before any work on them, like those that come over HTTP."""
    slow = "a" + "\u0301\u0327" * 30_000
    for arguments in (("createuser", slow, "--no-password"), ("token", slow)):
        status, _, complaint = chat(*arguments, settings=settings)
        assert (status, complaint.count("\n")) == (1, 1)
        assert "At most 150 characters" in complaint
    status, _, complaint = chat("createuser", "ali", settings=settings, stdin=slow * 10 + "\n")
    assert (status, complaint.count("\n")) == (1, 1)
    assert "At most 1024 characters" in complaint


def test_token_of_nobody_is_one_line(settings: Mapping[str, str]) -> None:
    """And the exit status is 1."""
    status, printed, complaint = chat("token", "nobody", settings=settings)
    assert (status, printed, complaint.count("\n")) == (1, "", 1)


def test_migrate_twice_changes_nothing(settings: Mapping[str, str]) -> None:
    """The second time there is nothing to apply."""
    chat("migrate", settings=settings)
    assert chat("migrate", settings=settings)[:2] == (0, "nothing to apply\n")


def test_postgres_must_be_migrated_first(postgres_server: PostgresServer, tmp_path: Path) -> None:
    """The server says what to do, and does not start."""
    settings = {
        "DATABASE_URL": postgres_server.create_database(),
        "DATA_DIR": str(tmp_path),
        "PORT": "1",
    }
    status, _, complaint = run("server.py", settings=settings)
    assert status != 0
    assert "python -m chat migrate" in complaint
    assert "Traceback" not in complaint


WRONG = [
    ({"PORT": "http"}, "PORT"),
    ({"JWT_SECRET": "short"}, "JWT_SECRET"),
    ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
    ({"WEB_CONCURRENCY": "2"}, "REDIS_URL"),
    ({"JWT_ALGORITHM": "RS256"}, "JWT_PUBLIC_KEY"),
]


@pytest.mark.parametrize(("wrong", "named"), WRONG)
def test_a_wrong_setting_stops_the_start(
    wrong: Mapping[str, str], named: str, tmp_path: Path
) -> None:
    """With one line that names it, whether it is checked, served or served by gunicorn."""
    settings = {"DATA_DIR": str(tmp_path), **wrong}
    status, printed, complaint = chat("check", settings=settings)
    assert status != 0
    assert (printed, complaint.count("\n")) == ("", 1)
    said = [complaint]
    for program, arguments in ((SERVER, ()), (GUNICORN, GUNICORNS)):
        said.append(refusal(program, *arguments, settings=settings))
    assert all(named in one for one in said)


@pytest.mark.parametrize(
    "words",
    ["webhook test", "webhook replay --since 1d", "conversations show", "acts --limit"],
)
@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 5000, "1.5", "ali", "۱"])
def test_a_number_that_no_database_takes_is_refused(
    words: str, number: str, tmp_path: Path
) -> None:
    """The line says which argument it is, and what it may be. Nothing is made."""
    said = chat(*words.split(), number, settings={"DATA_DIR": str(tmp_path / "new")})
    what = "--limit" if "--limit" in words else "id"
    least = 1 if "--limit" in words else 0
    assert (said.status, said.printed) == (2, "")
    line = f"argument {what}: a whole number from {least} to 9223372036854775807\n"
    assert said.complaint.endswith(line)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", ["token ali", "doctor", "restored"])
def test_a_command_in_a_wrong_place_makes_nothing(command: str, tmp_path: Path) -> None:
    """No database and no secret: it says that there is none."""
    wrong = tmp_path / "wrong"
    status, printed, complaint = chat(*command.split(), settings={"DATA_DIR": str(wrong)})
    assert (status, printed, complaint.count("\n")) == (1, "", 1)
    assert f"there is no database at {wrong}/payam.sqlite3" in complaint
    assert not wrong.exists()


@pytest.mark.parametrize(
    "command",
    ["migrate", "createuser ali --no-password", "seed --users=1 --conversations=0 --members=1"],
)
def test_a_deployment_may_begin_with_a_command(command: str, tmp_path: Path) -> None:
    """It says where it makes the database; what follows says nothing, and a token works later."""
    settings = {"DATA_DIR": str(tmp_path / "new")}
    status, _, said = chat(*command.split(), settings=settings)
    making = f"payam: making a new database at {tmp_path}/new/payam.sqlite3\n"
    assert (status, said) == (0, "" if command == "migrate" else making)
    chat("createuser", "sara", "--no-password", settings=settings)
    status, access, said = chat("token", "sara", settings=settings)
    assert (status, said) == (0, "")
    secret = (tmp_path / "new" / "jwt-secret").read_text()
    assert jwt.decode(access.strip(), secret, algorithms=["HS256"])["username"] == "sara"


def test_a_token_is_signed_by_no_new_secret(
    postgres_server: PostgresServer, migrated_template: str, tmp_path: Path
) -> None:
    """The server would not know it."""
    settings = {
        "DATABASE_URL": postgres_server.create_database(template=migrated_template),
        "DATA_DIR": str(tmp_path / "wrong"),
    }
    assert chat("createuser", "ali", "--no-password", settings=settings)[0] == 0
    status, printed, complaint = chat("token", "ali", settings=settings)
    assert (status, printed, complaint.count("\n")) == (1, "", 1)
    assert "no secret" in complaint
    assert not (tmp_path / "wrong").exists()


MISSPELT = [
    ({"REDIS_ULR": "redis://h/0"}, 0, "REDIS_URL"),
    ({"JWT_SECERT": "s" * 40}, 0, "JWT_SECRET"),
    ({"PAYAM_LOG_LEVEL": "DEBUG"}, 0, "LOG_LEVEL"),
    ({"DATABSE_URL": "postgresql://h/d"}, 1, "DATABASE_URL"),
    ({"DATADIR": "/somewhere"}, 1, "DATA_DIR"),
]


@pytest.mark.parametrize(("environ", "status", "meant"), MISSPELT)
def test_a_misspelt_variable_is_named(
    environ: Mapping[str, str], status: int, meant: str, tmp_path: Path
) -> None:
    """In one line, without its value. Where data would land in another place, nothing is done."""
    settings = {**environ, "PORT": str(free_port())}
    if meant != "DATA_DIR":
        settings["DATA_DIR"] = str(tmp_path)
    answer = chat("migrate", settings=settings)
    [name], [value] = environ.keys(), environ.values()
    assert (answer[0], answer[2].count("\n")) == (status, 1)
    assert f"{name} is set, and is no setting of Payam; {meant} may be meant" in answer[2]
    assert value not in answer[2]
    assert (tmp_path / "payam.sqlite3").exists() == (status == 0)


def lines_of(answer: Said) -> dict[str, str]:
    """What `check` says of each thing, by its name, with "ok" or "failed" before it."""
    assert answer[2] == ""
    lines = answer[1].splitlines()[:-1]
    found = {line[8:].partition(": ")[0]: line for line in lines}
    assert list(found) == ["files", "port", "keys", "push", "database", "relay"]
    return found


def test_the_check_tries_everything_and_leaves_nothing(tmp_path: Path) -> None:
    """Before the first start, and beside a database that is there."""
    data = tmp_path / "a" / "data"
    settings = {"DATA_DIR": str(data), "PORT": str(free_port())}
    answer = chat("check", settings=settings)
    assert answer[0] == 0, answer[1]
    assert all(line.startswith("ok      ") for line in lines_of(answer).values())
    assert not list(tmp_path.iterdir())
    chat("migrate", settings=settings)
    assert chat("check", settings=settings)[0] == 0
    assert [path.name for path in data.iterdir()] == ["payam.sqlite3"]


def test_the_check_of_a_deployment(
    postgres_server: PostgresServer,
    migrated_template: str,
    redis_server: RedisServer,
    tmp_path: Path,
) -> None:
    """PostgreSQL and Redis answer; then neither is there, and only that has changed."""
    right = {
        "DATA_DIR": str(tmp_path),
        "PORT": str(free_port()),
        "DATABASE_URL": postgres_server.create_database(template=migrated_template),
        "REDIS_URL": redis_server.url,
    }
    answer = chat("check", settings=right)
    assert answer[0] == 0, answer[1]
    assert "PostgreSQL" in lines_of(answer)["database"]
    assert "comes back" in lines_of(answer)["relay"]
    nobody = f"127.0.0.1:{free_port()}"
    wrong = {"DATABASE_URL": f"postgresql://u:hunter2@{nobody}/d", "REDIS_URL": f"redis://{nobody}"}
    answer = chat("check", settings={**right, **wrong})
    assert answer[0] == 1
    failed = [name for name, line in lines_of(answer).items() if line.startswith("failed")]
    assert failed == ["database", "relay"]
    assert "2 of 6 failed" in answer[1]
    assert "hunter2" not in answer[1]


def test_what_the_check_finds(redis_server: RedisServer, tmp_path: Path) -> None:
    """A port in use, an unwritable folder, no database, a key set that is away, an ACL."""
    with redis.Redis(port=redis_server.port) as admin:
        admin.execute_command("ACL", "SETUSER", "deaf", "on", ">pw", "&*", "+@all", "-publish")
    letters = tmp_path / "letters"
    letters.write_text("no database " * 100)
    settings = {
        "DATA_DIR": "/dev/null",
        "PORT": str(redis_server.port),
        "JWT_ALGORITHM": "RS256",
        "JWT_JWKS_URL": f"http://127.0.0.1:{free_port()}/keys",
        "VAPID_PRIVATE_KEY": str(letters),
        "DATABASE_URL": f"sqlite:///{letters}",
        "REDIS_URL": f"redis://deaf:pw@127.0.0.1:{redis_server.port}/0",
    }
    answer = chat("check", settings=settings)
    words = {
        "files": "there is a file in its place",
        "port": f"PORT={redis_server.port} is in use",
        "keys": "JWT_JWKS_URL",
        "push": "VAPID_PRIVATE_KEY",
        "database": "file is not a database",
        "relay": "Redis refuses PUBLISH on chat_",
    }
    assert answer[0] == 1
    for name, line in lines_of(answer).items():
        assert line.startswith("failed  ")
        assert words[name] in line


def test_commands_run_beside_a_server(tmp_path: Path) -> None:
    """Only the check finds that it serves already."""
    with PayamServer() as server:
        assert chat("createuser", "ali", "--no-password", settings=server.settings)[0] == 0
        assert chat("token", "ali", settings=server.settings)[0] == 0
        found = lines_of(chat("check", settings=server.settings))
        assert [name for name, line in found.items() if line.startswith("failed")] == [
            "port",
            "database",
        ]
        assert "is served by another process" in found["database"]


def test_doctor_finds_and_mends(settings: Mapping[str, str], tmp_path: Path) -> None:
    """A wrong seq, last message and reader, a missing file and a stray one; then nothing."""
    flags = ("--users=2", "--conversations=0", "--members=1")
    assert chat("seed", *flags, settings=settings)[0] == 0
    token = chat("token", "user1", settings=settings)[1].strip()
    with PayamServer(settings) as server:
        messages = f"{server.url}/api/conversations/1/messages/"
        headers = {"Authorization": f"Bearer {token}"}
        for content in ("a", "b"):
            httpx.post(messages, json={"content": content}, headers=headers, trust_env=False)
        upload = f"{messages}1/attachments/"
        files = {"file": ("a.txt", b"a")}
        httpx.post(upload, files=files, headers=headers, trust_env=False)
    assert chat("doctor", settings=settings)[:2] == (0, "nothing has drifted\n")
    asyncio.run(spoil(settings, DRIFT))
    (kept,) = [path for path in (tmp_path / "attachments").glob("??/*") if path.is_file()]
    kept.unlink()
    status, _, complaint = chat("doctor", settings=settings)
    assert status == 1
    for words in ("seq is 1", "last message", "has read", "its file is missing", "in the log"):
        assert words in complaint
    assert chat("doctor", "--repair", settings=settings)[0] == 0
    asyncio.run(spoil(settings, [REBUILDING]))
    status, _, complaint = chat("search", "rebuild", settings=settings)
    assert (status, "Another process" in complaint) == (1, True)
    asyncio.run(spoil(settings, ["DELETE FROM duties"]))
    assert chat("search", "rebuild", settings=settings)[:2] == (
        0,
        "search looks in 2 messages anew\n",
    )
    asyncio.run(examine_during_a_rebuild(settings))
    is_sqlite = "DATABASE_URL" not in settings  # which has no index of pieces now
    status, _, complaint = chat("doctor", settings=settings)
    assert (status, "was interrupted" in complaint) == (int(is_sqlite), is_sqlite)
    assert chat("search", "rebuild", settings=settings)[0] == 0
    assert chat("doctor", settings=settings)[:2] == (0, "nothing has drifted\n")


DRIFT = (
    "UPDATE conversations SET seq = 1, last_message_id = 1",
    "UPDATE participants SET last_read_id = 99 WHERE user_id = 2",
    "DELETE FROM changes",
)
REBUILDING = (
    "INSERT INTO duties (name, holder, until) VALUES ('search rebuild', 'x', 9000000000000000)"
)


async def examine_during_a_rebuild(settings: Mapping[str, str]) -> None:
    """It is left to end, and then another one is begun and does not end."""
    file = Path(settings["DATA_DIR"]) / "payam.sqlite3"
    url = settings.get("DATABASE_URL", f"sqlite:///{file}")
    async with opened(url) as database, opened_index(url) as index:
        async with duties.alone(database, REBUILD, 60.0):
            steps = search_rebuild.rebuild(index)
            assert await anext(steps) == 2
            for flags in ((), ("--repair",)):
                said = await asyncio.to_thread(chat, "doctor", *flags, settings=settings)
                assert said[:2] == (0, "nothing has drifted\n")
                assert "search is not compared" in said.complaint
            assert [count async for count in steps] == []
        steps = search_rebuild.rebuild(index)
        assert await anext(steps) == 2
        await steps.aclose()


async def spoil(settings: Mapping[str, str], statements: Sequence[str]) -> None:
    """Change the database behind the back of Payam."""
    if "DATABASE_URL" in settings:
        import psycopg  # noqa: PLC0415

        async with await psycopg.AsyncConnection.connect(settings["DATABASE_URL"]) as database:
            for statement in statements:
                await database.execute(statement)
        return
    file = sqlite3.connect(Path(settings["DATA_DIR"]) / "payam.sqlite3")
    with file:
        for statement in statements:
            file.execute(statement)
    file.close()
