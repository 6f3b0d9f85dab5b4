"""The URLs to which requests may be sent, taken apart once and strictly.

Only what is checked here is used to connect, so no second reader can understand a URL otherwise.
"""

import re
from urllib.parse import urlsplit

from msgspec import Struct

URL_MAX_LENGTH = 2000
CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+", re.ASCII)
"""What RFC 3986 allows in a URL, but for `#`: nobody sends a fragment."""
HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.ASCII)
PORTS = {"http": 80, "https": 443}


class WrongUrl(ValueError):
    """Says what is wrong with a URL, without repeating it."""


class Url(Struct, frozen=True):
    """`target` is the path with the query. `host` is a name or an address without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The part of a URL that may be logged. The path and the query are left out: they may hold
        secrets.
        """
        return f"{self.scheme}://{self.authority}"


def parse(text: str) -> Url:
    """Take a URL apart. Raises WrongUrl."""
    if not text:
        raise WrongUrl("May not be blank.")
    if len(text) > URL_MAX_LENGTH:
        raise WrongUrl(f"At most {URL_MAX_LENGTH} characters; this has {len(text)}.")
    if "#" in text:
        raise WrongUrl("May not have a fragment (#…).")
    if not CHARACTERS.fullmatch(text):
        raise WrongUrl("Letters, digits and signs of ASCII only; a name such as xn--… is ASCII.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise WrongUrl("Is not a URL: its host or port cannot be read.") from None
    if parts.scheme not in PORTS:
        raise WrongUrl("Must begin with https://.")
    if "@" in parts.netloc:
        raise WrongUrl("May not have a user name or password (…@).")
    host = parts.hostname or ""
    if not (HOST.fullmatch(host) or (":" in host and "%" not in host)) or len(host) > 253:
        raise WrongUrl("Must have a host, as a name or an address.")
    if port == 0 or parts.netloc.endswith(":"):
        raise WrongUrl("Must have a port from 1 to 65535, or none.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Url(parts.scheme, host, port or PORTS[parts.scheme], target)
