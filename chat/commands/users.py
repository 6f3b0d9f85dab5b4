"""payam users list | show | create | set-password | set-staff | suspend | …, createuser, token"""

import argparse
import getpass
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from chat.commands import Progress, Said, group, is_agreed, leaf
from chat.commands.working import at_work
from chat.errors import PayamError
from chat.payam import Payam
from chat.records import Account
from chat.services import checks
from chat.services.accounts import Accounts
from chat.store import users as users_store
from chat.store.chores import ERASURES

PAGE = 500


def install(commands: Any) -> None:
    verbs = group(commands, "users", "Look after the accounts of users.")
    every = leaf(verbs, "list", list_all, "List users, by id.")
    every.add_argument("--search", default="", metavar="NAME", help="what their name begins with")
    every.add_argument("--staff", action="store_true", help="only staff")
    every.add_argument("--suspended", action="store_true", help="only suspended users")
    for parent, name in ((verbs, "create"), (commands, "createuser")):
        new = leaf(parent, name, create, "Make a user; the password is asked for.")
        new.add_argument("username")
        new.add_argument("--staff", action="store_true", help="answers, assigns and lists tickets")
        new.add_argument("--no-password", action="store_true", help="nobody can sign in as them")
    give = leaf(commands, "token", token, "Print an access token for a user.")
    give.add_argument("user", help="username")
    for name, command, what in (
        ("show", show, "Show a user."),
        ("set-password", set_password, "Give a user another password, which is asked for."),
        ("set-staff", set_staff, "Make a user staff."),
        ("suspend", suspend, "End all sign-ins of a user, and let nobody sign in as the user."),
        ("unsuspend", unsuspend, "Let a suspended user sign in again."),
        ("delete", delete, "Erase a user, and all that the user wrote, for ever."),
        ("export", export, "Write everything of a user into a zip file."),
    ):
        sub = leaf(verbs, name, command, what)
        sub.add_argument("user", help="name, or the id of a user whose name it is not")
        if command is set_staff:
            sub.add_argument("--off", action="store_true", help="make the user staff no more")
        elif command is suspend:
            sub.add_argument("--reason", default="", help="kept in the list of what staff did")
        elif command is delete:
            sub.add_argument("--yes", action="store_true", help="do not ask")
        elif command is export:
            sub.add_argument("--output", metavar="FILE", help="a new file; user-<id>.zip without")


def line_of(account: Account) -> str:
    parts = [f"{account.id} {account.username}"]
    parts += ["staff"] * account.is_staff
    parts += [f"suspended since {account.suspended_at}"] if account.suspended_at else []
    parts += [f"erased at {account.erased_at}"] if account.erased_at else []
    parts.append(f"last seen {account.last_seen}" if account.last_seen else "never seen")
    return "; ".join(parts)


def said(account: Account) -> Said:
    return Said(line_of(account), account)


async def list_all(payam: Payam, options: argparse.Namespace) -> Said:
    found: list[Account] = []
    after = 0
    while True:
        page = await payam.services.accounts.list(
            None,
            prefix=options.search,
            is_staff=options.staff or None,
            is_suspended=options.suspended or None,
            after=after,
            limit=PAGE,
        )
        found += page
        if len(page) < PAGE:
            break
        after = page[-1].id
    return Said("\n".join(map(line_of, found)) or "no users", found)


async def chosen(payam: Payam, options: argparse.Namespace) -> tuple[Accounts, int]:
    accounts = payam.services.accounts
    return accounts, await accounts.named(options.user)


async def show(payam: Payam, options: argparse.Namespace) -> Said:
    accounts, user_id = await chosen(payam, options)
    found = await accounts.show(None, user_id)
    figures = found.figures
    return Said(
        f"{line_of(found.account)}\nin {figures.conversations} conversations;"
        f" {figures.sign_ins} sign-ins; {figures.devices} devices;"
        f" reported {figures.reports} times",
        found,
    )


async def create(payam: Payam, options: argparse.Namespace) -> Said:
    password = None if options.no_password else ask_password()
    account, _ = await payam.services.accounts.create(
        None, options.username, password, is_staff=options.staff
    )
    return Said(f"user {account.id}: {account.username}", account)


def ask_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass()
    return sys.stdin.readline().rstrip("\n")


async def set_password(payam: Payam, options: argparse.Namespace) -> Said:
    accounts, user_id = await chosen(payam, options)
    await accounts.set_password(None, user_id, ask_password())
    return Said(f"user {user_id} has another password; all sign-ins have ended", {"id": user_id})


async def set_staff(payam: Payam, options: argparse.Namespace) -> Said:
    accounts, user_id = await chosen(payam, options)
    return said(await accounts.set_staff(None, user_id, is_staff=not options.off))


async def suspend(payam: Payam, options: argparse.Namespace) -> Said:
    accounts, user_id = await chosen(payam, options)
    return said(await accounts.suspend(None, user_id, options.reason))


async def unsuspend(payam: Payam, options: argparse.Namespace) -> Said:
    accounts, user_id = await chosen(payam, options)
    return said(await accounts.unsuspend(None, user_id))


async def delete(payam: Payam, options: argparse.Namespace) -> Said:
    """Erase to the end, or wait for the server that does it."""
    accounts, user_id = await chosen(payam, options)
    if not is_agreed(f"Erase user {user_id} ({options.user}) for ever?", options):
        raise PayamError("Nothing was erased.")
    progress = Progress("conversations")
    async with at_work(payam):
        await accounts.delete(None, user_id)
        await payam.services.erasure.complete(user_id, progress.step)
    progress.end()
    if await ERASURES.is_left(payam.database, user_id):
        return Said(f"a server is erasing user {user_id}", {"id": user_id, "is_done": False})
    return Said(f"user {user_id} is erased", {"id": user_id, "is_done": True})


async def export(payam: Payam, options: argparse.Namespace) -> Said:
    accounts, user_id = await chosen(payam, options)
    path = Path(options.output or f"user-{user_id}.zip")
    size = await written(path, lambda: accounts.export(None, user_id))
    return Said(f"wrote {size:,} bytes to {path}", {"id": user_id, "file": str(path), "size": size})


async def written(path: Path, begin: Callable[[], Awaitable[AsyncGenerator[bytes, None]]]) -> int:
    """Write what `begin` gives into a new file, which only its owner can read. Returns its size."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise PayamError(f"{path} cannot be made: {error.strerror}.") from None
    progress = Progress("bytes")
    try:
        with os.fdopen(descriptor, "wb") as file:
            async with aclosing(await begin()) as chunks:
                async for chunk in chunks:
                    file.write(chunk)
                    progress.step(len(chunk))
    except BaseException:
        os.unlink(path)
        raise
    progress.end()
    return progress.done


async def token(payam: Payam, options: argparse.Namespace) -> Said:
    name = checks.text("user", options.user, most=checks.USERNAME_MAX_LENGTH)
    account = await users_store.by_username(payam.database, name)
    if account is None:
        raise PayamError(f"There is no user {options.user!r}.")
    access = (await payam.services.sessions.begin(account)).access
    return Said(access, {"access": access})
