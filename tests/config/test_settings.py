"""Settings: what the environment may say, and the one line that answers what it may not."""

import json
import re
import subprocess
import sys
import traceback
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import config
from config.errors import SettingsError
from config.kept import signing_secret
from config.settings import SECRET_MIN_LENGTH, Settings

NAMES = [spec.name.upper() for spec in fields(Settings)]
NOT_UTF8 = b"\xff\xfe".decode("utf-8", "surrogateescape")  # as os.environ gives it

INTEGERS = {
    "PORT": (1, 65535),
    "WEB_CONCURRENCY": (1, 256),
    "DATABASE_POOL_SIZE": (2, 200),
    "JWT_ACCESS_TTL": (60, 30 * 86400),
    "JWT_REFRESH_TTL": (300, 3650 * 86400),
    "JWT_REFRESH_GRACE": (0, 600),
    "JWT_LEEWAY": (0, 300),
    "PASSWORD_MIN_LENGTH": (1, 128),
    "MESSAGE_MAX_LENGTH": (1, 1_000_000),
    "ATTACHMENT_MAX_SIZE": (1, 1 << 40),
    "UPLOAD_QUOTA": (1, 1 << 50),
    "UPLOAD_TTL": (1, 365 * 86_400),
    "MESSAGE_FILES": (1, 1000),
    "MESSAGE_QUOTA": (1, 1 << 60),
    "USER_FILES": (1, 1 << 31),
    "USER_QUOTA": (1, 1 << 60),
    "CONVERSATION_FILES": (1, 1 << 31),
    "CONVERSATION_QUOTA": (1, 1 << 60),
    "IMAGE_MAX_PIXELS": (1, 1_000_000_000),
    "PARTICIPANTS_PER_REQUEST": (1, 1000),
    "REQUEST_MAX_SIZE": (1024, 1 << 30),
    "WS_MAX_SIZE": (1024, 1 << 24),
    "WS_SEND_BUFFER": (16 * 1024, 1 << 30),
    "SEND_BUFFER_PER_USER": (64 * 1024, 1 << 40),
    "SEND_BUFFER_PER_WORKER": (64 * 1024, 1 << 40),
    "RATE_MESSAGES": (1, 1_000_000),
    "RATE_REQUESTS": (1, 1_000_000),
    "RATE_LOGINS": (1, 1_000_000),
    "RATE_GUESTS": (1, 1_000_000),
    "RATE_GUEST_MESSAGES": (1, 1_000_000),
    "RATE_GUEST_TICKETS": (1, 1_000_000),
    "RATE_GUEST_FILES": (1, 1_000_000),
    "MAX_CONNECTIONS": (1, 1_000_000),
    "WRITE_QUEUE": (1, 10_000_000),
    "PUSH_TTL": (60, 28 * 86400),
}
SECONDS = {
    "RECEIVE_TIMEOUT": (0.1, 86400),
    "SEND_TIMEOUT": (0.1, 86400),
    "WS_PING_INTERVAL": (1, 3600),
    "WRITE_TIMEOUT": (0.1, 600),
    "GRACEFUL_TIMEOUT": (0.1, 600),
    "WEBHOOK_TIMEOUT": (0.1, 600),
    "WEBHOOK_GIVE_UP": (1, 30 * 86_400),
}
SWITCHES = ["JWT_CREATE_USERS", "METRICS", "PUSH", "PUSH_CONTENT", "RATE_LIMITS", "WEB_CLIENT"]

