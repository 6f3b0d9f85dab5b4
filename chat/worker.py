"""The gunicorn worker that runs Sanic's own server, so that there is one transport.

The master imports this file, and keeps it as it was at its own start. Everything else a worker
imports itself, so that is the new code after a reload.
"""

import asyncio
import os
import sys
from typing import Any

from gunicorn.workers.base import Worker

BEAT_SECONDS = 1.0


class PayamWorker(Worker):  # type: ignore[misc] # gunicorn ships no types
    """Serves until gunicorn stops it, or until a part of it dies; gunicorn then replaces it."""

    def run(self) -> None:
        from chat.app import serve  # noqa: PLC0415 - in the worker alone

        if not self.alive:  # gunicorn stopped it while it was importing
            sys.exit(0)
        app: Any = self.wsgi
        app.add_task(self._beat())
        sys.exit(serve(app, self.sockets[0].sock))

    async def _beat(self) -> None:
        """Show gunicorn that the event loop runs; it replaces a worker that is stuck.

        A worker whose master was killed ends too. Otherwise it would keep the port and the
        database.
        """
        while os.getppid() == self.ppid:
            self.notify()
            await asyncio.sleep(BEAT_SECONDS)
        self.wsgi.stop(terminate=False)
