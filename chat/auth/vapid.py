"""VAPID (RFC 8292): how this server names itself to the push services of browsers.

One key, which DATA_DIR keeps, signs for all nodes. Browsers subscribe with its public half. So
with another key every subscription would be refused, and browsers would have to subscribe anew.
"""

from base64 import urlsafe_b64encode
from pathlib import Path
from time import time
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from config.errors import SettingsError
from config.kept import keep_new
from config.settings import Settings

LIFE_SECONDS = 12 * 3600
"""How long a signed token lasts; RFC 8292 allows 24 hours."""
RENEW_SECONDS = LIFE_SECONDS / 2
MOST_TOKENS = 1000


class Vapid:
    """`subject` is where the push services may reach the operator; it may be empty."""

    def __init__(self, path: Path, subject: str, given: str = "") -> None:
        """`given` is a key in PEM, or the path of one. Without it, `path` keeps one."""
        self._path = path
        self._subject = subject
        self._given = given
        self._known: EllipticCurvePrivateKey | None = None
        self._public_key = ""
        self._tokens: dict[str, tuple[float, str]] = {}

    def prepare(self) -> None:
        """Read the key, or make one. Only its owner can read the file. Raises SettingsError."""
        try:
            key = load_pem_private_key(self._read(), None)
        except OSError as error:
            raise SettingsError(self._unusable(error.strerror or "not readable")) from error
        except (TypeError, ValueError):
            raise SettingsError(self._unusable("it holds no private key in PEM")) from None
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise SettingsError(self._unusable("its key is not on the curve P-256"))
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._known, self._public_key = key, in_base64url(point)

    def _read(self) -> bytes:
        if self._given.startswith("-----BEGIN "):
            # Files of environment variables have no line ends in a value: \n stands for them.
            return self._given.replace("\\n", "\n").encode()
        if self._given:
            return Path(self._given).read_bytes()
        if not self._path.exists():
            keep_new(self._path, new_key())
        return self._path.read_bytes()

    @property
    def public_key(self) -> str:
        """The `applicationServerKey` with which browsers subscribe: 65 bytes in base64url."""
        if not self._public_key:
            self.prepare()
        return self._public_key

    def authorization(self, endpoint: str) -> str:
        """The header `Authorization` for a push to this endpoint."""
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        moment = time()
        signed_at, token = self._tokens.get(audience, (0.0, ""))
        if not 0 <= moment - signed_at < RENEW_SECONDS:
            token = self._sign(audience, int(moment))
            if len(self._tokens) >= MOST_TOKENS:
                self._tokens.clear()
            self._tokens[audience] = (moment, token)
        return f"vapid t={token}, k={self._public_key}"

    def _sign(self, audience: str, moment: int) -> str:
        if self._known is None:
            self.prepare()
        assert self._known is not None
        claims: dict[str, str | int] = {"aud": audience, "exp": moment + LIFE_SECONDS}
        if self._subject:
            claims["sub"] = self._subject
        return jwt.encode(claims, self._known, algorithm="ES256")

    def _unusable(self, reason: str) -> str:
        if self._given:  # which is not shown, because it may be the key
            return (
                f"VAPID_PRIVATE_KEY: it cannot be used ({reason}); it may be a private key on P-256"
                " in PEM, or the path of a file that holds one"
            )
        return (
            f"DATA_DIR: {str(self._path)!r} cannot be used ({reason});"
            " it may be the key that `payam vapid` makes there, or missing"
        )


def vapid_from(settings: Settings) -> Vapid:
    return Vapid(settings.vapid_file, settings.vapid_subject, settings.vapid_private_key)


def new_key() -> str:
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def in_base64url(data: bytes) -> str:
    """Without padding, as RFC 7515 and the Push API write it."""
    return urlsafe_b64encode(data).decode().rstrip("=")
