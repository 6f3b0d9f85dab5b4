"""Payam's entry: `python server.py` runs one process, gunicorn several on `server:app`."""

import os
import sys

from chat import logs
from chat.app import create_app, serve
from config.settings import Settings, SettingsError

try:
    settings = Settings.from_env(os.environ)
    logs.to_stderr(settings.log_level, settings.log_format)
    app = create_app(settings)
except SettingsError as error:
    sys.exit(f"payam: {error}")


if __name__ == "__main__":
    sys.exit(serve(app, host=settings.host, port=settings.port))
