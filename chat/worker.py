"""The gunicorn worker that runs Sanic's own server, so that there is one transport.

The master imports this file, and keeps it as it was at its own start; what a worker imports is
the code of today.
"""

import asyncio
import os
import sys
from typing import Any

from gunicorn.workers.base import Worker

BEAT_SECONDS = 1.0


class PayamWorker(Worker):  # type: ignore[misc] # gunicorn ships no types
    """Serves until it is told to stop, or until a part of it dies; gunicorn replaces it then."""

    def run(self) -> None:
        from chat.app import serve  # noqa: PLC0415 - in the worker alone

        if not self.alive:  # told to stop while it was imported
            sys.exit(0)
        app: Any = self.wsgi
        app.add_task(self._beat())
        sys.exit(serve(app, self.sockets[0].sock))

    async def _beat(self) -> None:
        """Tell gunicorn that the loop turns; a worker that is stuck is replaced.

        A worker whose master was killed goes too, or it would keep the port and the database.
        """
        while os.getppid() == self.ppid:
            self.notify()
            await asyncio.sleep(BEAT_SECONDS)
        self.wsgi.stop(terminate=False)
