"""Access and refresh tokens: JSON Web Tokens (RFC 7519, RFC 8725), issued and checked.

With HS256 the tokens are made by Payam, or by an app that shares the secret, and `typ` says what
they are for. With any other algorithm another issuer makes them: Payam checks them and issues
none.
"""

import secrets
from hashlib import blake2b
from time import time
from typing import Annotated, Any

import jwt
import msgspec

from chat.auth.keys import Keys, PublicKey
from chat.auth.seen_tokens import SeenTokens
from chat.errors import NotAuthenticated
from config.kept import signing_secret
from config.settings import Settings

MOST_CHARACTERS = 8192
"""Most characters of a token: as many as Sanic accepts of all headers together."""

# What other issuers write in `typ` of an access token; the identity and logout tokens that
# they sign with the same key have other values there (Keycloak: "ID", "Refresh", "Logout").
FOREIGN_ACCESS = frozenset({"access", "bearer", "jwt", "at+jwt"})

# These come into the database and into JSON, which take no NUL and no lone surrogates.
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[^\0\ud800-\udfff]*$")]


class Claims(msgspec.Struct, frozen=True):
    """What a valid token says.

    `subject` is the user's id, in digits if Payam issued the token. `expires_at` is in seconds
    since 1970. `family` is the sign-in that the token comes from, by which it is revoked. Tokens
    of other issuers have none.
    """

    subject: str
    username: str | None
    expires_at: float
    token_id: str | None
    family: str | None


class Payload(msgspec.Struct):
    """The claims of a token that Payam reads, as they are written there."""

    sub: Text
    exp: Annotated[float, msgspec.Meta(lt=1e15)]  # no clock comes so far; refuses NaN, infinity
    typ: str | None = None
    username: Text | None = None
    preferred_username: Text | None = None
    jti: Text | None = None
    fam: Text | None = None
    iat: float = 0.0
    nbf: float = 0.0


read_payload = msgspec.json.Decoder(Payload).decode


class Tokens:
    """Issues tokens with the settings' secret, and checks tokens with `keys`."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.can_issue = settings.jwt_algorithm == "HS256"
        """False if another issuer makes the tokens."""
        self._secret = signing_secret(settings) if self.can_issue else ""
        self._algorithm = settings.jwt_algorithm
        self._keys = keys
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience or None
        self._access_ttl = settings.jwt_access_ttl
        self._refresh_ttl = settings.jwt_refresh_ttl
        self._seen = SeenTokens()
        self.longest = self._access_ttl + self._refresh_ttl + settings.jwt_leeway
        """Seconds after which nothing works any more that came with one renewal."""
        self.leeway = settings.jwt_leeway
        """Seconds by which the clocks of the issuer and of Payam may differ."""

    @property
    def generation(self) -> int:
        """A counter. It grows when the keys become others, so that good tokens may be bad now."""
        return self._keys.generation

    def issue_access(
        self,
        user_id: int,
        username: str,
        family: str | None,
        beside: tuple[str, int] | None = None,
    ) -> str:
        """A token for requests and sockets. It is revoked together with `family`, if given.

        `beside` is the id of the refresh token that comes with it, and that one's time in seconds
        since 1970. The same two give the same access token again, unless half of its time is over.
        """
        now = int(time())
        token_id = secrets.token_urlsafe(16)
        if beside is not None and 0 <= now - beside[1] < self._access_ttl / 2:
            # The id itself is secret, and a log may show this one.
            token_id, now = blake2b(beside[0].encode(), digest_size=16).hexdigest(), beside[1]
        claims = {"username": username, "jti": token_id}
        if family is not None:
            claims["fam"] = family
        return self._issue("access", user_id, now, self._access_ttl, claims)

    def issue_refresh(self, user_id: int, family: str, token_id: str, now: int) -> str:
        """A token with which the family's next two can be asked for. `token_id` is its own.

        `now` is in seconds since 1970. The same values give the same token.
        """
        claims = {"jti": token_id, "fam": family}
        return self._issue("refresh", user_id, now, self._refresh_ttl, claims)

    async def decode_access(self, token: str) -> Claims:
        """Check an access token. Raises NotAuthenticated, or Unavailable while there are no keys.

        The error's code is `token_expired` for a token that came too late, and `token_invalid`
        otherwise. It does not say what is wrong with the token.
        """
        check_shape(token)
        payload = self._read_again(token)
        if payload is None:
            payload = self._read(token, await self._keys.key_for(token))
            self._seen.add(token, self._keys.generation)
        if self.can_issue:
            is_access = payload.typ == "access"
        else:
            is_access = payload.typ is None or payload.typ.lower() in FOREIGN_ACCESS
        if not is_access:
            raise invalid()
        return to_claims(payload)

    def _read_again(self, token: str) -> Payload | None:
        """The payload of a token that was good before, and is so still. None for any other."""
        encoded = self._seen.payload_of(token, self._keys.generation)
        if encoded is None:
            return None
        try:
            payload = read_payload(encoded)
        except msgspec.MsgspecError:
            return None
        now = time()
        begins_at = max(int(payload.iat), int(payload.nbf))
        if int(payload.exp) <= now - self.leeway or begins_at > now + self.leeway:
            return None
        if not self.can_issue:
            payload.fam = None
        return payload

    def decode_refresh(self, token: str) -> Claims:
        """The same for a refresh token of Payam, which always has a family and a token id."""
        if not self.can_issue:
            raise invalid()
        check_shape(token)
        payload = self._read(token, self._secret)
        if payload.typ != "refresh" or payload.fam is None or payload.jti is None:
            raise invalid()
        return to_claims(payload)

    def _issue(self, kind: str, user_id: int, now: int, ttl: int, more: dict[str, str]) -> str:
        if not self.can_issue:
            raise RuntimeError(f"{self._algorithm} tokens are for their own issuer to make")
        claims: dict[str, Any] = {"sub": str(user_id), "iat": now, "exp": now + ttl, "typ": kind}
        if self._issuer is not None:
            claims["iss"] = self._issuer
        if self._audience is not None:
            claims["aud"] = self._audience
        return jwt.encode(claims | more, self._secret, algorithm=self._algorithm)

    def _read(self, token: str, key: str | PublicKey) -> Payload:
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[self._algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self.leeway,  # for `nbf`, `iat` and `exp` alike
                options={
                    "require": ["exp", "sub"],
                    "verify_aud": self._audience is not None,
                    "enforce_minimum_key_length": True,
                },
            )
            if not self.can_issue:
                claims.pop("fam", None)  # another issuer's claim of this name is no family
            for name in ("iat", "nbf"):
                claims.pop(name, None)  # they were looked at, and may be written in several ways
            return msgspec.convert(claims, Payload)
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The token has expired.", code="token_expired") from error
        except (jwt.PyJWTError, msgspec.ValidationError) as error:
            raise invalid() from error


def check_shape(token: str) -> None:
    """Refuse a token that would cost too much to read, or that cannot be encoded."""
    if not isinstance(token, str) or len(token) > MOST_CHARACTERS or not token.isascii():
        raise invalid()


def to_claims(payload: Payload) -> Claims:
    return Claims(
        subject=payload.sub,
        username=payload.username or payload.preferred_username,
        expires_at=payload.exp,
        token_id=payload.jti,
        family=payload.fam,
    )


def invalid() -> NotAuthenticated:
    return NotAuthenticated("The token is not valid.", code="token_invalid")
