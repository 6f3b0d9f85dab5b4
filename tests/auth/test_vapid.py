"""The key that signs web pushes: made once, kept, and known to nobody else."""

import stat
import subprocess
import sys
from base64 import urlsafe_b64decode
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chat.auth.vapid import LIFE_SECONDS, Vapid, vapid_from
from config.errors import SettingsError
from config.settings import Settings
from tests.support.payam_server import CHECKOUT

ENDPOINT = "https://push.example:8443/wpush/v2/abc"


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """Every process has the same one; only the owner can read it."""
    settings = Settings(data_dir=tmp_path / "new")
    public_key = vapid_from(settings).public_key
    assert vapid_from(settings).public_key == public_key
    assert stat.S_IMODE(settings.vapid_file.stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == ["vapid-key.pem"]
    point = urlsafe_b64decode(public_key + "=")
    assert (len(point), point[0]) == (65, 4)


def test_the_command_prints_the_key(tmp_path: Path) -> None:
    """And makes it first; a second time it is the same. It says what Safari lacks."""
    settings = Settings(data_dir=tmp_path)
    command = [sys.executable, "-m", "chat", "vapid"]
    environ = {"DATA_DIR": str(tmp_path)}
    printed = [
        subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True)  # noqa: PLW1510
        for environ in (environ, {**environ, "VAPID_SUBJECT": "mailto:admin@example.org"})
    ]
    key = vapid_from(settings).public_key
    assert [(one.returncode, one.stdout) for one in printed] == [(0, f"{key}\n")] * 2
    assert ["VAPID_SUBJECT" in one.stderr for one in printed] == [True, False]
    assert not (tmp_path / "payam.sqlite3").exists()


@pytest.mark.parametrize("subject", ["", "mailto:admin@example.org"])
def test_a_push_is_signed_for_its_service(tmp_path: Path, subject: str) -> None:
    """As RFC 8292 says: `aud` is the origin, the key is beside the token."""
    vapid = Vapid(tmp_path / "key", subject)
    scheme, _, rest = vapid.authorization(ENDPOINT).partition(" ")
    parameters = dict(part.split("=", 1) for part in rest.split(", "))
    assert (scheme, parameters["k"]) == ("vapid", vapid.public_key)
    point = urlsafe_b64decode(parameters["k"] + "=")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    audience = "https://push.example:8443"
    claims = jwt.decode(parameters["t"], key, algorithms=["ES256"], audience=audience)
    assert claims.keys() == {"aud", "exp"} | ({"sub"} if subject else set())
    assert claims.get("sub", "") == subject
    assert LIFE_SECONDS <= 24 * 3600
    assert vapid.authorization("https://push.example:8443/other") == f"vapid {rest}"
    assert vapid.authorization("https://push.example/other") != f"vapid {rest}"


def in_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"no key",
        in_pem(ec.generate_private_key(ec.SECP384R1())),
        in_pem(rsa.generate_private_key(65537, 2048)),
    ],
    ids=["empty", "no key", "another curve", "rsa"],
)
def test_a_file_that_holds_no_such_key_is_named(tmp_path: Path, kept: bytes) -> None:
    """With the start, and not with the first push."""
    path = tmp_path / "vapid-key.pem"
    path.write_bytes(kept)
    with pytest.raises(
        SettingsError, match=r"DATA_DIR: '.*vapid-key\.pem' cannot be used"
    ) as error:
        Vapid(path, "").prepare()
    assert "\n" not in str(error.value)
    assert path.read_bytes() == kept


def test_a_key_may_be_given(tmp_path: Path) -> None:
    """As a text, whose line ends may be written out, or as the path of a file; none is made."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = in_pem(key).decode()
    file = tmp_path / "given.pem"
    file.write_text(pem)
    kept = tmp_path / "kept.pem"
    found = {
        Vapid(kept, "", given).public_key for given in (pem, pem.replace("\n", "\\n"), str(file))
    }
    assert len(found) == 1
    assert not kept.exists()
    for wrong in ("-----BEGIN PRIVATE KEY-----\nsecret", str(tmp_path / "secret")):
        with pytest.raises(SettingsError, match=r"^VAPID_PRIVATE_KEY: ") as error:
            Vapid(kept, "", wrong).prepare()
        assert "secret" not in str(error.value)
