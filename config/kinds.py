"""The kinds of values that a setting may have, and how their text is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kind:
    """How the text of an environment variable becomes a value.

    `parse` raises ValueError for anything else. The error line then says that the setting may be
    what `allowed` says. `Wrong`, a ValueError, can say more. The value of a `secret` is never
    shown.
    """

    parse: Callable[[str], Any]
    allowed: str
    secret: bool = False


class Wrong(ValueError):
    """Says what is wrong with a value. The text repeats no secret."""


def plain(raw: str) -> str:
    """Return `raw`. Refuse a text that cannot be stored or sent: not UTF-8, or with a NUL."""
    if "\0" in raw:
        raise ValueError
    raw.encode()  # fails where the bytes in the environment were not UTF-8
    return raw


def text(allowed: str = "any text in UTF-8", *, secret: bool = False) -> Kind:
    return Kind(plain, allowed, secret)


BASE_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}){1,8}", re.ASCII)
OWN_PATHS = ("/api", "/docs", "/health", "/metrics", "/web", "/ws", "/ws/chat")
"""Payam's own paths. A BASE_PATH that begins like one of them would be ambiguous."""


def base_path() -> Kind:
    def parse(raw: str) -> str:
        path = raw.rstrip("/")
        if path and (not BASE_PATH.fullmatch(path) or path in OWN_PATHS):
            raise ValueError
        return path

    return Kind(parse, f"a path like /chat, but none of {', '.join(OWN_PATHS)}")


def host_name() -> Kind:
    def parse(raw: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", raw):
            ip_address(raw)  # a text with colons may be IPv6
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


def words(check: Callable[[str], object], allowed: str) -> Kind:
    """Several values with commas between them; `check` raises ValueError for a wrong one."""

    def parse(raw: str) -> tuple[str, ...]:
        found = tuple(word for word in (part.strip() for part in raw.split(",")) if word)
        for word in found:
            check(word)
        return found

    return Kind(parse, allowed)


WEB_ORIGIN = re.compile(
    r"https?://([a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|\[([0-9a-f:.]+)\])(?::([1-9][0-9]{0,4}))?"
)


def origin(word: str) -> None:
    # It is compared with what a browser sends: lower case, no path, not even "/", and no port that
    # needs no mention.
    if word != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[a-z0-9._:\[\]-]+", word):
        raise ValueError
    if not word.startswith(("http://", "https://")):  # programs that show pages have others
        return
    match = WEB_ORIGIN.fullmatch(word)
    if match is None or len(match[1]) > 253 or int(match[3] or 1) > 65535:
        raise ValueError
    if re.fullmatch(r"http:.*:80|https:.*:443", word):
        raise ValueError
    if match[2]:
        IPv6Address(match[2])


def named_origin(word: str) -> None:
    """With http or https."""
    origin(word)
    if not word.startswith(("http://", "https://")):
        raise ValueError


def bucket() -> Kind:
    def parse(raw: str) -> str:
        if raw == "disk":
            return ""
        if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_./-]*)?", raw):
            raise ValueError
        return raw.rstrip("/")

    return Kind(parse, "disk, or s3://bucket or s3://bucket/prefix")


def contact() -> Kind:
    def parse(raw: str) -> str:
        if not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://[^\s/]+(/\S*)?", plain(raw)):
            raise ValueError
        return raw

    return Kind(parse, "mailto: with an address, or an https:// address")


def network_or_host(word: str) -> None:
    try:
        ip_network(word)
    except ValueError:
        if "/" in word or re.fullmatch(r"[0-9.]+", word):
            raise
        host_name().parse(word)
