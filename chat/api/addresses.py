"""Where a request comes from, behind reverse proxies too."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sanic import Request


def of_client(request: Request, trusted: tuple[str, ...]) -> str:
    """The address that a request comes from.

    X-Forwarded-For is read from its end, where the nearest proxy writes, for as long as
    `trusted` (addresses or networks) vouches for who wrote it: what a client invents
    stands before that.
    """
    address: str = request.ip
    hops = ",".join(request.headers.getall("x-forwarded-for", [])).split(",")
    while hops and is_within(address, trusted):
        hop = hops.pop().strip()
        if not is_address(hop):
            break
        address = hop
    return address


def is_within(address: str, trusted: tuple[str, ...]) -> bool:
    return is_address(address) and any(ip_address(address) in net for net in networks(trusted))


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=8)
def networks(trusted: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in trusted]
