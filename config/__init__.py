"""Configuration: every setting of Payam, read from the environment once."""
