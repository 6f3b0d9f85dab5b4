"""Checks before serving: misspelt variables, settings that cannot work, and another server.

Whatever stops a start is one line in the log, and the exit status is not 0.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from sanic import Sanic

from chat.errors import PayamError, Unavailable
from chat.store.connect import hold_lock
from config import address, folder
from config.errors import SettingsError
from config.settings import Settings

log = logging.getLogger("payam")

BOOT_ERROR = 3
"""With this exit status of a worker gunicorn does not start another one."""
BACKLOG = 4096
"""Most connections that may wait to be accepted. When a crowd returns at once, the kernel drops
those beyond in silence, and their clients try again seconds later. The kernel may allow fewer."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
HOW_TO_RUN = (
    "this server cannot run Payam: its websockets would fail."
    " Run `python server.py`, or `gunicorn -c gunicorn.conf.py server:app`; `payam serve` does so"
)


LONELY = (
    "several workers reach each other's clients only through Redis: set REDIS_URL, or use 1 worker"
)


def warn_of_misspelt(environ: Mapping[str, str]) -> None:
    for stranger in Settings.misspelt(environ):
        log.warning("%s", stranger)


def claim(settings: Settings) -> None:
    """Make sure that DATA_DIR can be used, and that nobody else serves its SQLite database.

    Raises SettingsError.
    """
    folder.prepare(settings.data_dir)
    hold_lock(settings.database, has_relay=bool(settings.redis_url))


def listen(settings: Settings) -> socket.socket:
    """Listen on HOST and PORT; raises SettingsError."""
    return address.listen(settings.host, settings.port, BACKLOG)


def begin_for_workers(settings: Settings, addresses: Sequence[Any], workers: int) -> None:
    """Check in gunicorn's master. Raises SystemExit if no worker could serve; the log says why."""
    if workers > 1 and not settings.redis_url:
        end(LONELY)
    try:
        claim(settings)
        for place in addresses:
            if isinstance(place, tuple):  # otherwise it is a descriptor, or the path of a socket
                host, port = place[:2]
                address.listen(host, port, BACKLOG).close()
    except SettingsError as error:
        end(error)
    # In a process of its own, because workers would never again read what is imported here.
    child = os.fork()
    if child == 0:
        try:
            # The figures of this process must not count.
            os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
            # The master forgets what it imported of Payam, this module and its errors included.
            import_module(__name__).inspect(settings)
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(1)


def inspect(settings: Settings) -> None:
    """End the process if a worker with these settings could not start."""
    from chat.payam import make_payam  # noqa: PLC0415 - heavy, see above

    try:
        payam = make_payam(settings)
        with suppress(Unavailable):  # the workers will wait for the database
            asyncio.run(payam.inspect())
    except (SettingsError, PayamError) as error:
        refuse(error)


def end(reason: object) -> NoReturn:
    """Raises SystemExit, with the reason as the last line of the log."""
    log.critical("%s", reason)
    sys.exit(1)


def refuse(reason: object) -> NoReturn:
    """The same, but ends the process at once, where its caller would show a traceback."""
    log.critical("%s", reason)
    logging.shutdown()
    os._exit(BOOT_ERROR if is_worker() else 1)


def heed_stop() -> None:
    """Let a signal end the process while it waits for its database.

    Once the process listens, Sanic calls `stop_by_signal`.
    """
    for number in SIGNALS:
        signal.signal(number, leave)


def stop_by_signal(
    app: Sanic[Any, Any],
    run_multiple: bool,
    register_sys_signals: bool,
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Let a signal stop the application, whenever it comes; a second one ends the process at once.

    It stands in for a function of Sanic's, with its arguments. That one ignores signals for a
    moment, and then leaves them to the loop. uvloop loses those that come between two of its runs,
    of which the start makes several: the server would serve on.
    """

    def stop(*_: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(partial(app.stop, terminate=False))

    for number in SIGNALS:
        signal.signal(number, stop)


def leave(*_: object) -> NoReturn:
    log.info("Payam stops before it has served")
    logging.shutdown()
    os._exit(0)


def is_worker() -> bool:
    """Whether this is a process that gunicorn started."""
    return "gunicorn.arbiter" in sys.modules
