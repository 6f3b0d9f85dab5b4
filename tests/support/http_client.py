"""A client of HTTP for tests, which costs little to make."""

from typing import Any

import httpx

PATIENCE = 60.0
"""Seconds; only a test that fails waits so long."""
for part in ("connect", "read", "write", "pool"):
    # Of clients that name no patience: httpx.s own is five seconds, and a machine may be busy.
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, part, PATIENCE)

TLS = httpx.create_ssl_context(trust_env=False)
"""Made once: it reads all root certificates, in 20 ms, and tests make thousands of clients."""


def http_client(url: str, **options: Any) -> httpx.AsyncClient:
    """`options` are httpx's own. A proxy of the developer's does not stand between."""
    return httpx.AsyncClient(
        base_url=url, **{"timeout": PATIENCE, "trust_env": False, "verify": TLS, **options}
    )
