"""Every setting, once: its type, default, environment variable and meaning.

`Settings.from_env(os.environ)` reads them. Nothing else in Payam looks at the environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from config.errors import SettingsError
from config.kinds import (
    base_path,
    bucket,
    choice,
    contact,
    folder,
    host_name,
    integer,
    named_origin,
    network_or_host,
    number,
    origin,
    switch,
    text,
    words,
)
from config.names import Misspelt, misspelt
from config.reading import kinds, read, setting
from config.urls import database_url, redis_url, url

KIB = 1024
MIB = 1024 * KIB
ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")
SECRET_MIN_LENGTH = 32
"""Bytes: RFC 7518 section 3.2 asks for a key at least as long as SHA-256's output."""
ESCAPED = len(r"\ud83d\ude00")
"""Most bytes of one character in JSON: those of an escaped one outside the basic plane."""
SENT = len(r"\u0001")
"""Most bytes of one character in the JSON that Payam sends: those of a control character."""
BESIDE = 4 * KIB
"""Bytes of JSON besides a message's text: other fields, which may be escaped too, and spaces."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator may choose. A field's environment variable is its name in capitals."""

    host: str = setting("127.0.0.1", host_name(), "address to listen on")
    port: int = setting(8000, integer(1, 65535), "port to listen on")
    web_concurrency: int = setting(
        1, integer(1, 256), "worker processes under gunicorn; more than one needs REDIS_URL"
    )
    log_level: str = setting(
        "INFO", choice("DEBUG", "INFO", "WARNING", "ERROR"), "least level that is logged"
    )
    log_format: str = setting(
        "text", choice("text", "json"), "lines for people, or one JSON object per line"
    )
    metrics: bool = setting(
        True,
        switch(),
        "answer Prometheus at /metrics; let the proxy refuse that path to the outside",
    )

    database_url: str = setting(
        "",
        database_url(),
        "where conversations are stored; without it, SQLite in DATA_DIR",
    )
    database_pool_size: int = setting(
        10, integer(2, 200), "most database connections of one worker"
    )
    redis_url: str = setting(
        "",
        redis_url(),
        "the relay between workers; without it, one worker only;"
        " of Redis Cluster with ?cluster=true, naming one server or more;"
        " of Sentinels, redis+sentinel://host:port,host:port/master",
    )
    data_dir: Path = setting(  # noqa: RUF009 # it is dataclasses.field, and a Path is frozen
        Path("data"), folder(), "attachments, the SQLite file and the kept secret"
    )

    jwt_secret: str = setting(
        "",
        text(f"at least {SECRET_MIN_LENGTH} bytes of text", secret=True),
        "key that signs tokens; without it, a random one kept in DATA_DIR",
    )
    jwt_algorithm: str = setting("HS256", choice(*ALGORITHMS), "the one algorithm accepted")
    jwt_public_key: str = setting(
        "",
        text("a public key in PEM, or the path of a file that holds one"),
        "checks RS256, ES256 and EdDSA tokens of another issuer",
    )
    jwt_jwks_url: str = setting(
        "",
        url("http", "https", allowed="an http:// or https:// address"),
        "where another issuer publishes its keys; instead of JWT_PUBLIC_KEY",
    )
    jwt_issuer: str = setting("", text(), "when set, a token's `iss` must be this")
    jwt_audience: str = setting("", text(), "when set, a token's `aud` must hold this")
    jwt_create_users: bool = setting(
        False, switch(), "a valid token of an unknown user creates that user; closes sign-up"
    )
    jwt_access_ttl: int = setting(
        3600, integer(60, 30 * 86400), "seconds that an access token is good for"
    )
    jwt_refresh_ttl: int = setting(
        30 * 86400, integer(300, 3650 * 86400), "seconds that a refresh token is good for"
    )
    jwt_refresh_grace: int = setting(
        30,
        integer(0, 600),
        "seconds for which a refresh token that was just used gives the same pair again",
    )
    jwt_leeway: int = setting(
        10, integer(0, 300), "seconds by which clocks may differ, for `nbf`, `iat` and `exp`"
    )
    sign_up: str = setting(
        "open",
        choice("open", "invite", "closed"),
        "who may sign up: everybody (open), who has an invite link (invite), or nobody (closed);"
        " staff and commands make users in any case",
    )
    password_min_length: int = setting(8, integer(1, 128), "fewest characters of a new password")

    message_max_length: int = setting(
        10_000, integer(1, 1_000_000), "most characters of one message"
    )
    attachment_max_size: int = setting(
        25 * MIB, integer(1, 1 << 40), "most bytes of one attachment"
    )
    attachment_storage: str = setting(
        "",
        bucket(),
        "where files are kept: s3://bucket/prefix, with the rights and the endpoint in AWS_…;"
        " without it, in DATA_DIR",
    )
    upload_quota: int = setting(
        1 << 30,
        integer(1, 1 << 50),
        "most bytes of one user's resumable uploads that are not attached, and of the files that"
        " arrive in forms; at least one of ATTACHMENT_MAX_SIZE is always allowed",
    )
    upload_ttl: int = setting(
        86_400,
        integer(1, 365 * 86_400),
        "seconds that a resumable upload is kept before it is attached",
    )
    message_files: int = setting(
        100, integer(1, 1000), "most files that one message may have; lists show all of them"
    )
    message_quota: int = setting(
        10 << 30, integer(1, 1 << 60), "most bytes of one message's files together"
    )
    user_files: int = setting(
        100_000,
        integer(1, 1 << 31),
        "most files that the messages of one user may have, in all conversations",
    )
    user_quota: int = setting(
        20 << 30, integer(1, 1 << 60), "most bytes of these files of one user together"
    )
    conversation_files: int = setting(
        100_000, integer(1, 1 << 31), "most files that one conversation may have"
    )
    conversation_quota: int = setting(
        100 << 30,
        integer(1, 1 << 60),
        "most bytes of one conversation's files together",
    )
    image_max_pixels: int = setting(
        50_000_000,
        integer(1, 1_000_000_000),
        "most pixels of a picture that gets a thumbnail; a process of its own decodes it, with"
        " 12 bytes of memory per pixel and 384 MiB",
    )
    participants_per_request: int = setting(
        500, integer(1, 1000), "most participants that one request may name"
    )
    request_max_size: int = setting(
        MIB,
        integer(1 * KIB, 1 << 30),
        "most bytes of any other request's body; more where MESSAGE_MAX_LENGTH needs it",
    )
    ws_max_size: int = setting(
        64 * KIB,
        integer(1 * KIB, 1 << 24),
        "most bytes of one message from a websocket client; more where MESSAGE_MAX_LENGTH needs it",
    )
    ws_send_buffer: int = setting(
        MIB,
        integer(16 * KIB, 1 << 30),
        "bytes that may wait for a slow reader before its socket is closed;"
        " more where MESSAGE_MAX_LENGTH needs it",
    )
    receive_timeout: float = setting(
        60.0,
        number(0.1, 86400),
        "a client whose request's head takes longer than so many seconds, or whose body comes for"
        " so long more slowly than 256 bytes per second, gets 408 and is cut off",
    )
    send_timeout: float = setting(
        120.0,
        number(0.1, 86400),
        "a client over HTTP that takes nothing of its answer for so many seconds is cut off",
    )
    send_buffer_per_user: int = setting(
        32 * MIB,
        integer(64 * KIB, 1 << 40),
        "bytes of answers that may wait on one worker for one user's slow readers",
    )
    send_buffer_per_worker: int = setting(
        256 * MIB,
        integer(64 * KIB, 1 << 40),
        "the same for all users together",
    )
    ws_ping_interval: float = setting(
        20.0,
        number(1, 3600),
        "seconds; a socket that is silent for so long is pinged, and for twice as long, dropped",
    )

    rate_limits: bool = setting(True, switch(), "off lifts every limit below, for load tests")
    rate_messages: int = setting(
        20,
        integer(1, 1_000_000),
        "frames per second of one user; five times as many may come at once",
    )
    rate_requests: int = setting(
        50,
        integer(1, 1_000_000),
        "requests per second of one user, and from one address without a valid token; five times as"
        " many may come at once",
    )
    rate_logins: int = setting(
        10,
        integer(1, 1_000_000),
        "password attempts per minute for one name from one address; ten times as many for one"
        " address, from which as many may sign up, and for one name from addresses that are new"
        " to it",
    )
    rate_guests: int = setting(
        60, integer(1, 1_000_000), "guests per hour from one address; as many may come at once"
    )
    rate_guest_messages: int = setting(
        30,
        integer(1, 1_000_000),
        "messages per minute of one guest; ten times as many from one address",
    )
    rate_guest_tickets: int = setting(
        10,
        integer(1, 1_000_000),
        "tickets per hour of one guest, and as many new conversations; ten times as many from one"
        " address",
    )
    rate_guest_files: int = setting(
        30,
        integer(1, 1_000_000),
        "files per hour of one guest; ten times as many from one address",
    )
    max_connections: int = setting(
        50, integer(1, 1_000_000), "websockets that one user may have open on one worker"
    )

    write_timeout: float = setting(
        10.0, number(0.1, 600), "seconds that a change waits for the database at most"
    )
    write_queue: int = setting(
        20_000, integer(1, 10_000_000), "most changes that wait for the database; more are refused"
    )
    graceful_timeout: float = setting(
        10.0, number(0.1, 600), "seconds that a worker takes to stop at most"
    )

    push: bool = setting(
        True, switch(), "reach people who are away by pushes to their devices; docs/push.md"
    )
    push_content: bool = setting(
        False, switch(), "a push has the text of the message, and who sent it where"
    )
    push_ttl: int = setting(
        86400, integer(60, 28 * 86400), "seconds after which a message is not pushed any more"
    )
    push_gateways: tuple[str, ...] = setting(
        (),
        words(named_origin, "web origins like https://push.example.org, with commas between them"),
        "origins of push gateways and push services of your own, which may be inside your network"
        " and without TLS; when set, phones may name no other gateway",
    )
    vapid_private_key: str = setting(
        "",
        text("a private key in PEM, or the path of a file that holds one", secret=True),
        "signs web pushes, the same on all nodes; without it, one that is kept in DATA_DIR",
    )
    vapid_subject: str = setting(
        "",
        contact(),
        "where browsers' push services may reach you; Safari's asks for it",
    )
    webhook_allow: tuple[str, ...] = setting(
        (),
        words(
            network_or_host,
            "host names, addresses or networks like 10.0.0.0/8, with commas between them",
        ),
        "hosts inside the network that webhooks may be sent to, also by http://",
    )
    webhook_timeout: float = setting(
        15.0, number(0.1, 600), "seconds that a webhook's receiver may take to answer"
    )
    webhook_give_up: float = setting(
        3 * 86_400.0,
        number(1, 30 * 86_400),
        "seconds for which a webhook that fails is tried again before it is paused",
    )

    web_client: bool = setting(True, switch(), "serve the web client at /")
    guests: bool = setting(
        False, switch(), "people may write to the desk without an account; docs/support-desk.md"
    )
    widget_origins: tuple[str, ...] = setting(
        (),
        words(origin, "* or web origins like https://example.org, with commas between them"),
        "web origins whose pages may show the chat of /widget.js, or *",
    )
    widget_secret: str = setting(
        "",
        text(f"at least {SECRET_MIN_LENGTH} bytes of text", secret=True),
        "key with which a shop's server signs the ids of its users for /widget.js",
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        words(origin, "* or web origins like https://example.org, with commas between them"),
        "web origins that may call the API, or *",
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        words(ip_network, "addresses or networks like 10.0.0.0/8, with commas between them"),
        "addresses or networks of reverse proxies whose X-Forwarded-… and Forwarded are believed",
    )
    base_path: str = setting(
        "",
        base_path(),
        "path of the site at which a proxy serves Payam, like /chat; links begin with it",
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. An unset or empty variable means the default.

        Raises SettingsError, whose text is one line.
        """
        settings = cls(**read(cls, environ))
        settings._check_together()
        return settings

    @classmethod
    def misspelt(cls, environ: Mapping[str, str]) -> list[Misspelt]:
        """Variables that may be meant as settings, because their names are almost the same."""
        return list(misspelt(environ, kinds(cls)))

    def _check_together(self) -> None:
        if self.jwt_secret and len(self.jwt_secret.encode()) < SECRET_MIN_LENGTH:
            raise SettingsError(
                f"JWT_SECRET is {len(self.jwt_secret.encode())} bytes long;"
                f" it must be at least {SECRET_MIN_LENGTH}"
            )
        if self.widget_secret and len(self.widget_secret.encode()) < SECRET_MIN_LENGTH:
            raise SettingsError(
                f"WIDGET_SECRET is {len(self.widget_secret.encode())} bytes long;"
                f" it must be at least {SECRET_MIN_LENGTH}"
            )
        keyed = bool(self.jwt_public_key) + bool(self.jwt_jwks_url)
        if self.jwt_algorithm != "HS256" and keyed != 1:
            raise SettingsError(
                f"JWT_ALGORITHM={self.jwt_algorithm} needs exactly one of"
                " JWT_PUBLIC_KEY and JWT_JWKS_URL"
            )
        if self.jwt_algorithm == "HS256" and keyed:
            raise SettingsError(
                "JWT_ALGORITHM=HS256 takes neither JWT_PUBLIC_KEY nor JWT_JWKS_URL;"
                f" it may be {', '.join(ALGORITHMS[1:])} with one of them"
            )
        if self.web_concurrency > 1 and not self.redis_url:
            raise SettingsError(
                f"WEB_CONCURRENCY={self.web_concurrency} needs REDIS_URL: several workers"
                " reach each other's clients only through Redis; set it, or use 1"
            )

    @property
    def body_max_size(self) -> int:
        """Most bytes of a request's body that is no file."""
        return max(self.request_max_size, self._longest_message)

    @property
    def frame_max_size(self) -> int:
        """Most bytes of a client's frame that sends the text of a message.

        Any other frame may have `ws_max_size` bytes; a larger one closes the socket.
        """
        return max(self.ws_max_size, self._longest_message)

    @property
    def send_buffer_size(self) -> int:
        """Most bytes that may wait for a slow reader of a websocket. The longest message fits."""
        return max(self.ws_send_buffer, self.message_max_length * SENT + BESIDE)

    @property
    def _longest_message(self) -> int:
        """Bytes of the longest message in the longest spelling of JSON."""
        return self.message_max_length * ESCAPED + BESIDE

    @property
    def database(self) -> str:
        """The database URL, the embedded default included."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'payam.sqlite3').absolute()}"

    @property
    def uploads(self) -> Path:
        """The folder of attachments."""
        return self.data_dir / "attachments"

    @property
    def secret_file(self) -> Path:
        """The file with the random secret."""
        return self.data_dir / "jwt-secret"

    @property
    def vapid_file(self) -> Path:
        """The file with the key that signs web pushes."""
        return self.data_dir / "vapid-key.pem"
