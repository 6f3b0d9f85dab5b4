"""Access tokens as an app makes them that shares the secret."""

import secrets
import time

import jwt

from tests.support.payam_server import PayamServer


def access_token(server: PayamServer, user_id: int, username: str, seconds: int) -> str:
    """One that ends in so many seconds."""
    now = int(time.time())
    claims = {
        "sub": str(user_id),
        "username": username,
        "iat": now,
        "exp": now + seconds,
        "jti": secrets.token_hex(8),
        "typ": "access",
    }
    return jwt.encode(claims, server.settings["JWT_SECRET"], algorithm="HS256")
