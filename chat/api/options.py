"""HEAD and OPTIONS of every path. What CORS adds to OPTIONS is sanic-ext's.

sanic-ext would add what is missing here as well, but one by one to an application that has
begun to start, which builds all of its signals anew for each: a third of the way to a start.
And its HEAD of a route is not what that route is: neither public nor a socket's.
"""

from typing import Any

from sanic import HTTPResponse, Request, Sanic

from chat.api.problems import allowed_methods


async def options(request: Request, **_: Any) -> HTTPResponse:
    return HTTPResponse(status=204, headers={"Allow": ", ".join(allowed_methods(request))})


def install(app: Sanic[Any, Any]) -> None:
    """For the routes that there are by now."""
    routes = list(app.router.routes)
    with_head = {route.path for route in routes if "HEAD" in route.methods}
    for number, route in enumerate(routes):
        if "GET" in route.methods and route.path not in with_head:
            said = {f"ctx_{name}": value for name, value in vars(route.ctx).items()}
            app.add_route(
                route.handler, f"/{route.path}", methods=["HEAD"], name=f"head_{number}", **said
            )
    for number, path in enumerate({route.path for route in routes}):
        app.add_route(options, f"/{path}", methods=["OPTIONS"], name=f"options_{number}")
