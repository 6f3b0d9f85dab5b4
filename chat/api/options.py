"""HEAD and OPTIONS of every path. What CORS adds to OPTIONS comes from sanic-ext.

sanic-ext could add these routes too. But it adds them one by one while the application
starts, and Sanic builds all signals anew for each, which takes a third of the time of a start.
Besides, its HEAD of a public route is not public, and its HEAD of a socket is no socket.
"""

from typing import Any

from sanic import HTTPResponse, Request, Sanic

from chat.api.problems import allowed_methods


async def options(request: Request, **_: Any) -> HTTPResponse:
    return HTTPResponse(status=204, headers={"Allow": ", ".join(allowed_methods(request))})


def install(app: Sanic[Any, Any]) -> None:
    """Add both to the routes that exist by now."""
    routes = list(app.router.routes)
    with_options = {route.path for route in routes if "OPTIONS" in route.methods}
    with_head = {route.path for route in routes if "HEAD" in route.methods}
    for number, route in enumerate(routes):
        if "GET" in route.methods and route.path not in with_head:
            said = {f"ctx_{name}": value for name, value in vars(route.ctx).items()}
            app.add_route(
                route.handler, f"/{route.path}", methods=["HEAD"], name=f"head_{number}", **said
            )
    for number, path in enumerate({route.path for route in routes} - with_options):
        app.add_route(options, f"/{path}", methods=["OPTIONS"], name=f"options_{number}")
