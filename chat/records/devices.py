"""Devices that are pushed to."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chat.records.fields import Moment

Platform = Annotated[str, Meta(extra_json_schema={"enum": ("webpush", "webhook")})]


class Device(Struct, frozen=True):
    """What is pushed to. A browser has `endpoint`; a phone has the `url` of its push gateway, and
    the `app_id` and the `pushkey` by which the gateway knows it.
    """

    id: int
    platform: Platform
    created_at: Moment
    endpoint: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    app_id: str | UnsetType = UNSET
    pushkey: str | UnsetType = UNSET
