"""Tokens: what is issued can be read back, and nothing else gets through."""

import base64
import json
from time import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat.auth import seen_tokens
from chat.auth.keys import PublishedKeys, keys_from
from chat.auth.tokens import MOST_CHARACTERS, Tokens
from chat.errors import NotAuthenticated
from config.settings import Settings

SECRET = "a secret that is only for tests, and long enough for HS512 too: 64 bytes"
SETTINGS = Settings(jwt_secret=SECRET, jwt_access_ttl=3600, jwt_refresh_ttl=7200)
OURS = Tokens(SETTINGS, keys_from(SETTINGS))

PRIVATE_KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def pem(algorithm: str) -> str:
    public = PRIVATE_KEYS[algorithm].public_key()
    text: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


def foreign(algorithm: str, **more: Any) -> Tokens:
    """What checks the tokens of another issuer."""
    settings = Settings(jwt_algorithm=algorithm, jwt_public_key=pem(algorithm), **more)
    return Tokens(settings, keys_from(settings))


FOREIGN = foreign("RS256")
NOW = int(time())
LEEWAY = Settings().jwt_leeway


def claims(**more: Any) -> dict[str, Any]:
    """An access token's good claims; a claim that is given as `...` is left out."""
    every = {"sub": "7", "exp": time() + 86400, "typ": "access"} | more
    return {name: value for name, value in every.items() if value is not ...}


def signed(payload: dict[str, Any] | list[Any], key: Any = SECRET, algorithm: str = "HS256") -> str:
    """A token with this payload, whatever the types of its claims."""
    return jwt.PyJWS().encode(json.dumps(payload).encode(), key, algorithm=algorithm)


def unsigned_part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def refusal(tokens: Tokens, token: Any) -> str:
    """The code with which the access token is refused; fails when it is not."""
    with pytest.raises(NotAuthenticated) as caught:
        await tokens.decode_access(token)
    return caught.value.code


async def test_an_access_token_says_whose_it_is() -> None:
    """User, name, sign-in and the end of validity come back as they were given."""
    before = time()
    read = await OURS.decode_access(OURS.issue_access(7, "علی", "family"))
    assert (read.subject, read.username, read.family) == ("7", "علی", "family")
    assert read.token_id
    assert int(before) + 3600 <= read.expires_at <= time() + 3600


async def test_an_access_token_has_the_claims_of_the_contract() -> None:
    """The payload holds exactly what the contract says, `sub` as a string."""
    payload = jwt.decode(OURS.issue_access(7, "ali", None), SECRET, algorithms=["HS256"])
    assert set(payload) == {"sub", "username", "iat", "exp", "jti", "typ"}
    assert (payload["sub"], payload["typ"]) == ("7", "access")
    assert payload["exp"] - payload["iat"] == 3600


async def test_no_two_access_tokens_are_the_same() -> None:
    """Two issued in one second have ids of their own."""
    assert OURS.issue_access(7, "ali", "family") != OURS.issue_access(7, "ali", "family")


def test_a_refresh_token_says_which_it_is() -> None:
    """User, sign-in and its own id come back, and it lasts as long as its setting says."""
    token = OURS.issue_refresh(7, "family", "token", NOW)
    read = OURS.decode_refresh(token)
    assert (read.subject, read.family, read.token_id) == ("7", "family", "token")
    assert read.expires_at == NOW + 7200
    assert OURS.issue_refresh(7, "family", "token", NOW) == token


async def test_a_refresh_token_is_no_access_token() -> None:
    """The long-lived token opens nothing by itself."""
    assert await refusal(OURS, OURS.issue_refresh(7, "family", "token", NOW)) == "token_invalid"


@pytest.mark.parametrize(
    "token",
    [
        OURS.issue_access(7, "ali", "family"),
        signed(claims(typ="refresh", jti="token")),
        signed(claims(typ="refresh", fam="family")),
        signed(claims(typ="Refresh", fam="family", jti="token")),
        signed(claims(typ=..., fam="family", jti="token")),
        "not a token",
        "",
    ],
)
def test_only_a_whole_refresh_token_refreshes(token: str) -> None:
    """An access token, or one without a family or an id, is refused."""
    with pytest.raises(NotAuthenticated) as caught:
        OURS.decode_refresh(token)
    assert caught.value.code == "token_invalid"


