"""Settings: what a client must know of this server before it sends anything."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import paging, responses
from chat.api.operations import Operation
from chat.records import ServerSettings
from chat.services import checks, reactions
from chat.services.avatars import AVATAR_MAX_SIZE
from chat.services.devices import DEVICES_MAX
from chat.services.metadata import METADATA_MAX_SIZE
from chat.services.quotas import UPLOADS_MAX
from chat.services.registry import Services
from config.settings import Settings

blueprint = Blueprint("settings", url_prefix="/api/settings")


@blueprint.head("/", name="limits_head", ctx_public=True)
@blueprint.get("/", ctx_public=True)
@Operation(gives={200: ServerSettings})
async def read(request: Request) -> HTTPResponse:
    """The limits of this server that a client must know.

    It needs no token, because a page that signs people up needs it too. It stays the same
    until the server starts again.
    """
    settings: Settings = request.app.ctx.settings
    services: Services = request.app.ctx.services
    return responses.json(
        ServerSettings(
            message_max_length=settings.message_max_length,
            attachment_max_size=settings.attachment_max_size,
            avatar_max_size=AVATAR_MAX_SIZE,
            image_max_pixels=settings.image_max_pixels,
            upload_quota=services.resumable_uploads.quota,
            upload_ttl=settings.upload_ttl,
            uploads_per_user=UPLOADS_MAX,
            attachment_storage="s3" if settings.attachment_storage else "disk",
            body_max_size=settings.body_max_size,
            frame_max_size=settings.frame_max_size,
            title_max_length=checks.TITLE_MAX_LENGTH,
            display_name_max_length=checks.DISPLAY_NAME_MAX_LENGTH,
            metadata_max_size=METADATA_MAX_SIZE,
            subject_max_length=checks.SUBJECT_MAX_LENGTH,
            username_max_length=checks.USERNAME_MAX_LENGTH,
            password_min_length=settings.password_min_length,
            password_max_length=checks.PASSWORD_MAX_LENGTH,
            key_max_length=checks.KEY_MAX_LENGTH,
            participants_per_request=settings.participants_per_request,
            attachments_per_message=settings.message_files,
            message_quota=settings.message_quota,
            user_files=settings.user_files,
            user_quota=settings.user_quota,
            conversation_files=settings.conversation_files,
            conversation_quota=settings.conversation_quota,
            reactions_per_message=reactions.PER_MESSAGE,
            reactions_per_user=reactions.PER_USER,
            page_max_length=paging.LIMIT_MAX,
            devices_per_user=DEVICES_MAX,
            vapid_public_key=services.devices.vapid_public_key,
            sign_up=not settings.jwt_create_users and settings.sign_up != "closed",
            sign_up_by_invite=settings.sign_up == "invite",
            sign_in=settings.jwt_algorithm == "HS256",
        )
    )