BAD_NUMBERS = ["ten", "1e", "0x10", "5;", "--1", "nan", NOT_UTF8, "9" * 5000]
WRONG = {
    "HOST": ["localhost:8000", "http://localhost", "a b", "::1::", NOT_UTF8],
    "LOG_LEVEL": ["debug", "TRACE", "INFO,DEBUG", NOT_UTF8],
    "LOG_FORMAT": ["JSON", "xml", "text,json", NOT_UTF8],
    "SIGN_UP": ["yes", "OPEN", "open,closed", NOT_UTF8],
    "DATABASE_URL": [
        "postgres",
        "mysql://h/d",
        "postgresql://host",
        "postgresql://host/",
        "postgresql://host:port/d",
        "postgresql://one:5432,two:99999/d",
        "postgresql://ho st/d",
        "sqlite:",
        "sqlite:///",
        "sqlite://file",
        "sqlite:file",
        "sqlite:///:memory:",
        "sqlite:////folder/",
        "sqlite:///nul\0",
        f"sqlite:///{NOT_UTF8}",
    ],
    "REDIS_URL": [
        "localhost:6379",
        "redis:",
        "redis://",
        "redis:///0",
        "REDIS://host",
        "http://host",
        "redis://host:port/0",
        "redis://[::1",
        "redis://:pass#word@host",
        "unix://",
        "redis://ho\tst",
        "redis://one:7000,two:7001",
        "redis://one:7000,two:port?cluster=true",
        "redis://one?cluster=yes",
        "redis://one?cluster=",
        "redis://one?cluster=true&cluster=false",
        "redis://one/1?cluster=true",
        "unix:///run/redis.sock?cluster=true",
        NOT_UTF8,
    ],
    "DATA_DIR": ["nul\0", NOT_UTF8],
    "JWT_SECRET": ["x" * (SECRET_MIN_LENGTH - 1), "nul\0" * 20, NOT_UTF8 * 20],
    "JWT_ALGORITHM": ["none", "hs256", "HS512", "RS256,ES256", NOT_UTF8],
    "JWT_PUBLIC_KEY": ["nul\0", NOT_UTF8],
    "JWT_JWKS_URL": ["id.example.org", "ftp://host/keys", "https://", "https://h:p/", NOT_UTF8],
    "JWT_ISSUER": ["nul\0", NOT_UTF8],
    "JWT_AUDIENCE": ["nul\0", NOT_UTF8],
    "GUESTS": ["maybe", "2", NOT_UTF8],
    "WIDGET_ORIGINS": ["example.org", "https://example.org/", "https://a.test:", NOT_UTF8],
    "WIDGET_SECRET": ["x" * (SECRET_MIN_LENGTH - 1), NOT_UTF8 * 20],
    "CORS_ORIGINS": [
        "example.org",
        "https://example.org/",
        "https://a.test,https://b.test/path",
        "https://Example.org",
        "https://",
        "https://a..test",
        "https://a.test:0",
        "https://a.test:65536",
        "https://a.test:0443",
        "https://a.test:443",
        "http://a.test:80",
        "https://[::1",
        "https://[::g]",
        "null",
        NOT_UTF8,
    ],
    "PUSH_GATEWAYS": [
        "example.org",
        "https://example.org/",
        "*",
        "https://Example.org",
        "https://example.org:443",
        "http://a..b",
        "http://:::",
        "https://example.org:99999",
        f"https://{'a' * 64}.org",
        f"https://{'a.' * 130}org",
        NOT_UTF8,
    ],
    "VAPID_PRIVATE_KEY": ["nul\0", NOT_UTF8],
    "ATTACHMENT_STORAGE": [
        "s3",
        "s3://",
        "s3://A",
        "s3:/b/c",
        "file:///a",
        "s3://bu_cket",
        NOT_UTF8,
    ],
    "VAPID_SUBJECT": ["ali@example.org", "mailto:ali", "http://example.org", "https://", NOT_UTF8],
    "WEBHOOK_ALLOW": ["10.0.0.1/8", "10.0.0.0/33", "1.2.3", "http://a", "a b", "*", NOT_UTF8],
    "BASE_PATH": ["chat", "/a//b", "/a b", "/a/../b", "/é", "/api", "/ws/", "/a?b", NOT_UTF8],
    "TRUSTED_PROXIES": ["proxy", "10.0.0.1/8", "10.0.0.0/33", "1.2.3", NOT_UTF8],
}
WRONG |= {
    name: [*BAD_NUMBERS, "1.5", str(least - 1), str(most + 1)]
    for name, (least, most) in INTEGERS.items()
}
WRONG |= {
    name: [*BAD_NUMBERS, "inf", str(least - 0.01), str(most + 1)]
    for name, (least, most) in SECONDS.items()
}
WRONG |= {name: ["maybe", "2", "truefalse", NOT_UTF8] for name in SWITCHES}


