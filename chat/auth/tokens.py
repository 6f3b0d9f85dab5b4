"""Access and refresh tokens: JSON Web Tokens (RFC 7519, RFC 8725), issued and checked.

With HS256 the tokens are Payam's own, or of an app that shares the secret, and say in
`typ` what they are for. With any other algorithm they are another issuer's: Payam
checks them and issues none.
"""

import secrets
from hashlib import blake2b
from time import time
from typing import Annotated, Any

import jwt
import msgspec

from chat.auth.keys import Keys, PublicKey
from chat.errors import NotAuthenticated
from config.settings import Settings

MOST_CHARACTERS = 8192
"""Of a token: as many as Sanic takes of all headers together."""

# What other issuers write in `typ` of an access token; the identity and logout tokens that
# they sign with the same key have other values there (Keycloak: "ID", "Refresh", "Logout").
FOREIGN_ACCESS = frozenset({"access", "bearer", "jwt", "at+jwt"})

# Ends up in the database and in JSON, where NUL and lone surrogates have no place.
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[^\0\ud800-\udfff]*$")]


class Claims(msgspec.Struct, frozen=True):
    """What a token that was found good says.

    `subject` is the user's id, in digits when Payam issued the token. `expires_at` is in
    seconds since the epoch. `family` is the sign-in that the token comes from, by which
    it is revoked; other issuers' tokens have none.
    """

    subject: str
    username: str | None
    expires_at: float
    token_id: str | None
    family: str | None


class Payload(msgspec.Struct):
    """A token's claims as they are written, as far as Payam reads them."""

    sub: Text
    exp: Annotated[float, msgspec.Meta(lt=1e15)]  # beyond any clock; no NaN, no infinity
    typ: str | None = None
    username: Text | None = None
    preferred_username: Text | None = None
    jti: Text | None = None
    fam: Text | None = None


class Tokens:
    """Issues tokens with the settings' secret, and checks tokens with `keys`."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.can_issue = settings.jwt_algorithm == "HS256"
        """False when another issuer's tokens are configured."""
        self._secret = settings.signing_secret() if self.can_issue else ""
        self._algorithm = settings.jwt_algorithm
        self._keys = keys
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience or None
        self._access_ttl = settings.jwt_access_ttl
        self._refresh_ttl = settings.jwt_refresh_ttl
        self.leeway = settings.jwt_leeway
        """Seconds that the clocks of whoever makes and checks tokens may differ by."""

    def issue_access(
        self,
        user_id: int,
        username: str,
        family: str | None,
        beside: tuple[str, int] | None = None,
    ) -> str:
        """A token for requests and sockets, revoked with `family` when that is given.

        `beside` is the id of the refresh token that comes with it, and that one's moment, in
        seconds since the epoch: the same give the same access token, unless half of its time
        is over.
        """
        now = int(time())
        token_id = secrets.token_urlsafe(16)
        if beside is not None and 0 <= now - beside[1] < self._access_ttl / 2:
            # Not the id itself, which a log may show.
            token_id, now = blake2b(beside[0].encode(), digest_size=16).hexdigest(), beside[1]
        claims = {"username": username, "jti": token_id}
        if family is not None:
            claims["fam"] = family
        return self._issue("access", user_id, now, self._access_ttl, claims)

    def issue_refresh(self, user_id: int, family: str, token_id: str, now: int) -> str:
        """A token that gets the family's next two; `token_id` tells it from its successor.

        `now` is in seconds since the epoch. The same values give the same token.
        """
        claims = {"jti": token_id, "fam": family}
        return self._issue("refresh", user_id, now, self._refresh_ttl, claims)

    async def decode_access(self, token: str) -> Claims:
        """Raises NotAuthenticated, or Unavailable while there are no keys to check with.

        The code is `token_expired` for a token that only came too late, and otherwise
        `token_invalid`; what is wrong with it is nobody's business.
        """
        check_shape(token)
        payload = self._read(token, await self._keys.key_for(token))
        if self.can_issue:
            is_access = payload.typ == "access"
        else:
            is_access = payload.typ is None or payload.typ.lower() in FOREIGN_ACCESS
        if not is_access:
            raise invalid()
        return to_claims(payload)

    def decode_refresh(self, token: str) -> Claims:
        """The same for a refresh token of ours, which always has a family and a token id."""
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
                claims.pop("fam", None)  # whatever it means there, it is no family of ours
            return msgspec.convert(claims, Payload)
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The token has expired.", code="token_expired") from error
        except (jwt.PyJWTError, msgspec.ValidationError) as error:
            raise invalid() from error


def check_shape(token: str) -> None:
    """Refuse what would cost too much to look at, or trip over the encoding."""
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
