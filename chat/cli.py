"""python -m chat serve | migrate | check | createuser | token | seed | doctor | import | …"""

import argparse
import asyncio
import getpass
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic, time
from typing import Any, NoReturn

from chat import __version__, probes, webhook_commands
from chat.auth.vapid import vapid_from
from chat.changes import catalogue
from chat.errors import PayamError, Unavailable
from chat.importing import command as import_from
from chat.payam import Payam, make_payam
from chat.services import checks, history, seeding
from chat.store import doctor, moving, schema, search_rebuild, users
from config.errors import SettingsError
from config.settings import Settings

UNUSED = secrets.token_urlsafe(48)
"""The secret of commands that need none. It never signs anything."""

Command = Callable[[Payam, argparse.Namespace], Awaitable[str]]
"""Works on an open database, and returns the text to print. Raises PayamError."""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command; returns the exit status. An error is one line on stderr."""
    options = parser().parse_args(arguments)
    try:
        settings = Settings.from_env(environ)
        if options.command is serve:
            serve(settings, environ)
        for stranger in Settings.misspelt(environ):
            print(f"payam: warning: {stranger}", file=sys.stderr)
        if options.command is vapid:
            print(vapid(settings))
            return 0
        if options.command is check:
            return 0 if asyncio.run(probes.report(settings, print)) else 1
        printed = asyncio.run(run(settings, options))
    except (SettingsError, PayamError) as error:
        print(f"payam: {complaint(error)}", file=sys.stderr)
        return 1
    print(printed)
    return 0


def complaint(error: Exception) -> str:
    """The line to print for an error; for something that is away, also the reason."""
    if isinstance(error, Unavailable) and error.__cause__ is not None:
        return " ".join(str(error.__cause__).split())
    return str(error)


async def run(settings: Settings, options: argparse.Namespace) -> str:
    command: Command = options.command
    if command in (
        createuser,
        seed,
        import_from.django,
    ):  # a deployment may begin with these, or with `migrate`
        announce_database(settings)
    elif command is not migrate:
        require_database(settings)
    secret = secret_of_server(settings) if command is token else UNUSED
    payam = make_payam(replace(settings, jwt_secret=settings.jwt_secret or secret))
    try:
        await payam.database.inspect()
        await payam.database.open()
        if command is not migrate:
            if payam.database.dialect == "sqlite":
                await schema.migrate(payam.database)
            await schema.require_current(payam.database)
        return await command(payam, options)
    finally:
        await payam.outgoing.close()
        await payam.database.close()
        payam.passwords.close()
        await payam.inspector.close()


def missing_database(settings: Settings) -> str | None:
    """The path of the SQLite database if it does not exist yet; else None."""
    path = settings.database.removeprefix("sqlite:///")
    is_there = path == settings.database or Path(path).exists()
    return None if is_there else path


def require_database(settings: Settings) -> None:
    """Raises SettingsError where the SQLite database does not exist. Otherwise a command in the
    wrong folder would make an empty one there.
    """
    if path := missing_database(settings):
        raise SettingsError(
            f"there is no database at {path}; look at DATA_DIR and DATABASE_URL,"
            " or make one by `python -m chat migrate`"
        )


def announce_database(settings: Settings) -> None:
    if path := missing_database(settings):
        print(f"payam: making a new database at {path}", file=sys.stderr)


def secret_of_server(settings: Settings) -> str:
    """The secret that the server signs with; raises SettingsError if it is not known.

    Where DATA_DIR has a database, it is the server's folder, and the server would use a secret
    that is made there now. In any other folder a new secret would differ from the server's.
    """
    return settings.kept_secret() if settings.database_url else settings.signing_secret()


def serve(settings: Settings, environ: Mapping[str, str]) -> NoReturn:
    """Replace this process by the server."""
    arguments = ["-m", "chat.server"]
    if settings.web_concurrency > 1:
        arguments = ["-m", "gunicorn", "-c", "python:chat.gunicorn_settings", "chat.server:app"]
    os.execve(sys.executable, [sys.executable, *arguments], dict(environ))  # noqa: S606


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="payam", description="Serve, and look after, a Payam.")
    root.add_argument("--version", action="version", version=f"payam {__version__}")
    commands = root.add_subparsers(required=True, metavar="command")

    def add(name: str, command: Callable[..., Any], what: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=what, description=what)
        sub.set_defaults(command=command)
        return sub

    add("serve", serve, "Serve, in as many processes as WEB_CONCURRENCY says.")
    bring_up = add("migrate", migrate, "Bring the database to the present schema.")
    bring_up.add_argument(
        "--partitions",
        type=int,
        metavar="N",
        help="keep messages in N partitions (PostgreSQL, before there are messages)",
    )
    add("check", check, "Try the files, the port, the keys, the database and Redis.")
    create = add("createuser", createuser, "Make a user; the password is asked for.")
    create.add_argument("username")
    create.add_argument("--staff", action="store_true", help="answers, assigns and lists tickets")
    create.add_argument("--no-password", action="store_true", help="nobody can sign in as the user")
    give = add("token", token, "Print an access token for a user.")
    give.add_argument("user", help="username")
    fill = add("seed", seed, "Fill an empty database, for load tests.")
    fill.add_argument("--users", type=int, required=True, metavar="N")
    fill.add_argument("--conversations", type=int, required=True, metavar="M")
    fill.add_argument("--members", type=int, required=True, metavar="K")
    fill.add_argument("--password", help="of every user; without it nobody can sign in")
    heal = add("doctor", examine, "Compare what is derived with what it derives from.")
    heal.add_argument("--repair", action="store_true", help="mend what differs")
    index = add("search", rebuild_search, "Make what search looks in anew; serving may go on.")
    index.add_argument("action", choices=["rebuild"], help="go on with it where it was interrupted")
    import_from.add_to(commands)
    files = commands.add_parser("attachments", help="Look after the files of attachments.")
    moving = files.add_subparsers(required=True, metavar="what").add_parser(
        "move", description="Move all files to the bucket of ATTACHMENT_STORAGE, or to the disk."
    )
    moving.add_argument("place", choices=("s3", "disk"))
    moving.set_defaults(command=move_attachments)
    add("vapid", vapid, "Print the key with which browsers subscribe to pushes; make it first.")
    add("restored", restored, "Say that the database was put back to an older state.")
    webhook_commands.install(commands)
    return root


async def migrate(payam: Payam, options: argparse.Namespace) -> str:
    applied = await schema.migrate(payam.database, options.partitions)
    return f"applied {', '.join(applied)}" if applied else "nothing to apply"


def check() -> None:
    """Only its name is used: `probes` does the work, without a Payam, which makes a database."""


def vapid(settings: Settings) -> str:
    """The public key for Web Push; the first call makes it. Raises SettingsError."""
    key = vapid_from(settings).public_key
    if not settings.vapid_subject:
        print("payam: warning: Safari needs VAPID_SUBJECT, which is not set", file=sys.stderr)
    return key


async def createuser(payam: Payam, options: argparse.Namespace) -> str:
    password = None if options.no_password else ask_password()
    user = await payam.services.users.create(options.username, password, is_staff=options.staff)
    return f"user {user.id}: {user.username}"


def ask_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass()
    return sys.stdin.readline().rstrip("\n")


async def token(payam: Payam, options: argparse.Namespace) -> str:
    name = checks.text("user", options.user, most=checks.USERNAME_MAX_LENGTH)
    account = await users.by_username(payam.database, name)
    if account is None:
        raise PayamError(f"There is no user {options.user!r}.")
    return (await payam.services.sessions.begin(account)).access


async def seed(payam: Payam, options: argparse.Namespace) -> str:
    await seeding.seed(
        payam.database,
        payam.passwords,
        users=options.users,
        conversations=options.conversations,
        members=options.members,
        password=options.password,
    )
    return f"{options.users} users, {options.conversations + 1} conversations"


async def examine(payam: Payam, options: argparse.Namespace) -> str:
    drifts = await doctor.examine(payam.database, payam.files, catalogue.LOGGED, catalogue.ENTRIES)
    found = "\n".join(drift.what for drift in drifts)
    if not drifts:
        return "nothing has drifted"
    if not options.repair:
        raise PayamError(f"{len(drifts)} things have drifted; --repair mends them\n{found}")
    await doctor.mend(payam.database, drifts, payam.files)
    return f"{found}\nmended {len(drifts)}"


async def rebuild_search(payam: Payam, _: argparse.Namespace) -> str:
    """Say every second how many messages are done."""
    done, said_at = 0, monotonic()
    async for count in search_rebuild.rebuild(payam.database):
        done += count
        if monotonic() - said_at >= 1.0:
            said_at = monotonic()
            print(f"payam: {done:,} messages done", file=sys.stderr)
    return f"search looks in {done:,} messages anew"


async def move_attachments(payam: Payam, options: argparse.Namespace) -> str:
    bucket = payam.files.bucket
    if bucket is None:
        raise SettingsError("ATTACHMENT_STORAGE: names the bucket, as s3://bucket/prefix")
    payam.files.prepare(time())

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    to_bucket = options.place == "s3"
    done = await moving.move(payam.database, payam.files, bucket, say, to_bucket=to_bucket)
    lost = f"; {done.missing} are in neither place, see `doctor`" if done.missing else ""
    return f"moved {done.moved} of {done.seen} files{lost}"


async def restored(payam: Payam, _: argparse.Namespace) -> str:
    """Begin a new epoch, so that clients that come back read their conversations again."""
    epoch = await payam.begin_epoch()
    within = f"servers that run notice within {history.LOOK_SECONDS:.0f} seconds"
    return f"the epoch is now {epoch}; {within}"
