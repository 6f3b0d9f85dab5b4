"""Text as people see it: what is the same, and what shows nothing. Pure functions."""
