"""A shop of another site, whose pages show the chat and have a strict policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.support.payam_server import PayamServer

SECRET = "a secret that the shop's server has"


@dataclass
class Shop:
    """Its pages show the chat, with the attributes that the address asks for."""

    payam: PayamServer
    url: str
    stranger: str
    """Another site, which may not show it."""

    def page(self, attributes: str) -> str:
        return f"{self.url}/?{httpx.QueryParams({'attributes': attributes})}"


class Pages(BaseHTTPRequestHandler):
    payam = ""

    def do_GET(self) -> None:
        query = httpx.URL(self.path).params
        policy = f"default-src 'none'; script-src {self.payam}; frame-src {self.payam}"
        script = f'<script src="{self.payam}/widget.js" {query.get("attributes", "")}></script>'
        head = '<meta name="viewport" content="width=device-width"><title>Shop</title>'
        body = f"<!doctype html>{head}<h1>Shop</h1>{script}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def opened_shop() -> Iterator[Shop]:
    """With a Payam of its own, which lets its pages show the chat."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://localhost:{server.server_port}"
        settings = {
            "RATE_LIMITS": "off",
            "GUESTS": "true",
            "WIDGET_ORIGINS": url,
            "WIDGET_SECRET": SECRET,
        }
        with PayamServer(settings) as payam:
            Pages.payam = payam.url
            yield Shop(payam, url, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
