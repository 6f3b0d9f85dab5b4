"""Values of the source as Payam keeps them."""

from datetime import UTC, datetime, tzinfo

from chat.importing.job import Note

REPLACEMENT = "\ufffd"
MICROSECONDS = 1_000_000


def moment(value: object, zone: tzinfo) -> int | None:
    """Microseconds since 1970; None for no time, or what is none. A time that names no zone is of
    `zone`.

    Django writes UTC, or, with USE_TZ=False, the local time of TIME_ZONE.
    """
    if value is None:
        return None
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        seconds = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    whole = int(seconds.replace(microsecond=0).timestamp())
    return whole * MICROSECONDS + seconds.microsecond


def moment_or(value: object, zone: tzinfo, instead: int, row: str) -> tuple[int, list[Note]]:
    """The same, or `instead`; and, where there is something that is no time, what is to be said."""
    found = moment(value, zone)
    if found is not None:
        return found, []
    lost = Note("times", None, f"{row}: {str(value)[:40]!r} is no time that can be kept")
    return instead, [] if value is None else [lost]


def text(value: object) -> str:
    """The text without the null character, which PostgreSQL cannot store."""
    return "" if value is None else str(value).replace("\0", REPLACEMENT)


def whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
