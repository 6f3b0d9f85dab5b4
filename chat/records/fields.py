"""Kinds of fields that records of several nouns have."""

from typing import Annotated

from msgspec import UNSET, Meta, Raw, UnsetType

ID_MAX = 2**63 - 1
"""No database has a larger id."""
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Metadata = Annotated[
    Raw, Meta(description="An object of the app's own.", extra_json_schema={"type": "object"})
]
NOTHING = Raw(b"{}")


def metadata_of(text: str | None) -> Raw:
    """The metadata, as it was given; an empty object where there is none."""
    return NOTHING if text is None else Raw(text.encode())


def given_metadata(text: str | None) -> Raw | UnsetType:
    """The same for a frame, which has it only where there is any."""
    return UNSET if text is None else Raw(text.encode())
