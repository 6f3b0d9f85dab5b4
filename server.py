"""Payam's entry: `python server.py` runs one process, gunicorn several on `server:app`."""

import os
import sys

from chat.app import create_app, log_to_stderr
from chat.realtime.handshake import ChatProtocol
from config.settings import Settings, SettingsError

try:
    settings = Settings.from_env(os.environ)
    log_to_stderr(settings.log_level)
    app = create_app(settings)
except SettingsError as error:
    sys.exit(f"payam: {error}")


def main() -> None:
    app.prepare(
        host=settings.host,
        port=settings.port,
        protocol=ChatProtocol,
        single_process=True,
        access_log=False,
        motd=False,
    )
    app.serve_single(app)
    sys.exit(1 if app.ctx.payam.has_failed else 0)


if __name__ == "__main__":
    main()
