"""Several workers: `gunicorn -c gunicorn.conf.py server:app`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from chat.gunicorn_settings import *  # noqa: F403 - each name is a setting of gunicorn's
