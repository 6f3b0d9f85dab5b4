"""Which addresses a request to another server may go to.

Somebody who chooses a URL chooses what Payam connects to. Inside the operator's network that may be
what nobody outside reaches: a database, a router, the metadata of a cloud. So only public addresses
are allowed, and those that the operator names. The rule is for the address that is connected to,
not for the name in the URL, because the owner of a name chooses its addresses, at any moment.

The networks are those of IANA's registries of special-purpose addresses (RFC 6890).
"""

import re
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from socket import inet_aton

Address = IPv4Address | IPv6Address

INSIDE_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host; Linux connects to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a carrier's NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local: the metadata of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
PUBLIC_6 = IPv6Network("2000::/3")
"""All that is given out for use on the internet. Loopback, link-local, ULA and multicast are not
in it.
"""
INSIDE_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocols: Teredo and others
        "2001:db8::/32",
        "2002::/16",  # 6to4, which may lead to any IPv4 address
        "3fff::/20",
    )
)
HOLDERS_OF_4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4 addresses written as IPv6: mapped ones, and those that NAT64 translates."""


def is_public(address: Address) -> bool:
    """Whether the address is on the internet, and not inside a network."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in INSIDE_4)
    if any(address in network for network in HOLDERS_OF_4):
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in PUBLIC_6 and not any(address in network for network in INSIDE_6)


NUMBERS = re.compile(r"(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+)){0,3}\.?", re.ASCII)
"""IPv4 as C reads it: 127.1, 0x7f.1 and 2130706433 are 127.0.0.1."""


class Allowed:
    """Decides to which addresses Payam may connect: all outside the network, and these.

    Each word is a host name, an address or a network like 10.0.0.0/8. A name is allowed with
    whatever addresses it has.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for word in words:
            network = network_of(word)
            if network is None:
                self._names.add(plain(word))
            else:
                self._networks.append(network)

    def is_named(self, host: str, address: Address | None) -> bool:
        """Whether the operator has named this host, or its address."""
        if plain(host) in self._names:
            return True
        if address is None:
            return False
        candidates: list[Address] = [address]
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            candidates.append(address.ipv4_mapped)
        return any(one in network for one in candidates for network in self._networks)

    def allows(self, host: str, address: Address) -> bool:
        """Whether this address of this host may be connected to."""
        return self.is_named(host, address) or is_public(address)


def network_of(word: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(word)
    except ValueError:
        return None


def address_of(host: str) -> Address | None:
    """The address, if the host of a URL is one and no name, in any spelling that systems take."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not NUMBERS.fullmatch(host):
        return None
    try:
        return IPv4Address(inet_aton(host.removesuffix(".")))
    except OSError:
        return None


def plain(host: str) -> str:
    return host.lower().removesuffix(".")