def complaint(environ: dict[str, str]) -> str:
    """The error that these variables cause, checked to be one line."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert len(line) < 500
    return line


def test_every_setting_has_its_wrong_values_here() -> None:
    """Who adds a setting says in this file what it may not be."""
    assert sorted(WRONG) == sorted(NAMES)


@pytest.mark.parametrize(("name", "value"), [(name, bad) for name in WRONG for bad in WRONG[name]])
def test_a_wrong_value_is_named_in_one_line(name: str, value: str) -> None:
    """The line begins with the variable and says what it may be."""
    line = complaint({name: value})
    assert re.match(rf"{name}\b", line)
    assert re.search(r"it (may|must) be .", line)


def test_a_long_wrong_value_is_cut_short() -> None:
    """What was pasted by mistake does not fill the log."""
    line = complaint({"PORT": "7" * 5000})
    assert "7" * 50 in line
    assert "7" * 200 not in line


def test_a_wrong_value_is_shown_as_one_line() -> None:
    """Line ends and control characters in it are escaped."""
    assert r"'80\n\x1b\u202880'" in complaint({"PORT": "80\n\x1b\u202880"})


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "mysql://payam:hunter2@host/d"},
        {"DATABASE_URL": "postgresql://payam:hunter2@[host/d"},
        {"DATABASE_URL": "postgresql://payam@host:hunter2/d"},
        {"REDIS_URL": "http://:hunter2@host"},
        {"REDIS_URL": "redis://:hunter2@host:port"},
        {"JWT_SECRET": "hunter2"},
        {"JWT_SECRET": "hunter2" * 10 + NOT_UTF8},
    ],
)
def test_a_wrong_secret_is_not_shown(environ: dict[str, str]) -> None:
    """Neither the line nor a traceback repeats what holds a password."""
    assert "hunter2" not in complaint(environ)
    try:
        Settings.from_env(environ)
    except SettingsError:
        assert "hunter2" not in traceback.format_exc()


def test_secrets_are_not_shown_with_the_settings() -> None:
    """`repr`, which ends up in logs, leaves out every value that may hold a password."""
    shown = repr(
        Settings.from_env(
            {
                "JWT_SECRET": "hunter2" * 10,
                "DATABASE_URL": "postgresql://payam:hunter2@host/d",
                "REDIS_URL": "redis://:hunter2@host",
            }
        )
    )
    assert "port=8000" in shown
    assert "hunter2" not in shown


def test_without_variables_everything_has_its_default() -> None:
    """A bare environment runs one worker on SQLite, for this machine only."""
    settings = Settings.from_env({"PATH": "/bin", "port": "9"})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.web_concurrency) == ("127.0.0.1", 8000, 1)
    assert settings.database == f"sqlite:///{Path('data/payam.sqlite3').absolute()}"
    assert settings.redis_url == ""


@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
def test_an_empty_variable_is_as_good_as_none(empty: str) -> None:
    """`PORT=` in a file of variables leaves the default."""
    assert Settings.from_env(dict.fromkeys(NAMES, empty)) == Settings()


def test_defaults_are_values_that_may_be_given() -> None:
    """Writing a default out changes nothing."""
    defaults = {
        name: str(getattr(Settings(), name.lower())) for name in [*INTEGERS, *SECONDS, *SWITCHES]
    }
    assert Settings.from_env(defaults) == Settings()


@pytest.mark.parametrize("name", INTEGERS)
def test_the_ends_of_a_range_are_in_it(name: str) -> None:
    """The least and the most that the error line names are accepted."""
    for value in INTEGERS[name]:
        settings = Settings.from_env({name: str(value), "REDIS_URL": "redis://host"})
        assert getattr(settings, name.lower()) == value


@pytest.mark.parametrize("name", SWITCHES)
def test_switches_understand_the_usual_words(name: str) -> None:
    """Letter case does not count."""
    for word in ("true", "ON", "Yes", "1"):
        assert getattr(Settings.from_env({name: word}), name.lower()) is True
    for word in ("false", "Off", "NO", "0"):
        assert getattr(Settings.from_env({name: word}), name.lower()) is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", "0.0.0.0"),  # noqa: S104 # what containers listen on
        ("HOST", "::"),
        ("HOST", "chat.example.org"),
        ("DATABASE_URL", "postgresql://payam:p%40ss@db:5432/payam?sslmode=require"),
        ("DATABASE_URL", "postgres://[::1]/payam"),
        ("DATABASE_URL", "postgresql://one:5432,two:5432/payam"),
        ("DATABASE_URL", "postgresql:///payam?host=/run/postgresql"),
        ("DATABASE_URL", "sqlite:///relative/file"),
        ("DATABASE_URL", "sqlite:////absolute/a file"),
        ("REDIS_URL", "redis://host"),
        ("REDIS_URL", "rediss://user:p%40ss@host:6380/1"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("REDIS_URL", "redis://host?cluster=true"),
        ("REDIS_URL", "rediss://:p%40ss@one:7000,[::1]:7001/0?cluster=true"),
        ("JWT_SECRET", "x" * SECRET_MIN_LENGTH),
        ("JWT_SECRET", "گ" * (SECRET_MIN_LENGTH // 2)),
        ("JWT_ISSUER", "https://id.example.org/"),
    ],
)
def test_values_that_are_right_arrive_as_they_are(name: str, value: str) -> None:
    """They are only checked, not rewritten; spaces around them do not count."""
    assert getattr(Settings.from_env({name: f" {value}\n"}), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CORS_ORIGINS", "*", ("*",)),
        (
            "CORS_ORIGINS",
            "https://a.test, http://[::1]:3000,,capacitor://localhost,app://.",
            ("https://a.test", "http://[::1]:3000", "capacitor://localhost", "app://."),
        ),
        ("BASE_PATH", "/", ""),
        ("BASE_PATH", "/a/chat-1.0_~/", "/a/chat-1.0_~"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::1,", ("10.0.0.0/8", "::1")),
    ],
)
def test_lists_have_commas_between_their_words(
    name: str, value: str, expected: tuple[str, ...]
) -> None:
    """Spaces and a comma too many do not count."""
    assert getattr(Settings.from_env({name: value}), name.lower()) == expected


def test_several_workers_need_redis() -> None:
    """Without it they could not reach each other's clients; the line says what to do."""
    line = complaint({"WEB_CONCURRENCY": "2"})
    assert "WEB_CONCURRENCY=2" in line
    assert "REDIS_URL" in line
    settings = Settings.from_env({"WEB_CONCURRENCY": "2", "REDIS_URL": "redis://host"})
    assert settings.web_concurrency == 2


