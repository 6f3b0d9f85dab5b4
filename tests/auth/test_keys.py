"""Keys: what a token is checked with, also when its issuer changes keys, fails or lies."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.auth.keys import FITS, PublishedKeys, keys_from, read_public_key, usable_keys
from chat.errors import NotAuthenticated, Unavailable
from config.errors import SettingsError
from config.settings import Settings
from tests.support.issuer import PATIENCE, Issuer, eventually

NEVER = 3600.0  # longer than any test

PRIVATE_KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
OTHER_RSA = rsa.generate_private_key(65537, 2048)
SHORT_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 # too short on purpose


def public_pem(private: Any) -> bytes:
    text: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text


def private_pem(private: Any) -> bytes:
    text: bytes = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text


def token(private: Any, algorithm: str, key_id: str | None = None) -> str:
    headers = {} if key_id is None else {"kid": key_id}
    return jwt.encode({"sub": "7"}, private, algorithm=algorithm, headers=headers)


def published(private: Any, algorithm: str, **more: Any) -> dict[str, Any]:
    """A member of a key set; what is given as None is left out."""
    member: dict[str, Any] = jwt.get_algorithm_by_name(algorithm).to_jwk(
        private.public_key(), as_dict=True
    )
    every = member | {"alg": algorithm, "use": "sig"} | more
    return {name: value for name, value in every.items() if value is not None}


def rsa_member(private: Any, key_id: str | None, **more: Any) -> dict[str, Any]:
    return published(private, "RS256", kid=key_id, **more)


RSA = PRIVATE_KEYS["RS256"]


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    issuer = Issuer()
    issuer.publish(rsa_member(RSA, "first"))
    yield issuer
    issuer.close()


Open = Callable[..., PublishedKeys]


@pytest.fixture
async def open_keys(issuer: Issuer) -> AsyncIterator[Open]:
    """Makes the issuer's keys for RS256, closed after the test."""
    opened: list[PublishedKeys] = []

    def open_keys(
        *, refresh: float = NEVER, pause: float = NEVER, deadline: float = PATIENCE
    ) -> PublishedKeys:
        keys = PublishedKeys(issuer.url, "RS256", refresh=refresh, pause=pause, deadline=deadline)
        opened.append(keys)
        return opened[-1]

    yield open_keys
    issuer.open.set()
    for keys in opened:
        await keys.close()


async def accepts(keys: PublishedKeys, signed: str) -> bool:
    """Whether the token has a key; what has one was signed by it."""
    try:
        key = await keys.key_for(signed)
    except NotAuthenticated:
        return False
    assert jwt.decode(signed, key, algorithms=["RS256"]) == {"sub": "7"}
    return True


async def test_with_hs256_the_key_is_the_secret() -> None:
    """Every token is checked with JWT_SECRET."""
    secret = "only for tests, but thirty-two bytes"
    keys = keys_from(Settings(jwt_secret=secret))
    assert await keys.key_for("whatever") == secret


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
@pytest.mark.parametrize("form", ["text", "text in one line", "file"])
async def test_a_public_key_is_read_from_text_or_file(
    algorithm: str, form: str, tmp_path: Path
) -> None:
    """PEM works as it is, with `\\n` for its line ends, and as the path of a file."""
    private = PRIVATE_KEYS[algorithm]
    value = public_pem(private).decode()
    if form == "text in one line":
        value = value.strip().replace("\n", "\\n")
    elif form == "file":
        (tmp_path / "key.pem").write_text(value)
        value = str(tmp_path / "key.pem")
    keys = keys_from(Settings(jwt_algorithm=algorithm, jwt_public_key=value))
    await keys.start()
    signed = token(private, algorithm)
    key = await keys.key_for(signed)
    assert jwt.decode(signed, key, algorithms=[algorithm]) == {"sub": "7"}
    await keys.close()


def test_ed448_is_an_eddsa_key() -> None:
    """RFC 8037 gives EdDSA two curves; both fit."""
    key = read_public_key(public_pem(ed448.Ed448PrivateKey.generate()).decode(), "EdDSA")
    assert FITS["EdDSA"][1](key)


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        ("RS256", public_pem(PRIVATE_KEYS["ES256"])),
        ("RS256", public_pem(PRIVATE_KEYS["EdDSA"])),
        ("RS256", public_pem(SHORT_RSA)),
        ("ES256", public_pem(PRIVATE_KEYS["RS256"])),
        ("ES256", public_pem(ec.generate_private_key(ec.SECP384R1()))),
        ("ES256", public_pem(ec.generate_private_key(ec.SECP256K1()))),
        ("EdDSA", public_pem(PRIVATE_KEYS["ES256"])),
        ("EdDSA", public_pem(dsa.generate_private_key(1024))),  # noqa: S505 # quickly made
    ],
)
def test_a_key_that_does_not_fit_stops_the_start(algorithm: str, value: bytes) -> None:
    """One line names the setting, the algorithm, and the key that it needs."""
    with pytest.raises(SettingsError) as caught:
        read_public_key(value.decode(), algorithm)
    line = str(caught.value)
    assert line.startswith("JWT_PUBLIC_KEY: ")
    assert f"JWT_ALGORITHM={algorithm}" in line
    assert FITS[algorithm][0] in line
    assert "\n" not in line


