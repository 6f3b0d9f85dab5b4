"""`payam import django URL`: its options, and what it prints."""

import argparse
import sys
from contextlib import ExitStack
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chat.importing import report
from chat.importing.run import import_django
from chat.store.database import Database
from chat.store.files import Files

EPILOG = "Stop writing to the source first. Run it again after an interruption: it goes on."


class Parts(Protocol):
    """The parts of a Payam that an import needs."""

    @property
    def database(self) -> Database: ...

    @property
    def files(self) -> Files: ...


def add_to(commands: Any) -> None:
    """Add the command to those of the program."""
    what = "Take over the data of another chat server."
    group = commands.add_parser("import", help=what, description=what)
    kinds = group.add_subparsers(required=True, metavar="kind")
    what = "Take over a Django chat module: users, conversations, messages, files and tickets."
    sub = kinds.add_parser("django", help=what, description=what, epilog=EPILOG)
    sub.set_defaults(command=django)
    sub.add_argument("--json", action="store_true", help="print one line of JSON")
    sub.add_argument("url", metavar="URL", help="sqlite:///PATH or postgresql://…; only read")
    sub.add_argument("--app-label", default="chat", metavar="NAME", help="the module's (chat)")
    sub.add_argument(
        "--user-table", default="auth_user", metavar="TABLE", help="of the users (auth_user)"
    )
    sub.add_argument("--media", type=Path, metavar="DIR", help="the folder of files, MEDIA_ROOT")
    sub.add_argument("--without-media", action="store_true", help="leave all files out")
    sub.add_argument(
        "--time-zone",
        type=zone,
        default="UTC",
        metavar="ZONE",
        help="of times that name none: TIME_ZONE where USE_TZ is False (UTC)",
    )
    sub.add_argument("--report", type=Path, metavar="FILE", help="where all remarks are written")


def zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC  # which needs no list of zones, and a small container may have none
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"there is no time zone {name!r}") from None


async def django(parts: Parts, options: argparse.Namespace) -> str:
    parts.files.prepare(0.0)
    made = await import_django(
        parts.database,
        parts.files,
        options.url,
        label=options.app_label,
        user_table=options.user_table,
        media=options.media,
        without_media=options.without_media,
        zone=options.time_zone,
        progress=lambda line: print(line, file=sys.stderr, flush=True),
    )
    shown, count = [], 0
    with ExitStack() as stack:
        file = stack.enter_context(options.report.open("w")) if options.report else None
        async for text in report.notes(parts.database, made.name):
            count += 1
            if count <= report.SHOWN:
                shown.append(text)
            if file is not None:
                print(text, file=file)
    if count > len(shown):
        shown.append(f"… and {count - len(shown)} more; --report FILE writes all")
    return "\n".join([*shown, *made.summary])