@pytest.mark.parametrize(
    "environ",
    [
        {"JWT_ALGORITHM": "RS256"},
        {
            "JWT_ALGORITHM": "RS256",
            "JWT_PUBLIC_KEY": "key.pem",
            "JWT_JWKS_URL": "https://id.test/keys",
        },
        {"JWT_PUBLIC_KEY": "key.pem"},
        {"JWT_JWKS_URL": "https://id.test/keys"},
    ],
)
def test_an_algorithm_needs_its_own_kind_of_key(environ: dict[str, str]) -> None:
    """Asymmetric ones take one public key or a key set; HS256 takes neither."""
    line = complaint(environ)
    assert line.startswith("JWT_ALGORITHM=")
    assert "JWT_PUBLIC_KEY" in line
    assert "JWT_JWKS_URL" in line


def test_a_key_that_fits_the_algorithm_is_accepted() -> None:
    """One of the two, with an asymmetric algorithm."""
    for key in ({"JWT_PUBLIC_KEY": "key.pem"}, {"JWT_JWKS_URL": "https://id.test/keys"}):
        assert Settings.from_env({"JWT_ALGORITHM": "EdDSA", **key}).jwt_algorithm == "EdDSA"


def test_folders_are_in_the_data_folder(tmp_path: Path) -> None:
    """DATA_DIR moves the database and the attachments along."""
    settings = Settings.from_env({"DATA_DIR": str(tmp_path)})
    assert settings.database == f"sqlite:///{tmp_path}/payam.sqlite3"
    assert settings.uploads == tmp_path / "attachments"


def test_the_secret_given_is_the_one_used(tmp_path: Path) -> None:
    """With JWT_SECRET nothing is written."""
    settings = Settings(jwt_secret="s" * 32, data_dir=tmp_path / "data")
    assert signing_secret(settings) == "s" * 32
    assert not (tmp_path / "data").exists()