@pytest.mark.parametrize("algorithm", FITS)
def test_a_private_key_is_refused_and_not_shown(algorithm: str) -> None:
    """Who mistakes the private key for the public one does not find it in a log."""
    value = private_pem(PRIVATE_KEYS[algorithm]).decode()
    with pytest.raises(SettingsError) as caught:
        read_public_key(value, algorithm)
    line = str(caught.value)
    assert line.startswith("JWT_PUBLIC_KEY: ")
    assert "\n" not in line
    assert not any(part in line for part in value.splitlines())


@pytest.mark.parametrize(
    "value",
    [
        "/does/not/exist.pem",
        "/",
        "x" * 5000,
        "nul\0",
        "\udcff",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n\udcff\n-----END PUBLIC KEY-----",
    ],
)
def test_what_is_no_key_stops_the_start(value: str) -> None:
    """A missing file, a folder and broken PEM give one line that says what is needed."""
    with pytest.raises(SettingsError) as caught:
        read_public_key(value, "RS256")
    assert str(caught.value).startswith("JWT_PUBLIC_KEY: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_pem_stops_the_start(tmp_path: Path) -> None:
    """The same key in DER is not taken for PEM."""
    der = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.der").write_bytes(der)
    with pytest.raises(SettingsError, match="JWT_PUBLIC_KEY: that is no public key"):
        read_public_key(str(tmp_path / "key.der"), "RS256")


async def test_a_published_key_is_found_by_its_id(issuer: Issuer, open_keys: Open) -> None:
    """Each token gets the key that its header names, without another request."""
    issuer.publish(rsa_member(RSA, "first"), rsa_member(OTHER_RSA, "second"))
    keys = open_keys()
    await keys.start()
    for _ in range(3):
        assert await accepts(keys, token(RSA, "RS256", "first"))
        assert await accepts(keys, token(OTHER_RSA, "RS256", "second"))
    assert issuer.requests == 1


async def test_settings_name_the_key_set(issuer: Issuer) -> None:
    """JWT_JWKS_URL is where the keys come from, for each algorithm."""
    for algorithm, private in PRIVATE_KEYS.items():
        issuer.publish(published(private, algorithm, kid="1"))
        keys = keys_from(Settings(jwt_algorithm=algorithm, jwt_jwks_url=issuer.url))
        await keys.start()
        signed = token(private, algorithm, "1")
        key = await keys.key_for(signed)
        assert jwt.decode(signed, key, algorithms=[algorithm]) == {"sub": "7"}
        await keys.close()


async def test_a_token_without_key_id_takes_the_only_key(issuer: Issuer, open_keys: Open) -> None:
    """With one usable key there is no doubt; with two the token is refused."""
    issuer.publish(rsa_member(RSA, None), published(PRIVATE_KEYS["ES256"], "ES256", kid="other"))
    keys = open_keys(pause=0)
    await keys.start()
    assert await accepts(keys, token(RSA, "RS256"))
    issuer.publish(rsa_member(RSA, "first"), rsa_member(OTHER_RSA, "second"))
    assert not await accepts(keys, token(RSA, "RS256", "unknown"))
    assert not await accepts(keys, token(RSA, "RS256"))


async def test_a_new_key_is_fetched_when_it_is_first_used(issuer: Issuer, open_keys: Open) -> None:
    """A token of a key that the issuer has just changed to works at once."""
    keys = open_keys(pause=0)
    await keys.start()
    issuer.publish(rsa_member(OTHER_RSA, "second"))
    assert await accepts(keys, token(OTHER_RSA, "RS256", "second"))
    assert not await accepts(keys, token(RSA, "RS256", "first"))


async def test_made_up_key_ids_do_not_reach_the_issuer(issuer: Issuer, open_keys: Open) -> None:
    """However many unknown ids come, the next fetch waits until the pause is over."""
    keys = open_keys(pause=NEVER)
    await keys.start()
    for number in range(50):
        with pytest.raises(NotAuthenticated) as caught:
            await keys.key_for(token(RSA, "RS256", f"made up {number}"))
        assert caught.value.code == "token_invalid"
    assert issuer.requests == 1


async def test_all_who_wait_for_a_new_key_share_one_request(
    issuer: Issuer, open_keys: Open
) -> None:
    """Twenty clients with a new key's tokens make the issuer answer once."""
    keys = open_keys(pause=0)
    await keys.start()
    issuer.publish(rsa_member(OTHER_RSA, "second"))
    issuer.open.clear()
    signed = token(OTHER_RSA, "RS256", "second")
    asking = [asyncio.create_task(accepts(keys, signed)) for _ in range(20)]
    await issuer.asked(2)
    issuer.open.set()
    assert all(await asyncio.gather(*asking))
    assert issuer.requests == 2


@pytest.mark.parametrize("drips", [False, True])
async def test_an_issuer_that_hangs_holds_nobody_up_for_long(
    issuer: Issuer, open_keys: Open, monkeypatch: pytest.MonkeyPatch, drips: bool
) -> None:
    """Neither before its answer nor within it. Known keys are there at once, made-up ids start no
    other request, and once the issuer answers, its new key is there.
    """
    keys = open_keys(pause=0)
    await keys.start()
    issuer.open.clear()
    issuer.drips = drips
    made_up = [
        asyncio.create_task(accepts(keys, token(OTHER_RSA, "RS256", f"made-up-{n}")))
        for n in range(20)
    ]
    await issuer.asked(2)
    assert await accepts(keys, token(RSA, "RS256", "first"))
    assert not any(task.done() for task in made_up), "that did not wait for the issuer"
    loop = asyncio.get_running_loop()
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + PATIENCE)  # the deadline is over
    assert await asyncio.gather(*made_up) == [False] * 20
    for n in range(20):
        assert not await accepts(keys, token(OTHER_RSA, "RS256", f"later-{n}"))
    assert issuer.requests == 2
    issuer.publish(rsa_member(RSA, "first"), rsa_member(OTHER_RSA, "second"))
    issuer.open.set()

    async def knows_it() -> bool:
        return await accepts(keys, token(OTHER_RSA, "RS256", "second"))

    await eventually(knows_it)


