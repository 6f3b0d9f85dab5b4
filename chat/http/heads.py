"""The head of a request, as RFC 9112 writes it; no I/O.

Anything else is refused. A proxy in front may read a doubtful head in another way than
Payam does. Where the two disagree about the end of a request, one client's request can
become part of another client's.
"""

import re
from functools import lru_cache

from msgspec import Struct
from sanic.exceptions import BadRequest

NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rf"({NAME}) ([\x21-\x7e]+) HTTP/1\.([01])")
# Values may have bytes that are not ASCII. They are not decoded, so they become surrogates.
FIELD = re.compile(rf"({NAME}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
ABSOLUTE = re.compile(r"https?://[\w.~%:@!$&'()*+,;=\[\]-]*", re.ASCII | re.IGNORECASE)
BARE_END_OF_LINE = re.compile(rb"(?<!\r)\n|\r(?!\n)(?=.)", re.DOTALL)
FIRST = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]")
LENGTH = re.compile(r"[0-9]{1,18}")
FRAMING = frozenset(("connection", "content-length", "host", "transfer-encoding"))
"""The headers that say something about the connection, or where the request ends."""
KEPT = 1024
"""Lines whose reading is remembered: a client sends most of its lines with each request again."""
KEPT_MAX_LENGTH = 1024
"""Characters of a line that is remembered, at most."""


class Head(Struct, frozen=True):
    """`target` begins with a slash, or is `*`. `length` is None where there is no body.

    `headers` have lower-case names.
    """

    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    keep_alive: bool
    length: int | None
    is_chunked: bool


def is_hopeless(begun: bytes | bytearray) -> bool:
    """Whether these first bytes cannot begin a head: they are TLS, or have bare line ends."""
    return not FIRST.match(begun) or BARE_END_OF_LINE.search(begun) is not None


def parse(head: bytes) -> Head:
    """Read a head, given without the empty line that ends it. Raises BadRequest."""
    first, *lines = head.decode(errors="surrogateescape").split("\r\n")
    match = REQUEST_LINE.fullmatch(first)
    if match is None:
        raise bad_request_line(first)
    method, target, minor = match.groups()
    headers = []
    lengths: list[str] = []
    codings: list[str] = []
    options: list[str] = []
    hosts = 0
    for line in lines:
        field = kept_field(line) if len(line) <= KEPT_MAX_LENGTH else field_of(line)
        headers.append(field)
        name, value = field
        if name not in FRAMING:
            continue
        if name == "content-length":
            lengths.append(value)
        elif name == "transfer-encoding":
            codings.append(value)
        elif name == "connection":
            options += (option.strip() for option in value.lower().split(","))
        else:
            hosts += 1
    if hosts > 1:
        raise BadRequest("Host may be there only once.")
    is_http_1_1 = minor == "1"
    return Head(
        method,
        origin_form(method, target),
        f"1.{minor}",
        headers,
        "close" not in options and (is_http_1_1 or "keep-alive" in options),
        length_of(lengths, codings),
        is_chunked(codings, lengths, is_http_1_1=is_http_1_1),
    )


def field_of(line: str) -> tuple[str, str]:
    """The name, in lower case, and the value of a header. Raises BadRequest."""
    field = FIELD.fullmatch(line)
    if field is None:
        raise BadRequest("A line of the request's head is no header.")
    return field[1].lower(), field[2].rstrip(" \t")


kept_field = lru_cache(KEPT)(field_of)


def bad_request_line(line: str) -> BadRequest:
    if not line.isascii():
        return BadRequest("URL may only contain US-ASCII characters.")
    return BadRequest("The request does not begin as HTTP/1.1 or HTTP/1.0 does.")


def origin_form(method: str, target: str) -> str:
    """The path and the query of a target. The rest of an absolute URL is not used."""
    if target.startswith("/") or (target == "*" and method == "OPTIONS"):
        return target
    match = ABSOLUTE.match(target)
    rest = target[match.end() :] if match else ""
    if match is None or rest[:1] not in ("", "/", "?"):
        raise BadRequest("The request's target must be a path or an http:// URL.")
    return rest if rest.startswith("/") else f"/{rest}"


def length_of(lengths: list[str], codings: list[str]) -> int | None:
    if not lengths:
        return None
    if len(lengths) > 1 or codings or not LENGTH.fullmatch(lengths[0]):
        raise BadRequest("Content-Length must be one whole number, without Transfer-Encoding.")
    return int(lengths[0])


def is_chunked(codings: list[str], lengths: list[str], *, is_http_1_1: bool) -> bool:
    if not codings:
        return False
    if [coding.lower() for coding in codings] != ["chunked"] or not is_http_1_1:
        raise BadRequest("Transfer-Encoding may only be chunked, in HTTP/1.1.")
    return True
