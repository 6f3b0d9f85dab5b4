"""Where the documents are: `/docs`, `/docs/openapi.json`, `/docs/asyncapi.json`.

They are made when first asked for, and stay the same until the process ends.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Any

from msgspec import Struct
from sanic import Blueprint, HTTPResponse, Request, Sanic

from chat.api import etags
from chat.api.operations import Operation
from chat.api.responses import encode
from chat.docs import asyncapi, openapi, page

blueprint = Blueprint("docs", url_prefix="/docs")

HEADERS = {"Cache-Control": "public, no-cache", "X-Content-Type-Options": "nosniff"}
"""Kept by whoever likes, and asked after each time: the ETag answers in no bytes."""
FILE = Operation(
    gives={200: dict, 304: None}, sends=("ETag", "Cache-Control"), takes_any_query=True
)


class Document(Struct, frozen=True):
    body: bytes
    tag: str


class Documents(Struct, frozen=True):
    openapi: Document
    asyncapi: Document
    page: Document


@lru_cache(maxsize=1)
def documents(app: Sanic[Any, Any]) -> Documents:
    settings = app.ctx.settings
    of_http = openapi.document(app, settings)
    of_sockets = asyncapi.document(app, settings)
    return Documents(
        document(encode(of_http)),
        document(encode(of_sockets)),
        document(page.render(of_http, of_sockets).encode()),
    )


def document(body: bytes) -> Document:
    return Document(body, f'"{sha256(body).hexdigest()[:32]}"')


@blueprint.head("/", name="for_people_head", ctx_public=True)
@blueprint.get("/", ctx_public=True)
@Operation(
    gives={200: "text/html", 304: None}, sends=("ETag", "Cache-Control"), takes_any_query=True
)
async def for_people(request: Request) -> HTTPResponse:
    """Both documents as a page."""
    found = documents(request.app).page
    return answer(request, found, "text/html; charset=utf-8", page.POLICY)


@blueprint.head("/openapi.json", name="of_http_head", ctx_public=True)
@blueprint.get("/openapi.json", ctx_public=True)
@FILE
async def of_http(request: Request) -> HTTPResponse:
    """What is under HTTP, in OpenAPI 3.1."""
    return answer(request, documents(request.app).openapi, "application/json", {})


@blueprint.head("/asyncapi.json", name="of_sockets_head", ctx_public=True)
@blueprint.get("/asyncapi.json", ctx_public=True)
@FILE
async def of_sockets(request: Request) -> HTTPResponse:
    """The websockets, in AsyncAPI 3."""
    return answer(request, documents(request.app).asyncapi, "application/json", {})


def answer(
    request: Request, found: Document, content_type: str, more: dict[str, str]
) -> HTTPResponse:
    headers = {**HEADERS, **more, "ETag": found.tag}
    if etags.has_already(request, found.tag):
        return HTTPResponse(status=304, headers=headers)
    return HTTPResponse(found.body, headers=headers, content_type=content_type)


def install(app: Sanic[Any, Any]) -> None:
    app.blueprint(blueprint)
