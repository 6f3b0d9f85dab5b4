"""The error that all of the configuration raises."""


class SettingsError(Exception):
    """A setting has a value that it may not have. The text is one line."""
