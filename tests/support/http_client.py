"""A client of HTTP for tests, which costs little to make."""

from typing import Any

import httpx

TLS = httpx.create_ssl_context(trust_env=False)
"""Made once: it reads all root certificates, in 20 ms, and tests make thousands of clients."""


def http_client(url: str, **options: Any) -> httpx.AsyncClient:
    """`options` are httpx's own. A proxy of the developer's does not stand between."""
    return httpx.AsyncClient(
        base_url=url, **{"timeout": 60, "trust_env": False, "verify": TLS, **options}
    )
