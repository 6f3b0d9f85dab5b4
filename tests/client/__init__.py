"""The Python client library, against a running server."""
