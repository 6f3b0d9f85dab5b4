"""Checks, before its first use, whether PostgreSQL can be used for Payam.

A wrong password does not become right by waiting, so it ends the start. A server that is down, or
starting up, is waited for. libpq only says in words which of the two it is. An unknown text,
perhaps in another language, is waited for and logged.
"""

import logging
import re
from collections.abc import Iterable

import psycopg

from chat.errors import Unavailable
from chat.store.database import RETRY_AFTER, Row, Unfit, unreachable

log = logging.getLogger("payam")

REFUSALS = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|pg_hba\.conf rejects"
    r"|(role|user|database|file) .* does not exist|is not permitted to log in"
    r"|permission denied for database|no such (user|database)"
    r"|definition of service|service file|certificate|server does not support SSL"
    r"|invalid .*value|invalid \w+ parameter|unrecognized configuration parameter"
    r"|unsupported startup parameter|unsupported frontend protocol|expected authentication"
    r"|received invalid response"
)
"""Errors for which an operator has to change something, in the words of the server, of libpq and
of PgBouncer.
"""

FACTS = """
    SELECT current_setting('server_encoding'), current_setting('transaction_read_only'),
        current_schema(), current_user, current_setting('server_version'),
        pg_backend_pid(), current_setting('jit')
"""
MISSING_RIGHTS = """
    SELECT name, missing FROM unnest(%s::text[]) AS name,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS missing
    WHERE to_regclass(quote_ident(name)) IS NOT NULL
        AND (missing = 'SELECT' OR name <> 'schema_migrations')
        AND NOT has_table_privilege(to_regclass(quote_ident(name)), missing)
    ORDER BY name
"""
MISSING_NUMBERS = """
    SELECT sequence FROM unnest(%s::text[]) AS name
    JOIN pg_attribute ON attrelid = to_regclass(quote_ident(name)) AND attname = 'id',
    LATERAL pg_get_serial_sequence(quote_ident(name), 'id') AS sequence
    WHERE sequence IS NOT NULL AND NOT has_sequence_privilege(sequence, 'USAGE')
"""


async def inspect(conninfo: str, tables: Iterable[str]) -> str:
    """Returns in a few words what was found.

    Raises Unfit if an operator has to change something, and Unavailable if waiting may help.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
        async with connection:
            return await look(connection, list(tables))
    except psycopg.Error as error:
        if REFUSALS.search(str(error)):
            raise Unfit(f"PostgreSQL refuses Payam: {in_one_line(error)}") from error
        raise unreachable(error) from error


async def look(connection: psycopg.AsyncConnection[Row], tables: list[str]) -> str:
    facts = await (await connection.execute(FACTS)).fetchone()
    assert facts is not None
    encoding, is_read_only, schema, user, version, process, jit = facts
    if encoding != "UTF8":
        raise Unfit(
            f"The database's encoding is {encoding}, in which not every text can be stored;"
            " create another with ENCODING 'UTF8' (TEMPLATE template0), and carry over what is"
            " in this one by pg_dump and pg_restore."
        )
    if is_read_only == "on":
        raise Unavailable(
            "The database is read-only: a standby, or default_transaction_read_only.",
            retry_after=RETRY_AFTER,
        )
    if schema is None:
        raise Unfit(
            "No schema in the search_path exists, or the role has no USAGE right on it;"
            f" create one, or GRANT USAGE ON SCHEMA … TO {user}."
        )
    missing = await (await connection.execute(MISSING_RIGHTS, (tables,))).fetchall()
    numbers = await (await connection.execute(MISSING_NUMBERS, (tables,))).fetchall()
    lacks = [f"{right} on {table}" for table, right in missing]
    lacks += [f"USAGE on {sequence}" for (sequence,) in numbers]
    if lacks:
        raise Unfit(f"The role {user} lacks rights in the schema {schema}: {', '.join(lacks)}.")
    found = f"PostgreSQL {version}, {encoding}"
    if process == connection.info.backend_pid:
        return found
    if jit == "on":
        log.warning(
            "PostgreSQL is behind a pooler and compiles statements, which makes lists slow:"
            " give the pooler connect_query='SET jit = off' for this database"
        )
    return f"{found}, behind a pooler"


def in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
