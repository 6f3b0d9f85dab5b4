"""Payam, a chat server to put behind an app of your own."""

import gc

__version__ = "0.1.0"

# What an import makes stays. Python would look for garbage among it again and again, in a fifth
# of the time of a start. `chat/app.py` sets the threshold with which Payam serves.
gc.set_threshold(200_000)
