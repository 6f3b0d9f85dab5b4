"""URLs are read strictly, and by one reader."""

import pytest

from chat.outgoing.urls import WrongUrl, parse


@pytest.mark.parametrize(
    ("text", "authority", "target"),
    [
        ("https://example.org", "example.org", "/"),
        ("HTTPS://Example.org:443/a?b=c", "example.org", "/a?b=c"),
        ("https://example.org:8443/", "example.org:8443", "/"),
        ("http://[2001:db8::1]:81/x", "[2001:db8::1]:81", "/x"),
        ("https://xn--mgbh0fb.example/%20", "xn--mgbh0fb.example", "/%20"),
        ("https://example.org?x", "example.org", "/?x"),
        ("https://example.org/a@b", "example.org", "/a@b"),
    ],
)
def test_a_url_is_taken_apart(text: str, authority: str, target: str) -> None:
    """Into what is connected to, and what is asked for there."""
    url = parse(text)
    assert (url.authority, url.target) == (authority, target)
    assert url.target not in url.shown.removeprefix("https://") or url.target == "/"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "blank"),
        ("example.org", "https://"),
        ("ftp://example.org/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https://", "host"),
        ("https:///x", "host"),
        ("https://user@example.org/", "password"),
        ("https://user:word@example.org/", "password"),
        ("https://@example.org/", "password"),
        ("https://example.org/#part", "fragment"),
        ("https://example.org/#", "fragment"),
        ("https://example.org:0/", "port"),
        ("https://example.org:/", "port"),
        ("https://example.org:65536/", "port"),
        ("https://example.org:x/", "port"),
        ("https://[::1/", "ASCII|cannot be read"),
        ("https://[fe80::1%25eth0]/", "host"),
        ("https://exa mple.org/", "ASCII"),
        ("https://example.org/\r\nX: y", "ASCII"),
        ("https://example.org\\@127.0.0.1/", "ASCII"),
        ("https://سلام.example/", "ASCII"),
        ("https://.example.org/", "host"),
        ("https://a..b/", "host"),
        ("https://" + "a" * 64 + ".example/", "host"),
        ("https://" + "a" * 2000, "2000"),
    ],
)
def test_anything_else_is_refused(text: str, says: str) -> None:
    """The error says what is wrong, and does not repeat the URL, which may hold a secret."""
    with pytest.raises(WrongUrl, match=says) as caught:
        parse(text)
    assert "example.org/" not in str(caught.value)
