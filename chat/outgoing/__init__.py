"""Requests from Payam to other servers: to whom they may go, and how they are made."""