async def test_who_gives_up_does_not_stop_the_fetch(issuer: Issuer, open_keys: Open) -> None:
    """A client that leaves while its key is fetched leaves the fetch to the others."""
    keys = open_keys(pause=0)
    await keys.start()
    issuer.publish(rsa_member(OTHER_RSA, "second"))
    issuer.open.clear()
    signed = token(OTHER_RSA, "RS256", "second")
    asking = asyncio.create_task(accepts(keys, signed))
    await issuer.asked(2)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    issuer.open.set()
    assert await accepts(keys, signed)
    assert issuer.requests == 2


async def test_keys_are_fetched_again_by_themselves(issuer: Issuer, open_keys: Open) -> None:
    """A key that the issuer takes back stops working, though no unknown id was asked for."""
    keys = open_keys(refresh=0.01)
    await keys.start()
    assert await accepts(keys, token(RSA, "RS256", "first"))
    issuer.publish(rsa_member(OTHER_RSA, "second"))

    async def refuses_the_first() -> bool:
        return not await accepts(keys, token(RSA, "RS256", "first"))

    await eventually(refuses_the_first)
    assert await accepts(keys, token(OTHER_RSA, "RS256", "second"))
    # What is the same as before makes no token doubtful.
    changes = keys.generation
    await keys.attempt()
    assert (changes, keys.generation) == (2, 2)


