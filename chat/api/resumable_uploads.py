"""Resumable uploads: tus 1.0 (https://tus.io/protocols/resumable-upload), with creation, creation
with upload, termination and expiration.

A client begins an upload (`POST`), sends it in one piece or several (`PATCH`), and asks after a cut
how much has arrived (`HEAD`). The finished upload is attached to a message by its id. What clients
of tus do not need is JSON: the list of one's own uploads, and `GET` of one.
"""

import base64
import binascii
import re
from email.utils import formatdate
from typing import Any

from sanic import Blueprint, HTTPResponse, Request

from chat import headers, records
from chat.api import bodies, places, problems, responses
from chat.api.operations import Operation
from chat.api.parameters import AppendHeaders, NewUploadHeaders, UploadHeaders
from chat.errors import InvalidInput, PreconditionFailed, TooLarge, UnsupportedMedia
from chat.http import addresses
from chat.services.quotas import too_many
from chat.services.registry import Services
from chat.services.resumable_uploads import Progress
from chat.store.drafts import too_long, wrong_offset
from chat.times import to_text

blueprint = Blueprint("resumable_uploads", url_prefix="/api/uploads")

ONE = "/<upload_id:str>/"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration"
OCTETS = "application/offset+octet-stream"
KEY = re.compile(r"[!-+\--~]{1,100}")
"""ASCII without spaces and commas."""
NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
FILE_NAMES, FILE_TYPES = ("filename", "name"), ("filetype", "type")
"""What clients of tus call the two: tus-js-client, and Uppy."""
OTHER_VERSION = PreconditionFailed(f"Tus-Resumable: must be {VERSION}.")
NO_PIECE = UnsupportedMedia(f"The body must be {OCTETS}.")
SENT = ("Tus-Resumable", "Upload-Offset", "Upload-Expires")


@blueprint.on_response  # type: ignore[untyped-decorator] # Sanic's
async def name_version(request: Request, response: HTTPResponse) -> None:
    """Every answer of tus, refusals too, says which version it is."""
    response.headers.setdefault("Tus-Resumable", VERSION)
    if response.status == 412:
        response.headers["Tus-Version"] = VERSION


@blueprint.options("/", name="offers")
async def offers(request: Request) -> HTTPResponse:
    """The parts of tus that this server has."""
    services: Services = request.app.ctx.services
    allowed = ", ".join(problems.allowed_methods(request))
    return HTTPResponse(
        status=204,
        headers={
            "Allow": allowed,
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(services.resumable_uploads.most),
        },
    )


@blueprint.get("/")
@Operation(gives={200: list[records.Upload]})
async def list_all(request: Request) -> HTTPResponse:
    """List one's own uploads that are not attached."""
    services: Services = request.app.ctx.services
    found = await services.resumable_uploads.of(request.ctx.identity)
    return responses.json([record(one) for one in found])


