"""What kinds of values a setting may have, and how their text is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit


@dataclass(frozen=True)
class Kind:
    """How the text of an environment variable becomes a value.

    `parse` raises ValueError for anything that is not `allowed`, which is how the
    error line says what the setting may be. The value of a `secret` is never shown.
    """

    parse: Callable[[str], Any]
    allowed: str
    secret: bool = False


def plain(raw: str) -> str:
    """`raw`, unless it could not be stored or sent: bytes that are not UTF-8, a NUL."""
    if "\0" in raw:
        raise ValueError
    raw.encode()  # fails on what os.environ makes of other bytes
    return raw


def text(allowed: str = "any text in UTF-8", *, secret: bool = False) -> Kind:
    return Kind(plain, allowed, secret)


def host_name() -> Kind:
    def parse(raw: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", raw):
            ip_address(raw)  # what has colons may still be IPv6
        return raw

    return Kind(parse, "a host name or address, without a port")


def folder() -> Kind:
    return Kind(lambda raw: Path(plain(raw)), "the path of a folder")


def integer(least: int, most: int) -> Kind:
    def parse(raw: str) -> int:
        value = int(raw)
        if not least <= value <= most:
            raise ValueError
        return value

    return Kind(parse, f"a whole number from {least} to {most}")


def number(least: float, most: float) -> Kind:
    def parse(raw: str) -> float:
        value = float(raw)
        if not least <= value <= most:  # also refuses nan
            raise ValueError
        return value

    return Kind(parse, f"a number of seconds from {least:g} to {most:g}")


def switch() -> Kind:
    words = {"true": True, "on": True, "yes": True, "1": True}
    words |= {"false": False, "off": False, "no": False, "0": False}

    def parse(raw: str) -> bool:
        try:
            return words[raw.lower()]
        except KeyError:
            raise ValueError from None

    return Kind(parse, "true or false (on, off, yes, no, 1 and 0 do as well)")


def choice(*values: str) -> Kind:
    def parse(raw: str) -> str:
        if raw not in values:
            raise ValueError
        return raw

    return Kind(parse, " or ".join((", ".join(values[:-1]), values[-1])))


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
        parts = split_url(raw, "redis", "rediss", "unix")
        if not (parts.path if parts.scheme == "unix" else parts.hostname):
            raise ValueError
        cluster = [value for name, value in parse_qsl(parts.query, True) if name == "cluster"]
        if not cluster:
            if "," in parts.netloc.rpartition("@")[2]:
                raise ValueError
        # A cluster has one database, and no server of it can be told by a path.
        elif cluster != ["true"] or parts.scheme == "unix" or parts.path not in ("", "/", "/0"):
            raise ValueError
        return raw

    # Hidden in messages: it often holds a password.
    return Kind(
        parse,
        "redis://host:port/0, rediss://… or unix://…, or redis://host:port,host:port?cluster=true",
        secret=True,
    )


def database_url() -> Kind:
    def parse(raw: str) -> str:
        if raw.startswith("sqlite:"):
            file = plain(raw).removeprefix("sqlite:///")
            # One database in memory for each connection would be several databases.
            if file in (raw, "", ":memory:") or file.endswith("/"):
                raise ValueError
        elif split_url(raw, "postgres", "postgresql").path in ("", "/"):
            raise ValueError
        return raw

    # Hidden in messages: it usually holds a password.
    return Kind(
        parse,
        "postgresql://user:password@host:port/database?sslmode=… or sqlite:///path/to/file",
        secret=True,
    )


def words(check: Callable[[str], object], allowed: str) -> Kind:
    """Several values with commas between them; `check` raises ValueError for a wrong one."""

    def parse(raw: str) -> tuple[str, ...]:
        found = tuple(word for word in (part.strip() for part in raw.split(",")) if word)
        for word in found:
            check(word)
        return found

    return Kind(parse, allowed)


def origin(word: str) -> None:
    # Compared with what a browser sends, letter by letter: lower case, no path, not even "/".
    if word != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+", word):
        raise ValueError
