"""HTTP in: one blueprint per noun, its schemas, and errors as problem documents."""

from sanic.mixins.routes import RouteMixin

# Sanic parses the source of each route's handler, to guess in which format its errors should be.
# `problems.py` gives all errors their format, and the guesses take a tenth of the time of a start.
RouteMixin._determine_error_format = lambda *_: ""  # type: ignore[method-assign]
