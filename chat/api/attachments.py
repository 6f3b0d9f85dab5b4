"""Attachments: add a file to a message, list them, and download one."""

from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import aiofiles
from msgspec.structs import replace
from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, etags, keys, ranges, responses, uploads
from chat.api.operations import Operation
from chat.api.parameters import ConditionalHeaders, FileHeaders, OnceHeaders
from chat.api.schemas import FileForm, UploadToAttach
from chat.errors import Conflict, Forbidden, NotFound
from chat.records import Attachment
from chat.services.attachments import attached_already, too_many, unfinished
from chat.services.registry import Services

blueprint = Blueprint(
    "attachments",
    url_prefix="/api/conversations/<conversation_id:id>/messages/<message_id:id>/attachments",
)

THUMBNAIL_TYPE = "image/webp"
CHUNK = 256 * 1024
"""Bytes of a file that are in memory at once."""


@blueprint.post("/", stream=True)
@Operation(
    takes=FileForm,
    is_form=True,
    takes_json=UploadToAttach,
    headers=OnceHeaders,
    gives={201: Attachment, 200: Attachment},
    refuses=(
        keys.REUSED,
        Forbidden("Only its sender changes a message."),
        Conflict("The message is deleted.", code="message_deleted"),
        too_many(),
        unfinished(5, 10),
        attached_already(),
    ),
)
async def create(request: Request, conversation_id: int, message_id: int) -> HTTPResponse:
    """Attach a file to one's own message.

    The body is a form with the file in it, or JSON that names a finished resumable upload.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    key = keys.of(request)
    # A caller without the right learns it before the file is uploaded.
    await services.attachments.require_attachable(who, conversation_id, message_id)
    if bodies.is_json(request):
        body = await uploads.read_json(request, UploadToAttach)
        attachment, is_new = await services.attachments.add_upload(
            who, conversation_id, message_id, body.upload, key
        )
        return responses.json(attachment, 201 if is_new else 200)
    upload = await uploads.receive(request, request.app.ctx.settings.attachment_max_size)
    upload = replace(upload, chunks=services.sessions.while_working(who, upload.chunks))
    attachment, is_new = await services.attachments.add(
        who, conversation_id, message_id, upload, key
    )
    return responses.json(attachment, 201 if is_new else 200)


@blueprint.get("/")
@Operation(gives={200: list[Attachment]})
async def list_all(request: Request, conversation_id: int, message_id: int) -> HTTPResponse | None:
    """List a message's attachments."""
    services: Services = request.app.ctx.services
    found = await services.attachments.list(request.ctx.identity, conversation_id, message_id)
    return await responses.json_array(request, found)


@blueprint.get("/<attachment_id:id>/")
@Operation(
    headers=FileHeaders,
    takes_any_query=True,
    gives={200: "*/*", 206: "*/*", 304: None},
    sends=("ETag", "Cache-Control", "Accept-Ranges", "Content-Disposition", "Content-Range"),
    refuses=(ranges.not_satisfiable(1024),),
)
async def one(
    request: Request, conversation_id: int, message_id: int, attachment_id: int
) -> HTTPResponse | None:
    """Download a file.

    With the header `Range`, only that range of it comes.
    """
    services: Services = request.app.ctx.services
    stored, path = await services.attachments.open(
        request.ctx.identity, conversation_id, message_id, attachment_id
    )
    tag = f'"{stored.sha256}"'
    headers = {"ETag": tag, **etags.KEPT}
    if etags.has_already(request, tag):
        return HTTPResponse(status=304, headers=headers)
    part = ranges.wanted(request, tag, stored.size)
    headers |= {
        "Accept-Ranges": "bytes",
        "Content-Length": str(part.size if part else stored.size),
        "Content-Disposition": disposition(stored.name),
        "X-Content-Type-Options": "nosniff",
    }
    if part:
        headers["Content-Range"] = part.content_range
    head = HTTPResponse(
        status=206 if part else 200, headers=headers, content_type=stored.content_type
    )
    part = part or ranges.Part(0, stored.size, stored.size)
    return await responses.stream(request, head, chunks(path, part.start, part.size))


@blueprint.get("/<attachment_id:id>/thumbnail/")
@Operation(
    headers=ConditionalHeaders,
    takes_any_query=True,
    gives={200: THUMBNAIL_TYPE, 304: None},
    sends=("ETag", "Cache-Control"),
)
async def thumbnail(
    request: Request, conversation_id: int, message_id: int, attachment_id: int
) -> HTTPResponse | None:
    """Download the thumbnail of a picture.

    It never changes, so a client may keep it.
    """
    services: Services = request.app.ctx.services
    stored, path = await services.attachments.open_thumbnail(
        request.ctx.identity, conversation_id, message_id, attachment_id
    )
    size = stored.thumbnail_size or 0
    tag = f'"{stored.sha256}-thumbnail"'
    headers = {"ETag": tag, **etags.UNCHANGING}
    if etags.has_already(request, tag):
        return HTTPResponse(status=304, headers=headers)
    headers |= {"Content-Length": str(size), "X-Content-Type-Options": "nosniff"}
    head = HTTPResponse(headers=headers, content_type=THUMBNAIL_TYPE)
    return await responses.stream(request, head, chunks(path, 0, size))


async def chunks(path: Path, start: int, size: int) -> AsyncGenerator[bytes, None]:
    try:
        async with aiofiles.open(path, "rb") as file:
            await file.seek(start)
            while size > 0:
                chunk = await file.read(min(size, CHUNK))
                if not chunk:
                    raise EOFError(f"{path} is shorter than it was")
                size -= len(chunk)
                yield chunk
    except FileNotFoundError:
        # The message was deleted after the row had been read.
        raise NotFound("There is no such attachment of this message.") from None


def disposition(name: str) -> str:
    """RFC 6266: the browser saves the file under this name, and never shows it."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