async def test_an_expired_token_is_refused_otherwise_than_an_invalid_one() -> None:
    """A client may refresh after `token_expired`."""
    assert await refusal(OURS, signed(claims(exp=time() - LEEWAY - 1))) == "token_expired"
    with pytest.raises(NotAuthenticated) as caught:
        OURS.decode_refresh(signed(claims(exp=1, typ="refresh", fam="family", jti="token")))
    assert caught.value.code == "token_expired"


async def test_a_forged_token_is_not_called_expired() -> None:
    """The signature is looked at first: a forger learns nothing."""
    assert await refusal(OURS, signed(claims(exp=1), "another secret " * 3)) == "token_invalid"


@pytest.mark.parametrize(
    "typ", [..., None, "refresh", "Access", "ACCESS", "", "Bearer", ["access"]]
)
async def test_our_own_token_must_say_that_it_is_for_access(typ: Any) -> None:
    """With the shared secret, `typ` is needed, letter by letter."""
    assert await refusal(OURS, signed(claims(typ=typ))) == "token_invalid"


@pytest.mark.parametrize(
    "more",
    [
        {"sub": ...},
        {"exp": ...},
        {"sub": None},
        {"exp": None},
        {"sub": ["7"]},
        {"sub": 7},
        {"sub": {}},
        {"sub": ""},
        {"sub": "7\0"},
        {"sub": "\ud800"},
        {"sub": "7" * 256},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": [1]},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"exp": 1e300},
        {"exp": -1e300, "sub": 7},
        {"nbf": "soon"},
        {"nbf": 9_999_999_999},
        {"iat": "now"},
        {"iat": None},
        {"iat": 9_999_999_999},
        {"username": 7},
        {"username": "\udcff"},
        {"username": ["ali"]},
        {"jti": 7},
        {"fam": 7},
        {"fam": {"of": "mine"}},
    ],
    ids=repr,
)
async def test_a_claim_of_a_wrong_kind_is_refused(more: dict[str, Any]) -> None:
    """However well it is signed, a token with such a claim is not valid."""
    assert await refusal(OURS, signed(claims(**more))) in ("token_invalid", "token_expired")


@pytest.mark.parametrize("claim", ["nbf", "iat", "exp"])
@pytest.mark.parametrize("leeway", [0, 30])
async def test_clocks_may_differ_by_the_leeway(claim: str, leeway: int) -> None:
    """By the same for each claim that says a moment; beyond it the token is refused."""
    settings = Settings(jwt_secret=SECRET, jwt_leeway=leeway)
    tokens = Tokens(settings, keys_from(settings))
    ahead = -1 if claim == "exp" else 1
    within, beyond = time() + ahead * (leeway - 20), time() + ahead * (leeway + 20)
    assert (await tokens.decode_access(signed(claims(**{claim: within})))).subject == "7"
    code = "token_expired" if claim == "exp" else "token_invalid"
    assert await refusal(tokens, signed(claims(**{claim: beyond}))) == code


def tampered() -> str:
    header, _, signature = OURS.issue_access(7, "ali", None).split(".")
    return f"{header}.{unsigned_part(claims(sub='1'))}.{signature}"


def without_signature() -> str:
    return OURS.issue_access(7, "ali", None).rpartition(".")[0] + "."


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(jwt.encode(claims(), "", algorithm="none"), id="alg none"),
        pytest.param(f"{unsigned_part({'alg': 'NONE'})}.{unsigned_part(claims())}.", id="alg NONE"),
        pytest.param(f"{unsigned_part({})}.{unsigned_part(claims())}.", id="no alg"),
        pytest.param(
            f"{unsigned_part({'alg': ['HS256']})}.{unsigned_part(claims())}.", id="list of algs"
        ),
        pytest.param(jwt.encode(claims(), SECRET, algorithm="HS512"), id="HS512"),
        pytest.param(
            jwt.encode(claims(), PRIVATE_KEYS["RS256"], algorithm="RS256"), id="RS256 of anybody"
        ),
        pytest.param(
            jwt.encode(claims(), SECRET, headers={"crit": ["exp"], "exp": 1}), id="unknown crit"
        ),
        pytest.param(jwt.encode(claims(), SECRET, headers={"b64": False}), id="detached payload"),
        pytest.param(tampered(), id="tampered payload"),
        pytest.param(without_signature(), id="no signature"),
        pytest.param(OURS.issue_access(7, "ali", None) + "A", id="longer signature"),
    ],
)
async def test_a_forged_token_is_refused(token: str) -> None:
    """The classic attacks on a server with a shared secret."""
    assert await refusal(OURS, token) == "token_invalid"