@blueprint.post("/", stream=True)
@Operation(
    headers=NewUploadHeaders,
    gives={201: None},
    sends=(*SENT, "Location"),
    refuses=(
        InvalidInput({"Upload-Length": ["Must be a number of bytes."]}),
        OTHER_VERSION,
        too_many(),
        TooLarge("Upload-Length: at most 26214400 bytes."),
        NO_PIECE,
    ),
)
async def create(request: Request) -> HTTPResponse:
    """Begin an upload.

    The first piece of the file may come with it, in a body of `application/offset+octet-stream`.
    The upload is at the path in `Location`, whose last part is its id.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    require_version(request)
    if headers.one(request, "Upload-Defer-Length") is not None:
        raise InvalidInput({"Upload-Defer-Length": ["The size must be known from the beginning."]})
    size = number(request, "Upload-Length")
    metadata, said = metadata_of(request)
    brings_piece = bodies.media_type_of(request) == OCTETS
    if not brings_piece and declared(request) > 0:
        raise NO_PIECE
    if brings_piece and declared(request) > size:
        raise too_long(size)
    await services.guest_limits.file(who, addresses.of_caller(request))
    uploads = services.resumable_uploads
    progress = await uploads.create(
        who,
        size,
        first(said, FILE_NAMES),
        first(said, FILE_TYPES),
        metadata,
    )
    if brings_piece:
        chunks = services.sessions.while_working(who, pieces(request))
        progress = await uploads.append(who, progress.upload.id, 0, chunks)
    place = f"{places.prefix_of(request)}/api/uploads/{progress.upload.id}/"
    return HTTPResponse(status=201, headers={"Location": place, **state_of(progress)})


@blueprint.get(ONE)
@Operation(
    headers=UploadHeaders,
    gives={200: records.Upload},
    sends=(*SENT, "Upload-Length", "Upload-Metadata", "Cache-Control"),
    refuses=(OTHER_VERSION,),
)
async def one(request: Request, upload_id: str) -> HTTPResponse:
    """Says how many bytes of an upload have arrived.

    tus asks with HEAD.
    """
    services: Services = request.app.ctx.services
    require_version(request)
    progress = await services.resumable_uploads.get(request.ctx.identity, upload_id)
    sent = {
        **state_of(progress),
        "Upload-Length": str(progress.upload.size),
        "Cache-Control": "no-store",
    }
    if progress.upload.metadata:
        sent["Upload-Metadata"] = progress.upload.metadata
    return responses.json(record(progress), headers=sent)


@blueprint.patch(ONE, stream=True)
@Operation(
    headers=AppendHeaders,
    gives={204: None},
    sends=SENT,
    refuses=(
        InvalidInput({"Upload-Offset": ["Must be a number of bytes."]}),
        OTHER_VERSION,
        wrong_offset(16_384, 0),
        NO_PIECE,
    ),
)
async def append(request: Request, upload_id: str) -> HTTPResponse:
    """Send the next piece of an upload.

    The body is `application/offset+octet-stream`. What arrives before a cut is kept.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    require_version(request)
    progress = await services.resumable_uploads.get(who, upload_id)
    if bodies.media_type_of(request) != OCTETS:
        raise NO_PIECE
    offset = number(request, "Upload-Offset")
    if offset != progress.offset:
        raise wrong_offset(progress.offset, offset)
    if offset + declared(request) > progress.upload.size:
        raise too_long(progress.upload.size)
    chunks = services.sessions.while_working(who, pieces(request))
    progress = await services.resumable_uploads.append(who, upload_id, offset, chunks)
    return HTTPResponse(status=204, headers=state_of(progress))


@blueprint.delete(ONE)
@Operation(headers=UploadHeaders, gives={204: None}, refuses=(OTHER_VERSION,))
async def remove(request: Request, upload_id: str) -> HTTPResponse:
    """Give an upload up."""
    services: Services = request.app.ctx.services
    require_version(request)
    await services.resumable_uploads.remove(request.ctx.identity, upload_id)
    return responses.empty()


async def pieces(request: Request) -> Any:
    stream: Any = request.stream
    async for data in stream:
        yield data


def require_version(request: Request) -> None:
    """Raises PreconditionFailed for a client of another version."""
    if headers.one(request, "Tus-Resumable") not in (None, VERSION):
        raise OTHER_VERSION


def number(request: Request, name: str) -> int:
    """A header with a number of bytes. Raises InvalidInput."""
    given = headers.one(request, name)
    if given is None:
        raise InvalidInput({name: ["Is needed."]})
    if not NUMBER.fullmatch(given):
        raise InvalidInput({name: ["Must be a number of bytes."]})
    return int(given)


def declared(request: Request) -> int:
    """The size of the body, if the client says it; else 0."""
    given: str = request.headers.getone("content-length", "0")
    return int(given) if NUMBER.fullmatch(given) else 0


def metadata_of(request: Request) -> tuple[str, dict[str, str]]:
    """The header `Upload-Metadata`, and what it says. Raises InvalidInput."""
    given = headers.one(request, "Upload-Metadata") or ""
    said: dict[str, str] = {}
    for pair in given.split(",") if given.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not KEY.fullmatch(key) or key in said:
            raise wrong_metadata("Each name is in ASCII, without spaces, and comes once.")
        try:
            said[key] = base64.b64decode(value.strip(), validate=True).decode(errors="replace")
        except (binascii.Error, ValueError):
            raise wrong_metadata("Each value is in base64.") from None
    return given.strip(), said


def wrong_metadata(reason: str) -> InvalidInput:
    return InvalidInput({"Upload-Metadata": [reason]})


def first(said: dict[str, str], names: tuple[str, ...]) -> str:
    return next((said[name] for name in names if name in said), "")


def state_of(progress: Progress) -> dict[str, str]:
    expires = progress.upload.expires_at / 1_000_000
    return {
        "Upload-Offset": str(progress.offset),
        "Upload-Expires": formatdate(expires, usegmt=True),
    }


def record(progress: Progress) -> records.Upload:
    upload = progress.upload
    return records.Upload(
        id=upload.id,
        name=upload.name,
        size=upload.size,
        offset=progress.offset,
        created_at=to_text(upload.created_at),
        expires_at=to_text(upload.expires_at),
    )
