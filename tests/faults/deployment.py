"""Payam with everything it stands on, full of people, and the database's own account."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.ledger import Row
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.support.tokens import access_token

CONVERSATIONS = 50
USERS = 10
FEW = 10
MEMBERS = 2
TOKEN_SECONDS = 12 * 3600
ROWS = """
    SELECT id, conversation_id, client_id, content, created_seq, seq, is_deleted
    FROM messages WHERE id > {last_id} AND conversation_id > 1 ORDER BY id
"""
"""Conversation 1, that of everybody, is not the load's."""


class Seeded:
    """A server whose database is filled with conversations of two people each.

    `payam` may be stopped or killed, and started again, at any time.
    """

    def __init__(
        self,
        payam: PayamServer,
        conversations: int = CONVERSATIONS,
        *,
        users: int | None = None,
        database_url: str | None = None,
    ) -> None:
        """Without `users` there are so many that each has one conversation.

        `database_url` is how to ask PostgreSQL where Payam's own way to it is broken.
        """
        self.payam = payam
        self.database_url = database_url or payam.settings.get("DATABASE_URL")
        # As `python -m chat seed` lays it out; conversation 1 is that of everybody.
        self.users = users or conversations * MEMBERS
        self.conversations: Mapping[int, Sequence[int]] = {
            number: [(number * MEMBERS + place) % self.users + 1 for place in range(MEMBERS)]
            for number in range(2, conversations + 2)
        }

    def memberships(self) -> list[tuple[int, list[int]]]:
        """Each user and one conversation, those of a conversation together."""
        return [(user, [one]) for one, users in self.conversations.items() for user in users]

    def of_users(self) -> dict[int, list[int]]:
        """Each user's conversations. Those who talk with each other come together."""
        own: dict[int, list[int]] = {}
        for user, [conversation] in self.memberships():
            own.setdefault(user, []).append(conversation)
        return own

    def fill(self) -> None:
        """Fill the empty database; Payam need not run yet."""
        settings = dict(self.payam.settings)
        if self.database_url:
            settings["DATABASE_URL"] = self.database_url
        run_command("migrate", settings=settings)
        counts = ["--users", str(self.users), "--conversations", str(len(self.conversations))]
        run_command("seed", *counts, "--members", str(MEMBERS), settings=settings)

    @property
    def ws_url(self) -> str:
        """Where clients come."""
        return self.payam.ws_url

    @property
    def spreads(self) -> bool:
        """Whether there are workers on which people can be apart, as processes of this machine."""
        return self.payam.workers > 1

    def check_log(self) -> None:
        """Raise AssertionError if Payam logged a traceback."""
        self.payam.check_log()

    def token(self, user: int) -> str:
        """An access token, as an app that shares the secret makes it."""
        return access_token(self.payam, user, f"user{user}", TOKEN_SECONDS)

    def rows(self, after: int = 0) -> list[Row]:
        """The load's messages with an id after this one, from the database itself."""
        rows = self.query(ROWS.format(last_id=int(after)))
        return [Row._make((*row[:-1], bool(row[-1]))) for row in rows]

    def last_id(self) -> int:
        [(last,)] = self.query("SELECT coalesce(max(id), 0) FROM messages")
        return int(last)

    def seqs(self) -> dict[int, int]:
        """How far each conversation has come."""
        return dict(self.query("SELECT id, seq FROM conversations"))

    @property
    def sqlite_file(self) -> Path:
        return Path(self.payam.settings["DATA_DIR"]) / "payam.sqlite3"

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database, past Payam."""
        if self.database_url:
            with psycopg.connect(self.database_url) as postgres:
                return postgres.execute(statement.encode()).fetchall()
        embedded = sqlite3.connect(self.sqlite_file, timeout=60)
        try:
            return embedded.execute(statement).fetchall()
        finally:
            embedded.close()
