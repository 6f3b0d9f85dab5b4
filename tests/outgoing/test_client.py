"""Requests to real servers: what is connected to, what counts as an answer, and what does not."""

import asyncio
import datetime
import ssl
import threading
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chat.outgoing import names
from chat.outgoing.addresses import Address, Allowed
from chat.outgoing.client import Answer, Client, Forbidden, Undelivered
from chat.outgoing.names import Names
from chat.outgoing.urls import parse
from tests.support.ports import free_port
from tests.support.receiver import Received, Receiver, answer, cut, hang


class Chosen(Names):
    """Names whose addresses are chosen here, one list for each question, as their owner may."""

    def __init__(self, *answers: list[str]) -> None:
        super().__init__()
        self._answers = [[ip_address(text) for text in one] for one in answers]

    async def addresses(self, host: str) -> list[Address]:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def client_of(*allow: str, addresses: Names | None = None, timeout: float = 10.0) -> Client:
    return Client(Allowed(allow), timeout=timeout, names=addresses)


async def post(client: Client, url: str, **headers: str) -> Answer:
    try:
        return await client.post(parse(url), headers, b"{}")
    finally:
        await client.close()


async def refusal(client: Client, url: str) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await post(client, url)
    assert "token" not in str(caught.value)
    return caught.value


async def test_an_answer_is_its_status_and_headers(receiver: Receiver) -> None:
    """The path and query, the headers and the body arrive."""

    async def slow_down(_: Received) -> bytes:
        return answer(429, b"x" * 100, Retry_After="7")

    receiver.behaviour = slow_down
    got = await post(client_of("127.0.0.1"), receiver.url, **{"X-Own": "1"})
    assert (got.status, got.headers["retry-after"]) == (429, "7")
    (request,) = receiver.received
    assert (request.path, request.headers["x-own"], request.body) == (
        "/hook?token=secret-of-the-query",
        "1",
        b"{}",
    )
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0", "[::ffff:7f00:1]"]
)
async def test_no_connection_is_made_to_the_inside(receiver: Receiver, host: str) -> None:
    """By an address or a name, in whatever spelling the system understands."""
    for scheme in ("http", "https"):
        error = await refusal(client_of(), f"{scheme}://{host}:{receiver.port}/?token=x")
        assert error.outcome == "forbidden"
    assert receiver.connections == 0


async def test_each_connection_is_to_an_address_that_was_checked(receiver: Receiver) -> None:
    """A name may have another address the next time, which is checked again, and only allowed ones
    of several are used.
    """
    turns = Chosen(["10.255.255.1", "127.0.0.1"], ["127.0.0.2"])
    client = client_of("127.0.0.1", addresses=turns)
    url = f"http://receiver.test:{receiver.port}/"

    async def and_close(_: Received) -> bytes:
        return answer(200, Connection="close")

    receiver.behaviour = and_close
    assert (await client.post(parse(url), {}, b"{}")).status == 200
    assert receiver.received[0].headers["host"] == f"receiver.test:{receiver.port}"
    assert (await refusal(client, url)).outcome == "forbidden"
    assert receiver.connections == 1


async def test_without_tls_only_where_the_operator_allows_it(receiver: Receiver) -> None:
    """A public address is not enough for http://."""
    error = await refusal(client_of(addresses=Chosen(["8.8.8.8"])), "http://receiver.test/")
    assert (error.outcome, "https://" in str(error)) == ("forbidden", True)
    by_name = client_of("receiver.test", addresses=Chosen(["127.0.0.1"]))
    assert (await post(by_name, f"http://receiver.test:{receiver.port}/")).status == 204


