"""Where the documents are: `/docs`, `/docs/openapi.json`, `/docs/asyncapi.json`.

They are made when somebody first asks for them. Each answer says where that client finds the
server.
"""

import asyncio
from functools import lru_cache
from hashlib import sha256
from typing import Any

from msgspec import Struct
from sanic import Blueprint, HTTPResponse, Request, Sanic

from chat.api import etags, places
from chat.api.operations import Operation
from chat.api.responses import encode
from chat.docs import asyncapi, openapi, page
from chat.docs.located import located

blueprint = Blueprint("docs", url_prefix="/docs")

HEADERS = {
    # Anybody may keep them, and asks each time whether they changed: the ETag saves the bytes.
    "Cache-Control": "public, no-cache",
    "Vary": places.VARIES,
    "X-Content-Type-Options": "nosniff",
}
FILE = Operation(
    gives={200: dict, 304: None}, sends=("ETag", "Cache-Control"), takes_any_query=True
)


class Documents(Struct, frozen=True):
    openapi: bytes
    asyncapi: bytes
    page: bytes


@lru_cache(maxsize=1)
def made(app: Sanic[Any, Any]) -> Documents:
    settings = app.ctx.settings
    of_http = openapi.document(app, settings)
    of_sockets = asyncapi.document(app, settings)
    return Documents(encode(of_http), encode(of_sockets), page.render(of_http, of_sockets).encode())


async def documents(request: Request) -> Documents:
    # In a thread, because making them takes longer than other requests should wait.
    return await asyncio.to_thread(made, request.app)


@blueprint.get("/", ctx_public=True)
@Operation(
    gives={200: "text/html", 304: None}, sends=("ETag", "Cache-Control"), takes_any_query=True
)
async def for_people(request: Request) -> HTTPResponse:
    """Both documents as a page."""
    found = (await documents(request)).page
    return answer(request, found, "text/html; charset=utf-8", page.POLICY)


@blueprint.get("/openapi.json", ctx_public=True)
@FILE
async def of_http(request: Request) -> HTTPResponse:
    """The routes of HTTP, in OpenAPI 3.1."""
    return answer(request, (await documents(request)).openapi, "application/json", {})


@blueprint.get("/asyncapi.json", ctx_public=True)
@FILE
async def of_sockets(request: Request) -> HTTPResponse:
    """The websockets, in AsyncAPI 3."""
    return answer(request, (await documents(request)).asyncapi, "application/json", {})


def answer(request: Request, found: bytes, content_type: str, more: dict[str, str]) -> HTTPResponse:
    body = located(found, places.of(request))
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {**HEADERS, **more, "ETag": tag}
    if etags.has_already(request, tag):
        return HTTPResponse(status=304, headers=headers)
    return HTTPResponse(body, headers=headers, content_type=content_type)


def install(app: Sanic[Any, Any]) -> None:
    app.blueprint(blueprint)
