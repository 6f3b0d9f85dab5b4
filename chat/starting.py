"""What comes before serving: what is misspelt, what cannot work, and who serves already.

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
from importlib import import_module
from typing import Any, NoReturn

from chat.errors import PayamError, Unavailable
from chat.store.connect import hold_lock
from config import address, folder
from config.errors import SettingsError
from config.settings import Settings

log = logging.getLogger("payam")

BOOT_ERROR = 3
"""The exit status of a worker that tells gunicorn not to try again."""
BACKLOG = 4096
"""Connections that may wait to be accepted. Of a crowd that returns at once, those beyond
are silently left to try again, seconds later; the kernel may allow fewer."""
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
    """Make sure of DATA_DIR, and that nobody else serves an SQLite database.

    Raises SettingsError.
    """
    folder.prepare(settings.data_dir)
    hold_lock(settings.database, has_relay=bool(settings.redis_url))


def listen(settings: Settings) -> socket.socket:
    """Take the address; raises SettingsError."""
    return address.listen(settings.host, settings.port, BACKLOG)


def begin_for_workers(settings: Settings, addresses: Sequence[Any], workers: int) -> None:
    """In gunicorn's master: raises SystemExit where no worker could serve, as the log says."""
    if workers > 1 and not settings.redis_url:
        end(LONELY)
    try:
        claim(settings)
        for place in addresses:
            if isinstance(place, tuple):  # and not a descriptor or the path of a socket
                host, port = place[:2]
                address.listen(host, port, BACKLOG).close()
    except SettingsError as error:
        end(error)
    # In a process of its own: what is imported here, workers would never read anew.
    child = os.fork()
    if child == 0:
        try:
            # Whose figures are no worker's.
            os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
            # The master forgets what it has imported of ours: this module too, and its errors.
            import_module(__name__).inspect(settings)
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(1)


def inspect(settings: Settings) -> None:
    """End the process where a worker with these settings could not start."""
    from chat.payam import make_payam  # noqa: PLC0415 - heavy, see above

    try:
        payam = make_payam(settings)
        with suppress(Unavailable):  # the workers wait for it
            asyncio.run(payam.inspect())
    except (SettingsError, PayamError) as error:
        refuse(error)


def end(reason: object) -> NoReturn:
    """Raises SystemExit, with this as the last line."""
    log.critical("%s", reason)
    sys.exit(1)


def refuse(reason: object) -> NoReturn:
    """The same at once, where whoever runs this server would show a traceback."""
    log.critical("%s", reason)
    logging.shutdown()
    os._exit(BOOT_ERROR if is_worker() else 1)


def heed_stop() -> None:
    """Let a signal end the process while it waits for its database.

    Once it serves, Sanic heeds signals itself.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)


def leave(*_: object) -> NoReturn:
    log.info("Payam stops before it has served")
    logging.shutdown()
    os._exit(0)


def is_worker() -> bool:
    """Whether this is a process that gunicorn started."""
    return "gunicorn.arbiter" in sys.modules
