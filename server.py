"""Payam's entry: `python server.py` runs one process, gunicorn several on `server:app`."""

import sys

from chat.server import app, main

__all__ = ["app"]

if __name__ == "__main__":
    sys.exit(main())
