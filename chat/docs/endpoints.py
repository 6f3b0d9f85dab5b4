"""The routes and sockets to describe, read from the router."""

import re
import sys
from typing import Any

from msgspec import Struct
from sanic import Sanic
from sanic_routing.route import Route

from chat.api.operations import Operation, operation_of
from chat.docs.shapes import prose

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""In the order of the documents. HEAD and OPTIONS are left out, because every path has them."""


class Endpoint(Struct, frozen=True):
    """One method of one path. `noun` is its blueprint."""

    method: str
    path: str
    noun: str
    name: str
    parameters: tuple[str, ...]
    is_public: bool
    about: str
    about_noun: str
    said: Operation


def endpoints(app: Sanic[Any, Any]) -> list[Endpoint]:
    """The routes that have an Operation, by noun in the order of the blueprints."""
    nouns = list(app.blueprints)
    found = [
        endpoint(route, method, said)
        for route in app.router.routes
        if (said := operation_of(route.handler)) is not None
        for method in METHODS
        if method in route.methods
    ]
    return sorted(
        found, key=lambda one: (nouns.index(one.noun), one.path, METHODS.index(one.method))
    )


def endpoint(route: Route, method: str, said: Operation) -> Endpoint:
    _, noun, name = route.name.split(".")
    return Endpoint(
        method=method,
        path=path_of(route),
        noun=noun,
        name=name,
        parameters=parameters_of(route),
        is_public=getattr(route.ctx, "public", False),
        about=prose(route.handler.__doc__),
        about_noun=about_module(route.handler.__module__),
        said=said,
    )


def about_module(name: str) -> str:
    """The first line of a module's docstring, without the noun at its beginning."""
    first, _, _ = prose(sys.modules[name].__doc__).partition("\n")
    said = first.partition(": ")[2] or first
    return said[0].upper() + said[1:]


class Socket(Struct, frozen=True):
    """A websocket's path, and its handler's docstring."""

    name: str
    path: str
    parameters: tuple[str, ...]
    about: str


def sockets(app: Sanic[Any, Any]) -> list[Socket]:
    """All websockets, without the routes for HEAD that sanic-ext adds to each."""
    return [
        Socket(
            name=route.name.rpartition(".")[2],
            path=path_of(route),
            parameters=parameters_of(route),
            about=prose(route.handler.args[0].__doc__),  # the function that Sanic wrapped
        )
        for route in app.router.routes
        if getattr(route.ctx, "socket", False) and "GET" in route.methods
    ]


def parameters_of(route: Route) -> tuple[str, ...]:
    return tuple(parameter.name for parameter in route.params.values())


def path_of(route: Route) -> str:
    """A path as the documents write it: with a slash at its end, unless it is a file's."""
    path = "/" + re.sub(r"<(\w+)(:\w+)?>", r"{\1}", route.path)
    return path if path.endswith(".json") else path.rstrip("/") + "/"
