"""The Sanic application: middleware, blueprints, and the order of starting and stopping."""

import gc
import logging
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any

from sanic import Request, Sanic
from sanic.server import runners

from chat import metrics as figures
from chat import starting
from chat.api import metrics, options, parameters, responses, routes, tracing, web
from chat.auth import middleware
from chat.auth.identity import Identity
from chat.docs import routes as docs
from chat.http import addresses
from chat.payam import Payam, make_payam
from chat.realtime import socket as websocket
from chat.realtime.arrivals import Arrival
from chat.services.limits import network_of
from chat.store.database import Unfit
from config import address
from config.errors import SettingsError
from config.settings import Settings

log = logging.getLogger("payam")

SENT_FROM_ELSEWHERE = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "If-Range",
    "Range",
    "Tus-Resumable",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-Request-ID",
)
"""Headers that pages of CORS_ORIGINS may send. (`*` would not include Authorization.)"""
READ_ELSEWHERE = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Resumable",
    "Tus-Version",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "WWW-Authenticate",
    "X-Request-ID",
)
"""Headers of answers that these pages may read, besides those that every page may."""


SWITCH_SECONDS = 0.0005
"""After so long a thread that waits for Python gets it. The one that stores messages on SQLite
waits some ten times for each commit. With Python's own 5 ms that takes long while the event loop is
busy.
"""
GARBAGE = (10_000, 5, 40)
"""How seldom Python looks for garbage in cycles, which Payam hardly makes. When thousands of
clients come back, most of what was made is in use, and with Python's own 700 a fifth of the time
goes into looking at it.
"""


class Application(Sanic[Any, Any]):
    """Only `serve` runs it. In any other way Sanic's own protocol would get the websockets: REST
    would work, and every websocket would fail.
    """

    def stop(self, terminate: bool = True, unregister: bool = False) -> None:
        """Stop serving. While the start is not over, stop as soon as it is.

        Sanic stops the event loop at once. At the end of the start it runs the loop anew, and
        forgets that it was stopped; a little earlier it fails with a traceback.
        """
        if self.state.is_running:
            super().stop(terminate, unregister)
        else:
            self.ctx.must_stop = True

    def set_serving(self, serving: bool) -> None:
        """Sanic calls this when the start is over, and when the end begins."""
        super().set_serving(serving)
        if serving and getattr(self.ctx, "must_stop", False):
            self.loop.call_soon(partial(self.stop, terminate=False))

    def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Sanic calls this first, whoever starts it. Refuse every way to run but `serve`."""
        if kwargs.get("protocol") is not Arrival:
            starting.refuse(starting.HOW_TO_RUN)
        super().prepare(*args, **kwargs)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Servers for ASGI call this. Refuse them."""
        starting.refuse(starting.HOW_TO_RUN)


def create_app(settings: Settings) -> Application:
    """Make the application, not yet started. Raises SettingsError for settings that cannot work."""
    # Each has its own name, because tests make several in one process.
    app = Application(f"Payam-{secrets.token_hex(4)}", configure_logging=False)
    configure(app, settings)
    payam = make_payam(settings)
    app.ctx.payam = payam
    app.ctx.services = payam.services
    app.ctx.settings = settings
    app.ctx.file_origin = payam.files.bucket.origin if payam.files.bucket else ""
    app.ctx.is_ready = payam.is_ready
    app.ctx.sampler = payam.sampler

    def count(identity: Identity) -> None:
        payam.services.requests.take(identity.user_id)

    count_strangers(app, payam)
    room = responses.install(app, settings)
    payam.sampler.watch(figures.unread_bytes, lambda: room.total)
    tracing.install(app)
    sessions = payam.services.sessions
    middleware.install(app, sessions.identify, count)
    parameters.install(app)
    websocket.install(app, payam.sockets)
    routes.install(app)
    if settings.web_client:
        app.blueprint(web.blueprint(settings.base_path))
    if settings.metrics:
        app.blueprint(metrics.blueprint)
    docs.install(app)
    options.install(app)

    @app.before_server_start
    async def start(_: Any) -> None:
        try:
            await payam.start(lambda: app.stop(terminate=False))
        except (SettingsError, Unfit) as error:
            starting.refuse(error)

    @app.after_server_start
    async def say_so(_: Any) -> None:
        # Everything that exists by now stays, so the garbage collector may skip it from here on.
        gc.collect()
        gc.freeze()
        where = address.shown(settings.host, settings.port)
        log.info("Payam serves on http://%s with %s", where, payam.stands_on)

    @app.before_server_stop
    async def drain(_: Any) -> None:
        began = monotonic()
        await payam.drain()
        # The rest of the time is for answers that clients are still reading.
        left = settings.graceful_timeout - (monotonic() - began)
        app.config.GRACEFUL_SHUTDOWN_TIMEOUT = max(left, settings.graceful_timeout / 4)

    @app.after_server_stop
    async def close(_: Any) -> None:
        await payam.close()

    return app


