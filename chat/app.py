"""The application around the parts: middleware, blueprints, and when what starts and stops."""

import gc
import logging
import os
import secrets
from typing import Any

from sanic import Sanic
from sanic_ext import Extend
from sanic_ext.extensions.http.extension import HTTPExtension

from chat.api import metrics, options, routes, tracing, web
from chat.auth import middleware
from chat.auth.identity import Identity
from chat.docs import routes as docs
from chat.payam import make_payam
from chat.realtime import socket
from chat.realtime.handshake import ChatProtocol
from chat.store.schema import SchemaError
from config.settings import Settings

log = logging.getLogger("payam")

BOOT_ERROR = 3
"""The exit status that tells gunicorn not to try again."""
BACKLOG = 4096
"""Connections that may wait to be accepted. Of a crowd that returns at once, those beyond
are silently left to try again, seconds later; the kernel may allow fewer."""
SENT_FROM_ELSEWHERE = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "If-Range",
    "Range",
    "X-Request-ID",
)
"""Headers that pages of CORS_ORIGINS may send. A star would not cover Authorization."""
READ_ELSEWHERE = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Link",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)
"""Headers of answers that they may read, beside those that any page may."""


def create_app(settings: Settings) -> Sanic[Any, Any]:
    """The application, not yet started. Raises SettingsError for settings that cannot work."""
    # A name for each, since tests make several in a process.
    app: Sanic[Any, Any] = Sanic(f"Payam-{secrets.token_hex(4)}", configure_logging=False)
    configure(app, settings)
    payam = make_payam(settings)
    app.ctx.payam = payam
    app.ctx.services = payam.services
    app.ctx.settings = settings
    app.ctx.is_ready = payam.is_ready
    app.ctx.sampler = payam.sampler

    def count(identity: Identity) -> None:
        payam.services.requests.take(identity.user_id)

    tracing.install(app)
    sessions = payam.services.sessions
    middleware.install(app, sessions.identify, count)
    socket.install(app, payam.sockets)
    routes.install(app)
    if settings.web_client:
        app.blueprint(web.blueprint())
    if settings.metrics:
        app.blueprint(metrics.blueprint)
    docs.install(app)
    options.install(app)

    @app.before_server_start
    async def start(_: Any) -> None:
        try:
            await payam.start(lambda: app.stop(terminate=False))
        except SchemaError as error:
            log.critical("%s", error)
            logging.shutdown()
            os._exit(BOOT_ERROR)  # anything else Sanic would report with a traceback

    @app.after_server_start
    async def say_so(_: Any) -> None:
        # What is here by now stays: a collection need not look at it again.
        gc.collect()
        gc.freeze()
        log.info(
            "Payam serves on http://%s:%d with %s", settings.host, settings.port, payam.stands_on
        )

    @app.before_server_stop
    async def drain(_: Any) -> None:
        await payam.drain()

    @app.after_server_stop
    async def close(_: Any) -> None:
        await payam.close()

    return app


def serve(app: Sanic[Any, Any], **where: Any) -> int:
    """Serve in this process until told to stop; returns the exit status.

    `where` is `host` and `port`, or `sock`.
    """
    app.prepare(
        **where,
        protocol=ChatProtocol,
        backlog=BACKLOG,
        single_process=True,
        access_log=False,
        motd=False,
    )
    app.serve_single(app)
    return 1 if app.ctx.payam.has_failed else 0


def configure(app: Sanic[Any, Any], settings: Settings) -> None:
    app.config.update(
        {
            "ACCESS_LOG": False,
            "REQUEST_MAX_SIZE": settings.request_max_size,
            # What is left when the writer and the sockets have had their parts of it.
            "GRACEFUL_SHUTDOWN_TIMEOUT": settings.graceful_timeout / 4,
            "CORS": bool(settings.cors_origins),
            "CORS_ORIGINS": ",".join(settings.cors_origins),
            # No text with commas: what follows one would begin with a space.
            "CORS_ALLOW_HEADERS": SENT_FROM_ELSEWHERE,
            "CORS_EXPOSE_HEADERS": READ_ELSEWHERE,
        }
    )
    # CORS alone: what injects arguments would be asked at each request, for nothing.
    Extend(app, built_in_extensions=False, extensions=[HTTPExtension])
