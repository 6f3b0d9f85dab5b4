"""The gunicorn worker that runs Sanic's own server, so that there is one transport."""

import asyncio
import sys
from typing import Any

from gunicorn.workers.base import Worker
from sanic import Sanic

from chat.app import serve

BEAT_SECONDS = 1.0


class PayamWorker(Worker):  # type: ignore[misc] # gunicorn ships no types
    """Serves until it is told to stop, or until a part of it dies; gunicorn replaces it then."""

    def run(self) -> None:
        app: Sanic[Any, Any] = self.wsgi
        app.add_task(self._beat())
        sys.exit(serve(app, sock=self.sockets[0].sock))

    async def _beat(self) -> None:
        """Tell gunicorn that the loop turns; a worker that is stuck is replaced."""
        while True:
            self.notify()
            await asyncio.sleep(BEAT_SECONDS)
