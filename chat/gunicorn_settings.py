"""gunicorn's settings, made from the environment; `gunicorn.conf.py` imports them.

The master first tries what would stop every worker. So such an error is one line and status 1,
and not one traceback per worker.
"""

import math
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from chat import logs, starting
from config import address
from config.errors import SettingsError
from config.settings import Settings

FIGURES = "PROMETHEUS_MULTIPROC_DIR"
MEMORY = "/dev/shm"  # noqa: S108 - what is made there is ours alone

try:
    settings = Settings.from_env(os.environ)
except SettingsError as error:
    sys.exit(f"payam: {error}")

bind = address.shown(settings.host, settings.port)
workers = settings.web_concurrency
worker_class = "chat.worker.PayamWorker"
loglevel = settings.log_level.lower()
logconfig_dict = logs.config(settings.log_level, settings.log_format)
# Longer than a worker's own limit, so that a worker has the time to end in good order.
graceful_timeout = math.ceil(settings.graceful_timeout) + 5
control_socket_disable = True

# The folder in which the workers leave their figures for each other. It is in memory if the
# system has such a disk, because on a real one a page that is being written makes its next
# writer wait. A reload reads this file again and keeps the folder; another master makes its own.
prefix = f"payam-metrics-{os.getpid()}-"
if settings.metrics and not Path(os.environ.get(FIGURES, "")).name.startswith(prefix):
    os.environ[FIGURES] = tempfile.mkdtemp(
        prefix=prefix, dir=MEMORY if os.access(MEMORY, os.W_OK) else None
    )


def nworkers_changed(server: Any, new: int, old: int | None) -> None:
    """gunicorn calls this first, with no old number, once the command line is known."""
    if old is None:
        starting.warn_of_misspelt(os.environ)
        addresses = [] if is_given_sockets() else server.address
        try:
            if server.cfg.worker_class_str != worker_class:
                starting.end(starting.HOW_TO_RUN)
            starting.begin_for_workers(settings, addresses, new)
        except SystemExit:
            on_exit(server)
            raise
    elif new > 1 and not settings.redis_url:
        starting.log.error("%s; it stays at 1 worker", starting.LONELY)
        server.num_workers = 1
    forget_code()


def forget_code() -> None:
    """Forget the modules that were imported so far, which are as old as the master. After a reload
    this file and the workers must import the new code.
    """
    for name in [one for one in sys.modules if one.partition(".")[0] in ("chat", "config")]:
        if name != "chat.worker":  # a worker's application checks that this class runs it
            del sys.modules[name]


def is_given_sockets() -> bool:
    """Whether systemd, or the master that this one replaces, hands over the sockets."""
    return "LISTEN_FDS" in os.environ or "GUNICORN_FD" in os.environ


def on_starting(_: Any) -> None:
    forget(os.getpid())  # the master serves nobody, so its zeros must not count


def child_exit(_: Any, worker: Any) -> None:
    forget(worker.pid)


def forget(pid: int) -> None:
    """Drop the gauges of a process that is gone. What it counted stays counted."""
    if settings.metrics:
        # Imported here, because the library looks at the environment when it is imported.
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def on_exit(_: Any) -> None:
    if settings.metrics:
        shutil.rmtree(os.environ[FIGURES], ignore_errors=True)
