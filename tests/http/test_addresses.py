"""Where a request comes from, however proxies and listeners write it."""

import logging
import secrets
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from multidict import CIMultiDict

from chat.http import addresses
from tests.support.payam_server import PayamServer

PROXY = "127.0.0.1"
TRUSTED = (PROXY, "10.0.0.0/8", "2001:db8:ffff::/48")
FORWARDED, FOR = "Forwarded", "X-Forwarded-For"


@pytest.fixture(autouse=True)
def _nothing_reported() -> Iterator[None]:
    addresses._reported.clear()
    yield
    addresses._reported.clear()


def come(*headers: tuple[str, str], peer: str = PROXY, trusted: tuple[str, ...] = TRUSTED) -> str:
    """The address of a request with these headers, from this peer."""
    request: Any = SimpleNamespace(ip=peer, headers=CIMultiDict(headers))
    return addresses.of_client(request, trusted)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:5678", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ('"203.0.113.7"', "203.0.113.7"),
        ('"203.0.113.7:5678"', "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::FFFF:CB00:7107", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:5678", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("2001:0db8::0001", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("[2001:db8::1]:_hidden", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
    ],
)
def test_every_written_form_of_an_address_is_one_client(written: str, address: str) -> None:
    """With and without port, brackets, quotes, zone; IPv4 within IPv6 is IPv4."""
    assert come((FOR, written)) == address
    quoted = written if '"' in written else f'"{written}"'
    assert come((FORWARDED, f"for={quoted};proto=https")) == address


@pytest.mark.parametrize(
    "written",
    [
        *("unknown", "_hidden", "localhost", "203.0.113", "203.0.113.007", "1.2.3.4.5", "0x7f.1"),
        *("[203.0.113.7]", "[2001:db8::1", "2001:db8::1]:443", "[2001:db8::1]443", "1.2.3.4:port"),
        *("203.0.113.7:", ":443", "[]", "%eth0", "١.٢.٣.٤", "203.0.113.7/32", "x" * 500, '""'),
    ],
)
def test_what_is_no_address_leaves_that_of_who_wrote_it(written: str) -> None:
    """The reading ends there: what stands before it was vouched for by nobody."""
    assert come((FOR, f"198.51.100.1, {written}, 10.0.0.9")) == "10.0.0.9"


def test_one_that_is_no_address_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """With the proxy's name; not once per request, and cut short."""
    with caplog.at_level(logging.WARNING):
        for number in range(100):
            come((FOR, f"_hidden{number}" + "x" * 500))
    (record,) = caplog.records
    assert PROXY in record.getMessage()
    assert "_hidden0" in record.getMessage()
    assert len(record.getMessage()) < 400


@pytest.mark.parametrize("peer", ["127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1"])
@pytest.mark.parametrize(
    "trusted",
    ["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "::ffff:127.0.0.1", "::ffff:127.0.0.0/104", "::/0"],
)
def test_a_trusted_network_of_ipv4_is_the_same_in_both_forms(peer: str, trusted: str) -> None:
    """A listener on both sees `::ffff:127.0.0.1` where the operator wrote `127.0.0.1`."""
    assert addresses.is_within(peer, (trusted,))
    assert come((FOR, "203.0.113.7"), peer=peer, trusted=(trusted,)) != peer


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({FOR: "203.0.113.7, 10.0.0.1"}, "203.0.113.7"),
        ({FOR: "192.0.2.1, 203.0.113.7"}, "203.0.113.7"),
        ({FOR: "192.0.2.1, 203.0.113.7, 10.0.0.1:80, [2001:db8:ffff::2]:443"}, "203.0.113.7"),
        ({FOR: "10.0.0.1, 10.0.0.2"}, "10.0.0.1"),
        ({FOR: "203.0.113.7,"}, "203.0.113.7"),
        ({FORWARDED: "for=192.0.2.1, For=203.0.113.7;by=10.0.0.1"}, "203.0.113.7"),
        ({FORWARDED: 'by="[::1]:80"; for = "[2001:db8::1]:443" ; host="a,b;c"'}, "2001:db8::1"),
        ({FORWARDED: 'for="2001\\:db8::1"'}, "2001:db8::1"),
        ({FORWARDED: "for=192.0.2.1, proto=https"}, PROXY),
        ({FORWARDED: "for=192.0.2.1", FOR: "203.0.113.7"}, "203.0.113.7"),
        ({}, PROXY),
    ],
)
def test_headers_are_read_from_their_end(headers: Mapping[str, str], address: str) -> None:
    """As far as trusted proxies vouch for it."""
    assert come(*headers.items()) == address


def test_several_headers_are_one(caplog: pytest.LogCaptureFixture) -> None:
    """RFC 9110: lines of one name are one list."""
    assert come((FOR, "192.0.2.1"), (FOR, "203.0.113.7"), (FOR, "10.0.0.1")) == "203.0.113.7"
    assert caplog.records == []


@pytest.mark.parametrize("peer", ["203.0.113.7", "2001:db8::1", ""])
def test_headers_of_others_are_not_read(peer: str) -> None:
    """Whoever is no proxy of ours may write what they like."""
    assert come((FOR, "198.51.100.1"), (FORWARDED, "for=198.51.100.1"), peer=peer) == peer


def test_a_listener_on_both_counts_each_client_behind_an_ipv4_proxy() -> None:
    """One client's password attempts, from any of its ports, do not stop another's."""
    settings = {"HOST": "::", "TRUSTED_PROXIES": PROXY, "RATE_LOGINS": "1"}
    with PayamServer(settings) as server, httpx.Client(base_url=server.url) as http:

        def attempt(written: str) -> int:
            body = {"username": secrets.token_hex(8), "password": "a wrong one"}
            return http.post("/api/token/", json=body, headers={FOR: written}).status_code

        mine = [attempt(f"203.0.113.7:{port}") for port in range(5000, 5020)]
        assert 429 in mine
        assert attempt("::ffff:203.0.113.7") == 429
        assert attempt("[2001:db8::1]:443") == 401