def test_a_kept_secret_stays(tmp_path: Path) -> None:
    """Made once, long enough, in a file that only its owner reads, and the same ever after."""
    settings = Settings(data_dir=tmp_path / "new" / "data")
    secret = signing_secret(settings)
    assert len(secret.encode()) >= SECRET_MIN_LENGTH
    assert signing_secret(Settings(data_dir=tmp_path / "new" / "data")) == secret
    (kept,) = (tmp_path / "new" / "data").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert signing_secret(Settings(data_dir=tmp_path / "other")) != secret


def test_a_secret_put_there_by_hand_is_used(tmp_path: Path) -> None:
    """The line end that editors add is not part of it."""
    (tmp_path / "jwt-secret").write_text("s" * 32 + "\n")
    assert signing_secret(Settings(data_dir=tmp_path)) == "s" * 32


@pytest.mark.parametrize("kept", [b"", b"short\n", b"\xff" * 40])
def test_a_kept_secret_that_cannot_be_good_stops_the_start(tmp_path: Path, kept: bytes) -> None:
    """An emptied or broken file is not signed with; the line says what to do."""
    (tmp_path / "jwt-secret").write_bytes(kept)
    with pytest.raises(SettingsError, match=r"^DATA_DIR: .*JWT_SECRET$") as caught:
        signing_secret(Settings(data_dir=tmp_path))
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    """A file in the folder's place gives one line, not a traceback from below."""
    (tmp_path / "data").write_text("")
    with pytest.raises(SettingsError, match=r"^DATA_DIR: .*JWT_SECRET$"):
        signing_secret(Settings(data_dir=tmp_path / "data"))


AGREE = """
import sys
from pathlib import Path
from config.kept import signing_secret
from config.settings import Settings
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    print(signing_secret(Settings(data_dir=Path(sys.argv[1]) / str(number))))
"""


def test_workers_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    """Eight processes race for each of thirty new folders, and see one secret in each."""
    checkout = Path(config.__file__).parents[1]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", AGREE, str(tmp_path), "30"],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = {worker.communicate(timeout=60)[0] for worker in workers}
    assert [worker.returncode for worker in workers] == [0] * 8
    assert len(answers) == 1
    assert len(set(answers.pop().split())) == 30
    assert {file.name for file in tmp_path.glob("*/*")} == {"jwt-secret"}


fragments = st.sampled_from(
    ["postgresql://", "sqlite:///", "redis://", "https://", "[", "]", ":", "@", ",", "*", "%", "8"]
)
values = st.text(st.characters()) | st.lists(fragments | st.text(st.characters(), max_size=3)).map(
    "".join
)


@given(st.dictionaries(st.sampled_from(NAMES), values, max_size=4))
@hypothesis_settings(deadline=None)
def test_any_text_gives_settings_or_one_line(environ: dict[str, str]) -> None:
    """No value of any variable raises anything but a SettingsError that names a variable."""
    try:
        settings = Settings.from_env(environ)
    except SettingsError as error:
        line = str(error)
        name = re.match(r"[A-Z_]+", line)
        if name is None or name[0] not in NAMES or len(line.splitlines()) != 1:
            raise AssertionError(line) from error
        return
    assert settings.database.startswith(("sqlite:///", "postgres://", "postgresql://"))


@pytest.mark.parametrize("most", [1, 10_000, 12_345, 1_000_000])
def test_whatever_a_message_may_be_has_room(most: int) -> None:
    """Its longest spelling in a body and in a frame, and what is sent of it to a slow reader."""
    made = Settings(
        message_max_length=most, ws_max_size=1024, request_max_size=1024, ws_send_buffer=16384
    )
    sent = {
        "type": "chat_message",
        "message": "\U0001f600" * most,
        "client_id": "\U0001f600" * 64,
        "ref": "\U0001f600" * 64,
    }
    assert len(json.dumps(sent)) <= min(made.frame_max_size, made.body_max_size)
    heard = {"type": "chat.message", "content": "\x01" * most, "sender": "\U0001f600" * 150}
    assert len(json.dumps(heard)) <= made.send_buffer_size


def test_limits_that_leave_room_are_as_they_are_set() -> None:
    made = Settings(message_max_length=1000)
    assert made.frame_max_size == made.ws_max_size
    assert made.body_max_size == made.request_max_size
    assert made.send_buffer_size == made.ws_send_buffer
