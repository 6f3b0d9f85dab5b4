"""Several workers: `gunicorn -c gunicorn.conf.py server:app`."""

import math
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from config.settings import Settings, SettingsError

try:
    settings = Settings.from_env(os.environ)
except SettingsError as error:
    sys.exit(f"payam: {error}")

bind = f"{settings.host}:{settings.port}"
workers = settings.web_concurrency
worker_class = "chat.worker.PayamWorker"
loglevel = settings.log_level.lower()
# Longer than a worker's own limit, so that it is the worker who ends in good order.
graceful_timeout = math.ceil(settings.graceful_timeout) + 5
control_socket_disable = True