async def test_an_issuer_that_is_away_at_start_is_tried_again(
    issuer: Issuer, open_keys: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """Payam starts, says so in the log, answers 503, and recovers without being asked."""
    issuer.status = 503
    keys = open_keys(pause=0.01)
    with caplog.at_level(logging.WARNING):
        await keys.start()
    assert "JWT_JWKS_URL" in caplog.text
    with pytest.raises(Unavailable) as caught:
        await keys.key_for(token(RSA, "RS256", "first"))
    assert caught.value.retry_after > 0
    await issuer.asked(issuer.requests + 1)
    issuer.publish(rsa_member(RSA, "first"))

    async def recovered() -> bool:
        try:
            return await accepts(keys, token(RSA, "RS256", "first"))
        except Unavailable:
            return False

    await eventually(recovered)


async def test_an_issuer_that_nobody_listens_for_is_unavailable(issuer: Issuer) -> None:
    """A refused connection is the issuer's fault, not the token's: 503, never 401."""
    keys = PublishedKeys(issuer.url, "RS256", pause=NEVER)
    issuer.close()
    await keys.start()
    with pytest.raises(Unavailable):
        await keys.key_for(token(RSA, "RS256", "first"))
    await keys.close()


def answer(*members: object) -> bytes:
    return json.dumps({"keys": members}).encode()


WRONG_ANSWERS = [
    pytest.param(500, b"", id="error"),
    pytest.param(302, b"", id="redirect"),
    pytest.param(200, b"", id="empty"),
    pytest.param(200, b"<html>Sign in</html>", id="a page"),
    pytest.param(200, b"\xff\xfe\xff", id="not text"),
    pytest.param(200, b"[" * 100_000, id="deep"),
    pytest.param(200, b"[]", id="a list"),
    pytest.param(200, b"{}", id="no keys"),
    pytest.param(200, b'{"keys": 5}', id="keys of a wrong type"),
    pytest.param(200, answer(), id="empty set"),
    pytest.param(200, answer(1, None, [], {}, {"kty": "RSA", "n": 1, "e": []}), id="nonsense"),
    pytest.param(200, answer(published(PRIVATE_KEYS["ES256"], "ES256", kid="first")), id="EC only"),
]


@pytest.mark.parametrize(("status", "content"), WRONG_ANSWERS)
async def test_a_wrong_answer_keeps_the_known_keys(
    issuer: Issuer, open_keys: Open, status: int, content: bytes
) -> None:
    """Whatever the issuer sends one day, tokens of the keys known so far go on working."""
    keys = open_keys(pause=0)
    await keys.start()
    issuer.status, issuer.answer = status, content
    assert not await accepts(keys, token(RSA, "RS256", "unknown"))
    assert issuer.requests == 2
    assert await accepts(keys, token(RSA, "RS256", "first"))


@pytest.mark.parametrize(("status", "content"), WRONG_ANSWERS)
async def test_without_any_key_tokens_cannot_be_checked(
    issuer: Issuer, open_keys: Open, status: int, content: bytes
) -> None:
    """An issuer that never published a usable key makes every token 503, not 401."""
    issuer.status, issuer.answer = status, content
    keys = open_keys()
    await keys.start()
    with pytest.raises(Unavailable):
        await keys.key_for(token(RSA, "RS256", "first"))


@pytest.mark.parametrize("broken", ["", "nonsense", "a.b.c", "\u0622.b.c"])
async def test_what_is_no_token_asks_the_issuer_nothing(
    issuer: Issuer, open_keys: Open, broken: str
) -> None:
    """Without a readable header there is no key to look for."""
    keys = open_keys(pause=0)
    await keys.start()
    assert not await accepts(keys, broken)
    assert issuer.requests == 1


@pytest.mark.parametrize(
    "member",
    [
        rsa_member(RSA, "1", use="enc"),
        rsa_member(RSA, "1", alg="RS512"),
        rsa_member(RSA, "1", alg="RSA-OAEP"),
        rsa_member(SHORT_RSA, "1"),
        published(PRIVATE_KEYS["ES256"], "ES256", kid="1", alg="RS256"),
        published(PRIVATE_KEYS["EdDSA"], "EdDSA", kid="1", alg=None),
        jwt.get_algorithm_by_name("RS256").to_jwk(RSA, as_dict=True),
        {"kty": "oct", "kid": "1", "alg": "RS256", "k": "c2VjcmV0"},
    ],
)
def test_members_that_do_not_fit_are_passed_over(member: dict[str, Any]) -> None:
    """Keys for encryption, of other algorithms, too short or private check nothing."""
    found = usable_keys({"keys": [member, rsa_member(OTHER_RSA, "good")]}, "RS256")
    assert [key_id for key_id, _ in found] == ["good"]


def test_members_need_not_say_what_they_are_for() -> None:
    """`alg` and `use` are optional in a key set."""
    assert len(usable_keys({"keys": [rsa_member(RSA, "1", alg=None, use=None)]}, "RS256")) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
member_names = st.sampled_from(["kty", "kid", "alg", "use", "n", "e", "x", "y", "crv", "d", "p"])


@given(
    st.dictionaries(member_names, json_values),
    st.sampled_from(sorted(FITS)),
    st.sampled_from(sorted(FITS)),
)
@settings(deadline=None)
def test_any_member_is_used_or_passed_over(
    more: dict[str, Any], its_algorithm: str, algorithm: str
) -> None:
    """A key set with anything in it gives keys that fit, and never an error."""
    member = published(PRIVATE_KEYS[its_algorithm], its_algorithm) | more
    for _, key in usable_keys({"keys": [member]}, algorithm):
        assert FITS[algorithm][1](key)