async def test_a_url_is_checked_before_anything_is_sent() -> None:
    """What has an address, and no allowed one, is refused; what has none may get one later."""
    client = client_of("10.0.0.0/8")
    with pytest.raises(Forbidden):
        await client.check(parse("https://127.0.0.1/"))
    await client.check(parse("https://10.1.1.1/"))
    await client.check(parse("https://no-such-name.invalid/"))
    with pytest.raises(Forbidden, match="https://"):
        await client.check(parse("http://no-such-name.invalid/"))
    await client_of("no-such-name.invalid").check(parse("http://no-such-name.invalid/"))


async def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver) -> None:
    """Wherever it leads."""

    async def move(_: Received) -> bytes:
        return answer(307, Location=f"http://127.0.0.2:{receiver.port}/")

    receiver.behaviour = move
    assert (await post(client_of("127.0.0.1"), receiver.url)).status == 307
    assert len(receiver.received) == 1


async def test_a_receiver_that_hangs_or_cuts_gives_no_answer(receiver: Receiver) -> None:
    """A head that never comes, half a body, a body that never ends, nobody who listens."""
    receiver.behaviour = hang
    assert (await refusal(client_of("127.0.0.1", timeout=0.1), receiver.url)).outcome == "timeout"
    receiver.behaviour = cut
    assert (await refusal(client_of("127.0.0.1"), receiver.url)).outcome == "cut"

    async def nothing(_: Received) -> None:
        return None

    receiver.behaviour = nothing
    assert (await refusal(client_of("127.0.0.1"), receiver.url)).outcome == "cut"

    async def other_talk(_: Received) -> bytes:
        return b"220 mail.example ESMTP\r\n\r\n"

    receiver.behaviour = other_talk
    assert (await refusal(client_of("127.0.0.1"), receiver.url)).outcome == "cut"

    async def never_whole(_: Received) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"

    receiver.behaviour = never_whole
    slow = client_of("127.0.0.1", timeout=0.1)
    assert (await refusal(slow, receiver.url)).outcome == "timeout"
    nobody = f"http://127.0.0.1:{free_port()}/"
    assert (await refusal(client_of("127.0.0.1"), nobody)).outcome == "unreachable"


@pytest.mark.parametrize(
    ("sent", "status", "body", "connections"),
    [
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            200,
            b"ok",
            1,
        ),
        (
            b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            202,
            b"ok",
            1,
        ),
        (b"HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", 2),
    ],
    ids=["after-100", "chunked", "1.0"],
)
async def test_answers_of_every_form_are_read(
    receiver: Receiver, sent: bytes, status: int, body: bytes, connections: int
) -> None:
    """And the connection is used again, where the receiver leaves it open."""

    async def behave(_: Received) -> bytes:
        return sent

    receiver.behaviour = behave
    client = client_of("127.0.0.1")
    for _ in range(2):
        got = await client.post(parse(receiver.url), {}, b"{}")
        assert (got.status, got.body) == (status, body)
    await client.close()
    assert len(receiver.received) == 2
    assert receiver.connections == connections


