"""Settings that are URLs: which parts and options each scheme may have."""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from config.kinds import Kind, Wrong, plain

REDIS_OPTIONS = frozenset(("client_name", "cluster", "db", "password", "username"))
TLS_OPTIONS = frozenset(
    (
        "ssl_ca_certs",
        "ssl_ca_path",
        "ssl_cert_reqs",
        "ssl_certfile",
        "ssl_check_hostname",
        "ssl_ciphers",
        "ssl_keyfile",
        "ssl_min_version",
        "ssl_password",
    )
)
"""Options of rediss:// alone. They are redis-py's own. Payam decides everything else itself."""
SENTINEL_OPTIONS = frozenset(("sentinel_password", "sentinel_username"))
"""The user and the password for Sentinels that ask for them."""


def split_url(raw: str, *schemes: str) -> SplitResult:
    """The parts of a URL that has one of `schemes`; raises ValueError for anything else."""
    parts = urlsplit(raw)
    if not raw.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError
    if not raw.isprintable() or " " in raw:
        raise ValueError
    for host in parts.netloc.rpartition("@")[2].split(","):  # PostgreSQL takes several
        urlsplit(f"//{host}").port  # noqa: B018 # raises for what is not a port
    return parts


def url(*schemes: str, allowed: str) -> Kind:
    def parse(raw: str) -> str:
        if not split_url(raw, *schemes).hostname:
            raise ValueError
        return raw

    return Kind(parse, allowed)


def redis_url() -> Kind:
    def parse(raw: str) -> str:
        schemes = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
        parts = split_url(raw, *schemes)
        options = parse_qsl(parts.query, keep_blank_values=True)
        hosts = parts.netloc.rpartition("@")[2]
        if parts.scheme == "unix":
            is_right: Any = parts.path and not hosts
        elif parts.scheme.endswith("+sentinel"):
            # With several hosts urlsplit takes all ports for one.
            is_right = all(hosts.split(",")) and re.fullmatch(r"/[^/]+(/\d*)?", parts.path)
        elif ("cluster", "true") in options:
            # A cluster has only one database, so the path can name none.
            is_right = all(hosts.split(",")) and parts.path in ("", "/", "/0")
        else:
            is_right = parts.hostname and "," not in hosts and re.fullmatch(r"/?\d*", parts.path)
        if not is_right:
            raise ValueError
        check_options(parts.scheme, options)
        return raw

    # It often has a password in it, so messages do not show it.
    return Kind(
        parse,
        "redis://host:port/0, rediss://… or unix://…, redis://host:port,host:port?cluster=true,"
        " or redis+sentinel://host:port,host:port/master",
        secret=True,
    )


def check_options(scheme: str, options: Collection[tuple[str, str]]) -> None:
    allowed = set(REDIS_OPTIONS)
    if scheme.startswith("rediss"):
        allowed |= TLS_OPTIONS
    if scheme.endswith("+sentinel"):
        allowed |= SENTINEL_OPTIONS
    if scheme.endswith("+sentinel") or scheme == "unix":
        allowed -= {"cluster"}
    for name, value in options:
        if name not in allowed:
            # This may be the rest of a password with a question mark in it.
            shown = "" if any("@" in value for _, value in options) else name
            raise Wrong(unknown_option(shown, sorted(allowed)))
        if (name == "cluster" and value != "true") or (name == "db" and not value.isdigit()):
            raise ValueError
    if len({name for name, _ in options}) < len(options):
        raise ValueError


def unknown_option(name: str, allowed: Collection[str]) -> str:
    shown = repr(name) if re.fullmatch(r"\w{1,40}", name) else "one of its options"
    known = f" (there are {', '.join(allowed)})" if allowed else ""
    return f"{shown} is no option of it{known}"


def database_url() -> Kind:
    def parse(raw: str) -> str:
        if raw.startswith("sqlite:"):
            file = plain(raw).removeprefix("sqlite:///")
            # Each connection would have a database in memory of its own.
            if file in (raw, "", ":memory:") or file.endswith("/"):
                raise ValueError
            if "?" in file:
                raise Wrong("an SQLite database has no options here")
        else:
            split_url(raw, "postgres", "postgresql")
            check_database(raw)
        return raw

    # It usually has a password in it, so messages do not show it.
    return Kind(
        parse,
        "postgresql://user:password@host:port/database?sslmode=…, postgresql://?service=…"
        " or sqlite:///path/to/file",
        secret=True,
    )


def check_database(raw: str) -> None:
    """Raises ValueError for a URL that libpq cannot read, and if nothing names a database."""
    from psycopg import ProgrammingError, conninfo  # noqa: PLC0415 - for PostgreSQL alone
    from psycopg.pq import Conninfo  # noqa: PLC0415

    try:
        options: Mapping[str, Any] = conninfo.conninfo_to_dict(raw)
    except ProgrammingError as error:
        unknown = re.search(r'invalid URI query parameter: "(.*)"', str(error))
        raise (Wrong(unknown_option(unknown[1], ())) if unknown else ValueError) from None
    # libpq's own variables PGDATABASE and PGSERVICE may name it; else it takes the user's name.
    defaults = {one.keyword.decode() for one in Conninfo.get_defaults() if one.val}
    if not {"dbname", "service"} & (options.keys() | defaults):
        raise Wrong("it names no database")
