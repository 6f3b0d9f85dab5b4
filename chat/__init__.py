"""Payam, a chat server to put behind an app of your own."""

__version__ = "0.1.0"