def signed_with(secret: bytes) -> str:
    """A good HS256 token of a secret that PyJWT would not sign with."""
    signing_input = f"{unsigned_part({'alg': 'HS256'})}.{unsigned_part(claims())}"
    signature = jwt.get_algorithm_by_name("HS256").sign(signing_input.encode(), secret)
    return f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def test_a_public_key_is_no_shared_secret() -> None:
    """HS256 with the RSA public key as the secret, the best known attack, is refused."""
    assert await refusal(FOREIGN, signed_with(pem("RS256").encode())) == "token_invalid"


async def test_a_secret_that_could_be_guessed_opens_nothing() -> None:
    """A key under 32 bytes is not used, should one come past the settings' own check."""
    settings = Settings(jwt_secret="short")
    assert (await OURS.decode_access(signed_with(SECRET.encode()))).subject == "7"
    assert await refusal(Tokens(settings, keys_from(settings)), signed_with(b"short")) == (
        "token_invalid"
    )


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
async def test_the_right_key_with_another_algorithm_is_refused(algorithm: str) -> None:
    """Exactly one algorithm is accepted, though the same key could sign with others."""
    token = jwt.encode(claims(), PRIVATE_KEYS["RS256"], algorithm=algorithm)
    assert await refusal(FOREIGN, token) == "token_invalid"


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
async def test_another_issuers_token_is_read(algorithm: str) -> None:
    """Its subject may be any text, and needs neither `typ` nor a username."""
    token = signed(claims(sub="auth0|ab-7", typ=...), PRIVATE_KEYS[algorithm], algorithm)
    read = await foreign(algorithm).decode_access(token)
    assert (read.subject, read.username, read.family) == ("auth0|ab-7", None, None)


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
async def test_another_issuers_forged_token_is_refused(algorithm: str) -> None:
    """A key of the same type that is not the issuer's is not enough."""
    others: dict[str, Any] = {
        "RS256": rsa.generate_private_key(65537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }
    token = signed(claims(), others[algorithm], algorithm)
    assert await refusal(foreign(algorithm), token) == "token_invalid"


async def test_another_issuers_name_for_the_username_is_understood() -> None:
    """OpenID's `preferred_username` stands in where there is no `username`."""
    key = PRIVATE_KEYS["RS256"]
    token = signed(claims(preferred_username="ali"), key, "RS256")
    assert (await FOREIGN.decode_access(token)).username == "ali"
    token = signed(claims(username="reza", preferred_username="ali"), key, "RS256")
    assert (await FOREIGN.decode_access(token)).username == "reza"


@pytest.mark.parametrize("typ", ["access", "Bearer", "JWT", "at+jwt"])
async def test_another_issuers_access_token_may_say_so(typ: str) -> None:
    """What Keycloak and others write in an access token's `typ` is accepted."""
    token = signed(claims(typ=typ), PRIVATE_KEYS["RS256"], "RS256")
    assert (await FOREIGN.decode_access(token)).subject == "7"


@pytest.mark.parametrize("typ", ["refresh", "Refresh", "ID", "Logout", "", ["access"]])
async def test_another_issuers_other_tokens_are_refused(typ: Any) -> None:
    """Refresh, identity and logout tokens are signed with the same key, and open nothing."""
    token = signed(claims(typ=typ), PRIVATE_KEYS["RS256"], "RS256")
    assert await refusal(FOREIGN, token) == "token_invalid"


@pytest.mark.parametrize("fam", ["family", 7, {"of": "theirs"}])
async def test_another_issuers_families_are_not_ours(fam: object) -> None:
    """A claim of that name means something else there, and revokes nothing here."""
    token = signed(claims(fam=fam), PRIVATE_KEYS["RS256"], "RS256")
    assert (await FOREIGN.decode_access(token)).family is None


def test_another_issuers_tokens_are_not_issued_here() -> None:
    """Where another issuer is configured, Payam makes and refreshes no tokens."""
    assert OURS.can_issue
    assert not FOREIGN.can_issue
    with pytest.raises(RuntimeError):
        FOREIGN.issue_access(7, "ali", None)
    with pytest.raises(NotAuthenticated):
        FOREIGN.decode_refresh(OURS.issue_refresh(7, "family", "token", NOW))


BOUND_SETTINGS = Settings(jwt_secret=SECRET, jwt_issuer="https://id.test", jwt_audience="payam")
BOUND = Tokens(BOUND_SETTINGS, keys_from(BOUND_SETTINGS))


async def test_issuer_and_audience_are_written_when_set() -> None:
    """Both kinds of token that Payam issues pass its own checks."""
    assert (await BOUND.decode_access(BOUND.issue_access(7, "ali", None))).subject == "7"
    assert BOUND.decode_refresh(BOUND.issue_refresh(7, "family", "token", NOW)).subject == "7"


async def test_one_of_several_audiences_is_enough() -> None:
    """A token may be meant for other services as well."""
    token = signed(claims(iss="https://id.test", aud=["files", "payam"]))
    assert (await BOUND.decode_access(token)).subject == "7"


@pytest.mark.parametrize(
    "more",
    [
        {"iss": ..., "aud": "payam"},
        {"iss": "https://id.test/", "aud": "payam"},
        {"iss": ["https://id.test"], "aud": "payam"},
        {"iss": "https://id.test", "aud": ...},
        {"iss": "https://id.test", "aud": "files"},
        {"iss": "https://id.test", "aud": ["files", 7]},
        {"iss": "https://id.test", "aud": {"payam": 1}},
        {"iss": "https://id.test", "aud": []},
    ],
    ids=repr,
)
async def test_a_wrong_issuer_or_audience_is_refused(more: dict[str, Any]) -> None:
    """When they are set, a token for somebody else, or that does not say, is not valid."""
    assert await refusal(BOUND, signed(claims(**more))) == "token_invalid"


@pytest.mark.parametrize("audience", ["files", ["files"], 7, None])
async def test_an_audience_is_no_matter_when_none_is_set(audience: object) -> None:
    """Without JWT_AUDIENCE a token may name any."""
    assert (await OURS.decode_access(signed(claims(aud=audience)))).subject == "7"


@pytest.mark.parametrize(
    "token",
    [None, 7, b"bytes", ["list"], "", ".", "..", "a.b.c", "\ud800.b.c", "آ.ب.پ"],
    ids=repr,
)
async def test_what_is_no_token_is_refused(token: object) -> None:
    """Anything at all may be sent as a token; it is refused, not stumbled over."""
    assert await refusal(OURS, token) == "token_invalid"
    assert await refusal(FOREIGN, token) == "token_invalid"


async def test_a_huge_token_is_refused_unread() -> None:
    """A good signature does not help one that no client could send in its headers."""
    token = signed(claims(padding="x" * MOST_CHARACTERS))
    assert await refusal(OURS, token) == "token_invalid"


async def test_payloads_that_are_no_claims_are_refused() -> None:
    """A signed list, number or broken text is not valid either."""
    for payload in (b"[]", b"7", b"null", b"{", b"\xff", b"[" * 5000, b'{"exp":' + b"9" * 5000):
        token = jwt.PyJWS().encode(payload, SECRET, algorithm="HS256")
        assert await refusal(OURS, token) == "token_invalid"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
known_claims = st.sampled_from(
    ["sub", "exp", "nbf", "iat", "typ", "jti", "fam", "aud", "iss", "username"]
)


@given(st.dictionaries(known_claims, json_values), st.sampled_from([OURS, BOUND]))
@hypothesis_settings(deadline=None)
async def test_any_claims_are_read_or_refused(more: dict[str, Any], tokens: Tokens) -> None:
    """Signed claims of any kind give Claims with text in them, or NotAuthenticated."""
    try:
        read = await tokens.decode_access(signed(claims() | more))
    except NotAuthenticated:
        return
    assert read.subject.encode()
    assert read.expires_at > 0


@given(st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ", "jwk"]), json_values))
@hypothesis_settings(deadline=None)
async def test_any_header_is_refused_without_the_signature(header: dict[str, Any]) -> None:
    """Whatever the header asks for, a token that is not signed is not valid."""
    for algorithm in ("HS256", "RS256"):
        parts = unsigned_part({"alg": algorithm} | header), unsigned_part(claims()), "AAAA"
        assert await refusal(OURS, ".".join(parts)) == "token_invalid"
        assert await refusal(FOREIGN, ".".join(parts)) == "token_invalid"


@given(st.text(st.characters()) | st.from_regex(r"[A-Za-z0-9_=-]*(\.[A-Za-z0-9_=-]*){1,4}"))
@hypothesis_settings(deadline=None)
async def test_any_text_is_refused(text: str) -> None:
    """No text that was not signed gets through, and none breaks the reader."""
    assert await refusal(OURS, text) == "token_invalid"
    assert await refusal(FOREIGN, text) == "token_invalid"
    with pytest.raises(NotAuthenticated):
        OURS.decode_refresh(text)


class Counted:
    """Counts how often a signature is checked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self._decode = jwt.decode
        monkeypatch.setattr(jwt, "decode", self)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.times += 1
        return self._decode(*arguments, **options)


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
async def test_the_signature_of_a_token_that_comes_back_is_not_checked_again(
    monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    is_ours = algorithm == "HS256"
    tokens = Tokens(SETTINGS, keys_from(SETTINGS)) if is_ours else foreign(algorithm)
    key = SECRET if is_ours else PRIVATE_KEYS[algorithm]
    token = signed(claims(fam="sign-in", username="علی", iat=NOW, jti="one"), key, algorithm)
    counted = Counted(monkeypatch)
    first = await tokens.decode_access(token)
    assert await tokens.decode_access(token) == first
    assert first.family == ("sign-in" if is_ours else None)
    assert counted.times == 1


@pytest.mark.parametrize(("ahead", "is_checked"), [(0, False), (1001, True), (-1001, True)])
async def test_a_token_that_comes_back_out_of_its_time_is_checked_in_full(
    monkeypatch: pytest.MonkeyPatch, ahead: float, *, is_checked: bool
) -> None:
    """After its end, and before it begins, where the clock was put back."""
    now = time()
    token = signed(claims(exp=now + 1000, nbf=now - 1000))
    tokens = Tokens(SETTINGS, keys_from(SETTINGS))
    await tokens.decode_access(token)
    counted = Counted(monkeypatch)
    monkeypatch.setattr("chat.auth.tokens.time", lambda: now + ahead * (1 + LEEWAY))
    await tokens.decode_access(token)  # which is good by the real time
    assert counted.times == is_checked


async def test_a_token_like_one_that_was_good_is_checked_by_itself() -> None:
    """The same claims with another signature, and another payload with the same signature."""
    good = signed(claims())
    await OURS.decode_access(good)
    head, body, signature = good.split(".")
    other = unsigned_part(claims(sub="8"))
    forged = signed(claims(), SECRET + "?").split(".")[2]
    assert await refusal(OURS, f"{head}.{body}.{forged}") == "token_invalid"
    assert await refusal(OURS, f"{head}.{other}.{signature}") == "token_invalid"


async def test_a_refresh_token_that_comes_back_is_no_access_token() -> None:
    refresh = OURS.issue_refresh(7, "family", "id", NOW)
    for _ in range(2):
        assert await refusal(OURS, refresh) == "token_invalid"


async def test_a_token_is_refused_as_soon_as_its_key_is_gone() -> None:
    """The issuer has taken the key back, and has another one under the same name."""
    settings = Settings(jwt_algorithm="RS256", jwt_jwks_url="http://127.0.0.1:9/keys")
    keys = PublishedKeys("http://127.0.0.1:9/keys", "RS256")
    tokens = Tokens(settings, keys)
    old, new = PRIVATE_KEYS["RS256"], rsa.generate_private_key(65537, 2048)
    token = jwt.encode(claims(), old, algorithm="RS256", headers={"kid": "main"})
    for private, code in ((old, None), (new, "token_invalid"), (old, None)):
        keys.replace([("main", private.public_key())])
        for _ in range(2):
            if code is None:
                assert (await tokens.decode_access(token)).subject == "7"
            else:
                assert await refusal(tokens, token) == code


async def test_of_very_many_seen_tokens_the_first_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seen_tokens, "MOST", 3)
    seen = seen_tokens.SeenTokens()
    for name in "abcd":
        seen.add(f"{name}.e30.s", 0)
    known = [name for name in "abcd" if seen.payload_of(f"{name}.e30.s", 0) == b"{}"]
    assert known == ["b", "c", "d"]