def count_strangers(app: Application, payam: Payam) -> None:
    """Limit, per address, requests that come without a valid token."""

    def count(request: Request) -> None:
        if request.route is None or getattr(request.route.ctx, "public", False):
            return  # passwords and refresh tokens have limits of their own
        address = addresses.of_client(request, payam.settings.trusted_proxies)
        payam.services.strangers.take(network_of(address))

    app.ctx.count_stranger = count


def serve(app: Application, listening: socket.socket | None = None) -> int:
    """Serve in this process until a signal stops it; returns the exit status.

    Without a listening socket it listens on HOST and PORT, and makes sure that no other process
    serves the same SQLite database.
    """
    os.umask(0o077)  # what is made under DATA_DIR is its owner's alone
    starting.heed_stop()
    sys.setswitchinterval(SWITCH_SECONDS)
    if listening is None:
        try:
            starting.claim(app.ctx.settings)
            listening = starting.listen(app.ctx.settings)
        except SettingsError as error:
            starting.refuse(error)
    app.prepare(
        sock=listening,
        protocol=Arrival,
        backlog=starting.BACKLOG,
        single_process=True,
        access_log=False,
        motd=False,
    )
    runners._setup_system_signals = starting.stop_by_signal
    app.serve_single(app)
    return 1 if app.ctx.payam.supervisor.has_failed else 0


def configure(app: Sanic[Any, Any], settings: Settings) -> None:
    app.config.update(
        {
            "ACCESS_LOG": False,
            "REQUEST_MAX_SIZE": settings.body_max_size,
            "REQUEST_TIMEOUT": settings.receive_timeout,
            # The time that the writer and the sockets leave over.
            "GRACEFUL_SHUTDOWN_TIMEOUT": settings.graceful_timeout / 4,
            # Sanic would import sanic-ext, which takes a tenth of the time of a start.
            "AUTO_EXTEND": False,
        }
    )
    if settings.cors_origins:
        allow_other_origins(app, settings.cors_origins)


def allow_other_origins(app: Sanic[Any, Any], origins: Sequence[str]) -> None:
    from sanic_ext import Extend  # noqa: PLC0415 - for CORS alone
    from sanic_ext.extensions.http.extension import HTTPExtension  # noqa: PLC0415 - the same

    app.config.update(
        {
            "CORS": True,
            "CORS_ORIGINS": ",".join(origins),
            # A list, not a text with commas: in a text all but the first would begin with a space.
            "CORS_ALLOW_HEADERS": SENT_FROM_ELSEWHERE,
            "CORS_EXPOSE_HEADERS": READ_ELSEWHERE,
        }
    )
    # CORS only. sanic-ext's injection of arguments would run at each request, for nothing.
    Extend(app, built_in_extensions=False, extensions=[HTTPExtension])


gc.freeze()
gc.set_threshold(*GARBAGE)
