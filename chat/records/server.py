"""This server: its limits, and whether it can serve."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

Storage = Annotated[str, Meta(extra_json_schema={"enum": ("disk", "s3")})]
HealthStatus = Annotated[str, Meta(extra_json_schema={"enum": ("live", "ready", "not ready")})]


class ServerSettings(Struct, frozen=True):
    """Lengths are in characters (code points of Unicode), sizes in bytes.

    `body_max_size` limits the body of a request that is no file, and `frame_max_size` one
    frame of a websocket. Both have room for the longest message in any spelling of JSON.
    `key_max_length` limits a `client_id`, a `ref` and an `Idempotency-Key`. `page_max_length` is
    the greatest `limit` of a list. `reactions_per_message` counts the different emoji of a message,
    and `reactions_per_user` those of one user to one message. Where `sign_up` or `sign_in` is
    false, nobody signs up, or tokens come from another identity provider. Where
    `sign_up_by_invite` is true, signing up needs an invite link. With `vapid_public_key` browsers
    subscribe to pushes; it is empty where this server pushes nothing. A picture of more than
    `image_max_pixels` gets no thumbnail. A user's resumable uploads that are not attached may be
    `uploads_per_user`, and may have `upload_quota` bytes together; each is kept for `upload_ttl`
    seconds. A message may have `attachments_per_message` files, and they may have `message_quota`
    bytes together. The other files and quotas are of all that one user sent, and of all in one
    conversation.
    """

    message_max_length: int
    attachment_max_size: int
    avatar_max_size: int
    image_max_pixels: int
    upload_quota: int
    upload_ttl: int
    uploads_per_user: int
    attachment_storage: Storage
    body_max_size: int
    frame_max_size: int
    title_max_length: int
    display_name_max_length: int
    metadata_max_size: int
    subject_max_length: int
    username_max_length: int
    password_min_length: int
    password_max_length: int
    key_max_length: int
    participants_per_request: int
    attachments_per_message: int
    message_quota: int
    user_files: int
    user_quota: int
    conversation_files: int
    conversation_quota: int
    reactions_per_message: int
    reactions_per_user: int
    page_max_length: int
    devices_per_user: int
    vapid_public_key: str
    sign_up: bool
    sign_up_by_invite: bool
    sign_in: bool


class Health(Struct, frozen=True):
    """`missing` names what cannot serve: `database`, `relay`, `writer`, or the whole `worker`.

    Where only the `followers` are missing, search, webhooks and pushes wait, and it is ready.
    """

    status: HealthStatus
    missing: list[str] | UnsetType = UNSET