async def test_a_body_without_a_length_goes_on_until_the_end() -> None:
    """As HTTP/1.0 has it. Where a length was said, less than that is no answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(heads.pop(0) + b"\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    heads = [b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"]
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert (await post(client_of("127.0.0.1"), url)).body == b"half"
        assert (await refusal(client_of("127.0.0.1"), url)).outcome == "cut"


async def test_a_head_without_an_end_is_no_answer(receiver: Receiver) -> None:
    """Nobody fills the memory so."""

    async def endless(_: Received) -> bytes:
        return b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000

    receiver.behaviour = endless
    assert (await refusal(client_of("127.0.0.1"), receiver.url)).outcome == "cut"


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 6_000, id="many fields"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2_000, id="interim answers"),
    ],
)
async def test_a_head_is_read_up_to_a_bound(receiver: Receiver, start: bytes) -> None:
    """Each of its fields takes time of the event loop. The next answer has the bound anew."""

    async def long(request: Received) -> bytes:
        if request.path == "/short":
            return answer(200, b"x" * 16_000)
        return start + answer(200)

    receiver.behaviour = long
    error = await refusal(client_of("127.0.0.1"), receiver.url)
    assert (error.outcome, str(error)) == ("cut", "the connection broke: its answer is too long")
    client = client_of("127.0.0.1")
    url = parse(f"http://127.0.0.1:{receiver.port}/short")
    bodies = [(await client.post(url, {}, b"{}")).body for _ in range(4)]
    await client.close()
    assert {len(body) for body in bodies} == {16_000}


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (b"", "illegal status line"),
        (b"HTTP/1.1 200 OK\r\n\0", "illegal header line"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "illegal chunk header"),
    ],
)
async def test_what_a_receiver_repeats_is_not_repeated(
    receiver: Receiver, before: bytes, says: str
) -> None:
    """One that sends back what it gets, and does not speak HTTP: its answer has the query."""

    async def echo(request: Received) -> bytes:
        return before + f"POST {request.path} HTTP/1.1\r\n\r\n".encode()

    receiver.behaviour = echo
    error = await refusal(client_of("127.0.0.1"), receiver.url)
    assert (error.outcome, str(error)) == ("cut", f"the connection broke: {says}")


async def test_a_connection_that_was_closed_meanwhile_is_not_used(receiver: Receiver) -> None:
    """A receiver closes those that nothing came over for a while."""
    client = client_of("127.0.0.1")
    await client.post(parse(receiver.url), {}, b"{}")
    await receiver.stop()
    await receiver.start()
    assert (await client.post(parse(receiver.url), {}, b"{}")).status == 204
    await client.close()


async def test_a_large_answer_is_read_up_to_a_bound(receiver: Receiver) -> None:
    """Its status counts, and its body is dropped."""

    async def endless(_: Received) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 200_000

    receiver.behaviour = endless
    assert (await post(client_of("127.0.0.1"), receiver.url)).status == 200


async def test_connections_are_kept_for_the_next_request(receiver: Receiver) -> None:
    """So that each change costs no handshake."""
    client = client_of("127.0.0.1")
    for _ in range(3):
        await client.post(parse(receiver.url), {}, b"{}")
    await client.close()
    assert (len(receiver.received), receiver.connections) == (3, 1)


async def test_one_name_that_does_not_answer_holds_up_nobody_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All who wait for it wait for one question."""
    asked, goes_on = [], threading.Event()
    lookup = names.lookup

    def slowly(host: str) -> list[Address]:
        asked.append(host)
        if host == "slow.test":
            goes_on.wait(60)
        return lookup("127.0.0.1")

    monkeypatch.setattr(names, "lookup", slowly)
    shared = Names()

    def client() -> Client:
        return client_of("127.0.0.1", addresses=shared, timeout=0.3)

    others = asyncio.gather(*(refusal(client(), "http://slow.test/") for _ in range(5)))
    patient = client_of("127.0.0.1", addresses=shared)
    try:
        assert (await post(patient, f"http://quick.test:{receiver.port}/")).status == 204
        assert {error.outcome for error in await others} == {"timeout"}
        assert sorted(asked) == ["quick.test", "slow.test"]
    finally:
        goes_on.set()


async def test_tls_asks_for_the_name_and_not_for_the_address(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate must be of the URL's host, whichever address was connected to."""
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(made_for("receiver.test"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    await receiver.stop()
    receiver.port = 0
    await receiver.start(tls=tls)
    local = Chosen(["127.0.0.1"])
    url = f"https://receiver.test:{receiver.port}/"
    error = await refusal(client_of("127.0.0.1", addresses=local), url)
    assert (error.outcome, "certificate" in str(error).lower()) == ("unreachable", True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert (await post(client_of("127.0.0.1", addresses=local), url)).status == 204
    other = f"https://other.test:{receiver.port}/"
    assert (await refusal(client_of("127.0.0.1", addresses=local), other)).outcome == "unreachable"


def made_for(name: str) -> bytes:
    """A key and a certificate of this name, which signed itself, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
