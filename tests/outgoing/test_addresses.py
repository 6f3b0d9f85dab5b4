"""Which addresses Payam connects to by itself, and which only where the operator names them."""

from ipaddress import ip_address

import pytest

from chat.outgoing.addresses import Allowed, address_of, is_public

INSIDE = [
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "100::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::8.8.8.8",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "3fff::1",
    "4000::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.167.1.1",
    "223.255.255.255",
    "2606:4700::1",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_inside_is_refused(text: str) -> None:
    """Also where it is written as IPv6, or reached through a translation."""
    assert not is_public(ip_address(text))
    assert not Allowed().allows("receiver.example", ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_allowed(text: str) -> None:
    """And nothing beside the networks of the registries is refused."""
    assert Allowed().allows("receiver.example", ip_address(text))


@pytest.mark.parametrize(
    ("word", "host", "address", "is_allowed"),
    [
        ("10.1.0.0/16", "any.example", "10.1.2.3", True),
        ("10.1.0.0/16", "any.example", "::ffff:10.1.2.3", True),
        ("10.1.0.0/16", "any.example", "10.2.0.1", False),
        ("10.1.2.3", "any.example", "10.1.2.3", True),
        ("fd00::/8", "any.example", "fd12::1", True),
        ("fd00::/8", "any.example", "10.1.2.3", False),
        ("hooks.lan", "hooks.lan", "10.1.2.3", True),
        ("hooks.lan", "HOOKS.lan.", "10.1.2.3", True),
        ("hooks.lan", "other.hooks.lan", "10.1.2.3", False),
        ("hooks.lan", "other.lan", "10.1.2.3", False),
    ],
)
def test_the_operator_names_exceptions(
    word: str, host: str, address: str, is_allowed: bool
) -> None:
    """A network or address, or a host with whatever addresses it has."""
    assert Allowed([word]).allows(host, ip_address(address)) is is_allowed


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),  # noqa: S104
        ("::1", "::1"),
        ("receiver.example", None),
        ("0x7f.example", None),
        ("1.2.3.4.5", None),
        ("99999999999", None),
    ],
)
def test_an_address_is_known_in_any_spelling(host: str, address: str | None) -> None:
    """That the system would take for one without a question to anybody."""
    assert address_of(host) == (None if address is None else ip_address(address))
