"""python -m chat serve | migrate | check | users | conversations | token | doctor | import | …

Here is what all commands have in common: arguments, settings, the database, and errors. What each
does is in `chat/commands/`.
"""

import argparse
import asyncio
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

from chat import __version__, probes
from chat.api.responses import encode
from chat.auth.vapid import vapid_from
from chat.commands import (
    Command,
    Said,
    acts,
    conversations,
    database,
    desk,
    leaf,
    users,
    webhooks,
)
from chat.errors import PayamError, Unavailable
from chat.importing import command as import_from
from chat.payam import make_payam
from chat.services import deployment
from chat.store import schema
from chat.store.patience import Patience
from chat.store.waiting import once_there
from config.errors import SettingsError
from config.kept import kept_secret, signing_secret
from config.settings import Settings

UNUSED = secrets.token_urlsafe(48)
"""The secret of commands that need none. It never signs anything."""
BEGINNING = (users.create, database.seed, import_from.django)
"""A deployment may begin with these, or with `migrate`."""
WAIT_SECONDS = 30.0
"""A command waits so long for a database that is away or busy, and for the process that looks at a
file. Nobody waits for an answer behind it, as behind a request. So a restart of PostgreSQL need not
make it fail, and a busy machine costs no picture that is imported its thumbnail.
"""
PATIENCE = Patience(connection=WAIT_SECONDS, lock=WAIT_SECONDS)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command; returns the exit status. An error is one line on stderr."""
    options = parser().parse_args(arguments)
    try:
        settings = Settings.from_env(environ)
        if options.command is serve:
            serve(settings, environ)
        for stranger in Settings.misspelt(environ):
            print(f"payam: warning: {stranger}", file=sys.stderr)
        if options.command is check:
            return 0 if asyncio.run(probes.report(settings, print)) else 1
        if options.command in BARE:
            said = options.command(settings)
        else:
            said = asyncio.run(run(settings, options))
    except (SettingsError, PayamError) as error:
        print(f"payam: {complaint(error)}", file=sys.stderr)
        return 1
    print(encode(said.data).decode() if options.json else said.text)
    return 0


def complaint(error: Exception) -> str:
    """The line to print for an error; for something that is away, also the reason."""
    if isinstance(error, Unavailable) and error.__cause__ is not None:
        return " ".join(str(error.__cause__).split())
    return str(error)


async def run(settings: Settings, options: argparse.Namespace) -> Said:
    command: Command = options.command
    if command in BEGINNING:
        announce_database(settings)
    elif command is not database.migrate:
        require_database(settings)
    secret = secret_of_server(settings) if command is users.token else UNUSED
    payam = make_payam(replace(settings, jwt_secret=settings.jwt_secret or secret), PATIENCE)
    payam.inspector.patience = WAIT_SECONDS
    once = partial(once_there, say=say_waiting, within=WAIT_SECONDS)
    try:
        await once(payam.database.inspect)
        await once(payam.database.open)
        if command is not database.migrate:
            if payam.database.dialect == "sqlite":
                await once(partial(schema.migrate, payam.database))
            await once(partial(schema.require_current, payam.database))
            await once(payam.open_index)
        said = await command(payam, options)
        return said if isinstance(said, Said) else Said(said, {"said": said.splitlines()})
    finally:
        await payam.outgoing.close()
        await payam.close_index()
        await payam.database.close()
        payam.passwords.close()
        await payam.inspector.close()


def say_waiting(trouble: str) -> None:
    within = f"for up to {WAIT_SECONDS:.0f} seconds"
    print(f"payam: waiting {within} for the database: {trouble}", file=sys.stderr)


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
    return kept_secret(settings) if settings.database_url else signing_secret(settings)


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

    leaf(commands, "serve", serve, "Serve, in as many processes as WEB_CONCURRENCY says.")
    leaf(commands, "check", check, "Try the files, the port, the keys, the database and Redis.")
    leaf(commands, "version", version, "Print the version, and that of the schema.")
    leaf(commands, "vapid", vapid, "Print the key for browsers' pushes; make it first.")
    for module in (database, users, conversations, desk, acts, webhooks):
        module.install(commands)
    import_from.add_to(commands)
    return root


def check() -> None:
    """Only its name is used: `probes` does the work, without a Payam, which makes a database."""


def version(_: Settings) -> Said:
    return Said(f"payam {__version__}", deployment.version())


def vapid(settings: Settings) -> Said:
    """The public key for Web Push; the first call makes it. Raises SettingsError."""
    key = vapid_from(settings).public_key
    if not settings.vapid_subject:
        print("payam: warning: Safari needs VAPID_SUBJECT, which is not set", file=sys.stderr)
    return Said(key, {"public_key": key})


BARE = (vapid, version)
"""They need no database."""
