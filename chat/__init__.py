"""Payam, a chat server to put behind an app of your own."""
