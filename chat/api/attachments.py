"""Attachments: add a file to a message, list them, and download one."""

from functools import partial

from msgspec.structs import replace
from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, etags, keys, ranges, responses, uploads
from chat.api.operations import Operation
from chat.api.parameters import ConditionalHeaders, FileHeaders, OnceHeaders
from chat.api.schemas import FileForm, UploadToAttach
from chat.errors import Conflict, Forbidden
from chat.http import addresses
from chat.records import Attachment
from chat.services.arriving import too_many_bytes
from chat.services.attachments import attached_already, unfinished
from chat.services.lasting import while_allowed
from chat.services.notes import text_only
from chat.services.quotas import Quota, conversation_full, message_full, user_full
from chat.services.registry import Services
from chat.store.files import THUMBNAIL, THUMBNAIL_TYPE, Files, disposition

blueprint = Blueprint(
    "attachments",
    url_prefix="/api/conversations/<conversation_id:id>/messages/<message_id:id>/attachments",
)

NOT_KEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


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
        message_full(Quota(100, 10_737_418_240)),
        user_full(Quota(100_000, 21_474_836_480)),
        conversation_full(Quota(100_000, 107_374_182_400)),
        unfinished(5, 10),
        attached_already(),
        too_many_bytes(1_073_741_824),
        text_only(),
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
    await services.attachments.require_attachable(who, conversation_id, message_id, key)
    await services.guest_limits.file(who, addresses.of_caller(request))
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
    gives={200: "*/*", 206: "*/*", 302: None, 304: None},
    sends=("ETag", "Cache-Control", "Accept-Ranges", "Content-Disposition", "Content-Range"),
    refuses=(ranges.not_satisfiable(1024),),
)
async def one(
    request: Request, conversation_id: int, message_id: int, attachment_id: int
) -> HTTPResponse | None:
    """Download a file.

    With the header `Range`, only that range of it comes. Where files are kept in a bucket, the
    answer is 302 with an address at which the file can be had for some minutes, without a token.
    """
    services: Services = request.app.ctx.services
    place = (conversation_id, message_id, attachment_id)
    find = partial(services.attachments.open, request.ctx.identity, *place)
    stored = await find()
    files: Files = request.app.ctx.payam.files
    tag = f'"{stored.sha256}"'
    headers = {"ETag": tag, **etags.KEPT}
    if etags.has_already(request, tag):
        return HTTPResponse(status=304, headers=headers)
    if leading := await elsewhere(request, stored.stored_name):
        return leading
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
    chunks = files.chunks(stored.stored_name, part.start, part.size)
    return await responses.stream(request, head, while_allowed(chunks, find))


@blueprint.get("/<attachment_id:id>/thumbnail/")
@Operation(
    headers=ConditionalHeaders,
    takes_any_query=True,
    gives={200: THUMBNAIL_TYPE, 302: None, 304: None},
    sends=("ETag", "Cache-Control"),
)
async def thumbnail(
    request: Request, conversation_id: int, message_id: int, attachment_id: int
) -> HTTPResponse | None:
    """Download the thumbnail of a picture.

    It never changes, so a client may keep it.
    """
    services: Services = request.app.ctx.services
    stored = await services.attachments.open_thumbnail(
        request.ctx.identity, conversation_id, message_id, attachment_id
    )
    files: Files = request.app.ctx.payam.files
    size = stored.thumbnail_size or 0
    tag = f'"{stored.sha256}-thumbnail"'
    headers = {"ETag": tag, **etags.UNCHANGING}
    if etags.has_already(request, tag):
        return HTTPResponse(status=304, headers=headers)
    name = stored.stored_name + THUMBNAIL
    if leading := await elsewhere(request, name):
        return leading
    headers |= {"Content-Length": str(size), "X-Content-Type-Options": "nosniff"}
    head = HTTPResponse(headers=headers, content_type=THUMBNAIL_TYPE)
    return await responses.stream(request, head, files.chunks(name, 0, size))


async def elsewhere(request: Request, name: str) -> HTTPResponse | None:
    """The answer that leads to the file where it is kept; None for a file on the disk."""
    files: Files = request.app.ctx.payam.files
    link = await files.link(name, "HEAD" if request.method == "HEAD" else "GET")
    if link is None:
        return None
    return HTTPResponse(status=302, headers={"Location": link, **NOT_KEPT})
