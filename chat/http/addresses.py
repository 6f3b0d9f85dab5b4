"""Where a request comes from, behind reverse proxies too.

Proxies write an address in many ways, and a listener on both IPv4 and IPv6 sees IPv4 peers
as `::ffff:10.0.0.1`. This module gives each address one form, so that one client has one
limit:

    203.0.113.7   203.0.113.7:5678   "203.0.113.7"   ::ffff:203.0.113.7   →  203.0.113.7
    2001:db8::1   [2001:DB8::1]   [2001:db8::1]:443   2001:db8::1%eth0    →  2001:db8::1
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from sanic import Request

from chat import headers

log = logging.getLogger("payam.api")

Address = IPv4Address | IPv6Address

WRITTEN = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:]+))(?::(?:\d{1,5}|_[\w.-]+))?", re.ASCII)
"""An address, with the brackets or the port that a proxy may add."""
PAIR = re.compile(r'([^\s=;,"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,]*)|([;,])')
"""One `name=value` of a Forwarded header, or the sign between two."""
ESCAPED = re.compile(r"\\(.)")
MAPPED = 0xFFFF << 32
"""`::ffff:0:0`: the range of IPv6 that holds all IPv4 addresses begins here."""
FOR_MAX_LENGTH = 1024
SHOWN_LENGTH = 100
REPORTS_MAX = 100
_reported: set[str] = set()


def of_client(request: Request, trusted: tuple[str, ...]) -> str:
    """The address that a request comes from. Raises InvalidInput where a Forwarded is too long."""
    return trace(request.ip, lambda: hops_of(request), trusted)


def trace(peer: str, hops: Callable[[], Iterable[str]], trusted: tuple[str, ...]) -> str:
    """The client's address behind the proxies from which a connection comes; `hops` is asked for
    what they wrote.

    It comes from X-Forwarded-For, or from Forwarded (RFC 7239) where that is missing. The
    nearest proxy writes at the end, so the header is read from its end, as long as
    `trusted` (addresses or networks) contains the proxy that wrote the next entry. What a
    client invents stands before those entries. An entry that is no address (`unknown`,
    `_hidden`) ends the reading, and the proxy that wrote it counts.
    """
    address = parse(peer)
    if address is None:
        return peer
    left = None
    while is_trusted(address, trusted):
        if left is None:
            left = list(hops())
        if not left:
            break
        hop = left.pop()
        before = parse(hop)
        if before is None:
            report(str(address), hop)
            break
        address = before
    return str(address)


def is_within(address: str, trusted: tuple[str, ...]) -> bool:
    """Whether this address, in any written form, is one of these addresses or networks."""
    found = parse(address)
    return found is not None and is_trusted(found, trusted)


def parse(text: str) -> Address | None:
    """Read an address in any written form; None for a text that is no address.

    IPv4 within IPv6 becomes IPv4. A zone is left out, because it names the network card and
    not the client.
    """
    text = text.strip().strip('"').strip()
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        match = WRITTEN.fullmatch(text)
        if match is None:
            return None
        try:
            if match["v4"] is not None:
                return IPv4Address(match["v4"])
            address = IPv6Address(match["v6"].partition("%")[0])
        except ValueError:
            return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def hops_of(request: Request) -> Iterator[str]:
    """The entries that proxies wrote; the nearest proxy's entry is the last one."""
    if written := ",".join(request.headers.getall("x-forwarded-for", [])):
        yield from hops_in(written)
        return
    for line in headers.every(request, "Forwarded"):
        yield from fors_of(line)


def hops_in(written: str) -> list[str]:
    """The addresses of an X-Forwarded-For. A client may make it long, but its part is at the
    beginning.
    """
    return [hop for hop in written[-FOR_MAX_LENGTH:].split(",") if hop.strip()]


def fors_of(line: str) -> Iterator[str]:
    """The `for` of each hop of one Forwarded header; empty where a hop has none."""
    hop = ""
    for match in PAIR.finditer(line):
        name, value, between = match.groups()
        if between == ",":
            yield hop
            hop = ""
        elif name is not None and name.lower() == "for":
            hop = ESCAPED.sub(r"\1", value)
    yield hop


def is_trusted(address: Address, trusted: tuple[str, ...]) -> bool:
    forms: list[Address] = [address]
    if isinstance(address, IPv4Address):
        # The operator may have copied the network from a log, where IPv4 stands within IPv6.
        forms.append(IPv6Address(MAPPED | int(address)))
    return any(form in network for form in forms for network in networks(trusted))


@lru_cache(maxsize=8)
def networks(trusted: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in trusted]


def report(proxy: str, hop: str) -> None:
    """Log it once per proxy, because the proxy writes the same with each request."""
    if proxy in _reported or len(_reported) >= REPORTS_MAX:
        return
    _reported.add(proxy)
    log.warning(
        "the proxy %s gave %r as its client's address, which is none: all clients behind it"
        " share one limit. This is said once",
        proxy,
        hop[:SHOWN_LENGTH],
    )


def of_caller(request: Request) -> str:
    """The same, by the server's own settings."""
    return of_client(request, request.app.ctx.settings.trusted_proxies)
