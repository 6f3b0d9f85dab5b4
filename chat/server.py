"""The application with the environment's settings. It is made when this module is imported."""

import os
import sys

from chat import logs, starting
from chat.app import create_app, serve
from config.errors import SettingsError
from config.settings import Settings

try:
    settings = Settings.from_env(os.environ)
except SettingsError as error:
    sys.exit(f"payam: {error}")
logs.to_stderr(settings.log_level, settings.log_format)
if starting.is_worker() and "chat.worker" not in sys.modules:
    starting.refuse(starting.HOW_TO_RUN)
try:
    app = create_app(settings)
except SettingsError as error:
    starting.refuse(error)


def main() -> int:
    """Serve in this process; returns the exit status."""
    starting.warn_of_misspelt(os.environ)
    return serve(app)


if __name__ == "__main__":
    sys.exit(main())
