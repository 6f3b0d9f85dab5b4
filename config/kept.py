"""The secrets of a server, of which those that nobody gave are kept in `DATA_DIR`."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from config.errors import SettingsError
from config.settings import SECRET_MIN_LENGTH, Settings


def signing_secret(settings: Settings) -> str:
    """`JWT_SECRET`, or the random secret in `DATA_DIR`, which the first call makes.

    Only its owner can read the file. Workers that start together agree on one secret: the
    file appears whole or not at all, and the first worker to link it wins. Raises
    SettingsError if the file cannot be written, or if its secret is too short.
    """
    if not settings.jwt_secret:
        try:
            if not settings.secret_file.exists():
                keep_new(settings.secret_file, secrets.token_urlsafe(48))
        except OSError as error:
            raise SettingsError(unkept(error)) from error
    return kept_secret(settings)


def kept_secret(settings: Settings) -> str:
    """The same secret, but makes none. Raises SettingsError if there is none."""
    if settings.jwt_secret:
        return settings.jwt_secret
    path = settings.secret_file
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise SettingsError(
            f"DATA_DIR: no secret that signs tokens is kept in {str(settings.data_dir)!r};"
            " it may be the folder of a server that has run, or set JWT_SECRET"
        ) from None
    except (OSError, UnicodeError) as error:
        raise SettingsError(unkept(error)) from error
    if len(secret.encode()) < SECRET_MIN_LENGTH:
        raise SettingsError(
            f"DATA_DIR: the secret kept in {str(path)!r} is shorter than"
            f" {SECRET_MIN_LENGTH} bytes; remove the file, or set JWT_SECRET"
        )
    return secret


def keep_new(path: Path, secret: str) -> None:
    """Write a secret into a new file. If another process was first, its file stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another worker was first, and its secret counts
            os.link(draft, path)
    finally:
        draft.unlink()


def unkept(error: Exception) -> str:
    return (
        f"DATA_DIR: the secret that signs tokens cannot be kept there ({error});"
        " it may be a folder that Payam can write to, or set JWT_SECRET"
    )
