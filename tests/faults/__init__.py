"""Proof that no message is lost, doubled or out of order, by breaking everything around it."""
