"""Websockets in, events out."""
