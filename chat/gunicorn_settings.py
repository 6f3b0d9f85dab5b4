"""gunicorn's settings, as the environment says; `gunicorn.conf.py` hands them over.

The master begins with what would stop every worker, so that it is one line, and status 1.
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
# Longer than a worker's own limit, so that it is the worker who ends in good order.
graceful_timeout = math.ceil(settings.graceful_timeout) + 5
control_socket_disable = True

# Where the workers leave their figures for each other: in memory where there is a disk of it,
# since a page on its way to a real one makes its next writer wait. A reload, which reads this
# file again, keeps them; another master begins its own.
prefix = f"payam-metrics-{os.getpid()}-"
if settings.metrics and not Path(os.environ.get(FIGURES, "")).name.startswith(prefix):
    os.environ[FIGURES] = tempfile.mkdtemp(
        prefix=prefix, dir=MEMORY if os.access(MEMORY, os.W_OK) else None
    )


def nworkers_changed(server: Any, new: int, old: int | None) -> None:
    """Called first of all with no old number, when what the command line says is known."""
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
    """What was imported so far is as old as the master; after a reload this file and the workers
    are to find the code of today."""
    for name in [one for one in sys.modules if one.partition(".")[0] in ("chat", "config")]:
        if name != "chat.worker":  # by which a worker's application sees who runs it
            del sys.modules[name]


def is_given_sockets() -> bool:
    """By systemd, or by the master that this one takes the place of."""
    return "LISTEN_FDS" in os.environ or "GUNICORN_FD" in os.environ


def on_starting(_: Any) -> None:
    forget(os.getpid())  # the master serves nobody, and its zeros are no worker's


def child_exit(_: Any, worker: Any) -> None:
    forget(worker.pid)


def forget(pid: int) -> None:
    """What a process has open is open no more; what it has counted stays counted."""
    if settings.metrics:
        # Not above: the library looks at the environment when it is imported.
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def on_exit(_: Any) -> None:
    if settings.metrics:
        shutil.rmtree(os.environ[FIGURES], ignore_errors=True)
