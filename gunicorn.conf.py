"""Several workers: `gunicorn -c gunicorn.conf.py server:app`."""

import math
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from chat import logs
from config.settings import Settings, SettingsError

FIGURES = "PROMETHEUS_MULTIPROC_DIR"
MEMORY = "/dev/shm"  # noqa: S108 - what is made there is ours alone

try:
    settings = Settings.from_env(os.environ)
except SettingsError as error:
    sys.exit(f"payam: {error}")

bind = f"{settings.host}:{settings.port}"
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


def on_starting(_: Any) -> None:
    forget(os.getpid())  # the master serves nobody, and its zeros are no worker's


def child_exit(_: Any, worker: Any) -> None:
    forget(worker.pid)


def forget(pid: int) -> None:
    """What a process has open is open no more; what it has counted stays counted."""
    if settings.metrics:
        # Not above: the library looks at the environment when it is imported.
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(pid)


def on_exit(_: Any) -> None:
    if settings.metrics:
        shutil.rmtree(os.environ[FIGURES], ignore_errors=True)
