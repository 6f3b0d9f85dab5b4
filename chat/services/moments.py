"""Moments that clients send: with a time zone, and within the calendar."""

from datetime import UTC, datetime, timedelta

from chat.errors import InvalidInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def moment_of(field: str, value: datetime | None) -> int | None:
    """In microseconds since 1970; None stays None. Raises InvalidInput, which names the field."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise InvalidInput({field: ["Needs a time zone, as in 2030-01-31T10:00:00Z."]})
    # Not by converting it to UTC, which overflows for the first and the last day of all.
    since = value - EPOCH
    if since > LATEST - EPOCH:
        raise InvalidInput({field: ["At latest 9999-12-31T23:59:59Z."]})
    return since // timedelta(microseconds=1)
