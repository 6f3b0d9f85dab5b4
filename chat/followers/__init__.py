"""Followers go through the changes of conversations by themselves, from where they stopped."""
