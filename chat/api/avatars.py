"""Avatars: the picture of a user, and that of a conversation."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import etags, responses, uploads
from chat.api.attachments import elsewhere
from chat.api.operations import Operation
from chat.api.parameters import ConditionalHeaders
from chat.api.schemas import FileForm
from chat.records import Conversation, Me, version_of
from chat.services.arriving import too_many_bytes
from chat.services.avatars import AVATAR_MAX_SIZE
from chat.services.registry import Services
from chat.services.rights import admins_only
from chat.store.avatars import Avatar
from chat.store.files import THUMBNAIL_TYPE, Files

blueprint = Blueprint("avatars", url_prefix="/api")

TOO_MANY = too_many_bytes(1_073_741_824)
OWN = "/users/me/avatar/"
OF_USER = "/users/<user_id:id>/avatar/"
OF_CONVERSATION = "/conversations/<conversation_id:id>/avatar/"


@blueprint.put(OWN, stream=True)
@Operation(takes=FileForm, is_form=True, gives={200: Me}, refuses=(TOO_MANY,))
async def put_own(request: Request) -> HTTPResponse:
    """Give oneself a picture.

    PNG, JPEG, GIF, WebP, AVIF or HEIC, at most 10 MiB. A small upright copy of it is kept, without
    its metadata. Those who talk with the caller get `user.updated`.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    upload = await uploads.receive(request, AVATAR_MAX_SIZE)
    chunks = services.sessions.while_working(who, upload.chunks)
    return responses.json(await services.avatars.put_user(who, chunks))


@blueprint.delete(OWN)
@Operation(gives={204: None})
async def remove_own(request: Request) -> HTTPResponse:
    """Remove one's picture. Where there is none, this changes nothing."""
    services: Services = request.app.ctx.services
    await services.avatars.put_user(request.ctx.identity, None)
    return responses.empty()


@blueprint.get(OF_USER)
@Operation(
    headers=ConditionalHeaders,
    takes_any_query=True,
    gives={200: THUMBNAIL_TYPE, 302: None, 304: None},
    sends=("ETag", "Cache-Control"),
)
async def of_user(request: Request, user_id: int) -> HTTPResponse | None:
    """Download a user's picture.

    At the address that `avatar_url` says it never changes, so a client may keep it.
    """
    services: Services = request.app.ctx.services
    return await sent(request, await services.avatars.of_user(request.ctx.identity, user_id))


@blueprint.put(OF_CONVERSATION, stream=True)
@Operation(
    takes=FileForm,
    is_form=True,
    gives={200: Conversation},
    refuses=(admins_only(), TOO_MANY),
)
async def put(request: Request, conversation_id: int) -> HTTPResponse:
    """Give a conversation a picture.

    Whoever may change its title may do this. Everybody's sockets get `conversation.updated`.
    """
    services: Services = request.app.ctx.services
    who = request.ctx.identity
    # A caller without the right learns it before the picture is uploaded.
    await services.avatars.require_changeable(who, conversation_id)
    upload = await uploads.receive(request, AVATAR_MAX_SIZE)
    chunks = services.sessions.while_working(who, upload.chunks)
    return responses.json(await services.avatars.put_conversation(who, conversation_id, chunks))


@blueprint.delete(OF_CONVERSATION)
@Operation(gives={204: None}, refuses=(admins_only(),))
async def remove(request: Request, conversation_id: int) -> HTTPResponse:
    """Remove a conversation's picture. Where there is none, this changes nothing."""
    services: Services = request.app.ctx.services
    await services.avatars.put_conversation(request.ctx.identity, conversation_id, None)
    return responses.empty()


@blueprint.get(OF_CONVERSATION)
@Operation(
    headers=ConditionalHeaders,
    takes_any_query=True,
    gives={200: THUMBNAIL_TYPE, 302: None, 304: None},
    sends=("ETag", "Cache-Control"),
)
async def of_conversation(request: Request, conversation_id: int) -> HTTPResponse | None:
    """Download a conversation's picture.

    At the address that `avatar_url` says it never changes, so a client may keep it.
    """
    services: Services = request.app.ctx.services
    avatar = await services.avatars.of_conversation(request.ctx.identity, conversation_id)
    return await sent(request, avatar)


async def sent(request: Request, avatar: Avatar) -> HTTPResponse | None:
    files: Files = request.app.ctx.payam.files
    version = version_of(avatar.stored_name)
    tag = f'"{version}"'
    is_of_now = request.args.get("v") == version
    headers = {"ETag": tag, **(etags.UNCHANGING if is_of_now else etags.KEPT)}
    if etags.has_already(request, tag):
        return HTTPResponse(status=304, headers=headers)
    if leading := await elsewhere(request, avatar.stored_name):
        return leading
    headers |= {"Content-Length": str(avatar.size), "X-Content-Type-Options": "nosniff"}
    head = HTTPResponse(headers=headers, content_type=THUMBNAIL_TYPE)
    return await responses.stream(request, head, files.chunks(avatar.stored_name, 0, avatar.size))
