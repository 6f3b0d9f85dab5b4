"""OPTIONS of every path: which methods it takes. What CORS adds is sanic-ext's.

sanic-ext would add what is missing here as well, but one by one to an application that has
begun to start, which builds all of its signals anew for each: a third of the way to a start.
"""

from typing import Any

from sanic import HTTPResponse, Request, Sanic

from chat.api.problems import allowed_methods


async def options(request: Request, **_: Any) -> HTTPResponse:
    return HTTPResponse(status=204, headers={"Allow": ", ".join(allowed_methods(request))})


def install(app: Sanic[Any, Any]) -> None:
    """For the routes that there are by now."""
    for number, path in enumerate({route.path for route in app.router.routes}):
        app.add_route(options, f"/{path}", methods=["OPTIONS"], name=f"options_{number}")
