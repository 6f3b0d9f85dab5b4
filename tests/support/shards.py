"""Whether a statement names the conversation, so that one shard of a divided database answers it.

A table can be divided by conversation if each of its unique indexes has the conversation in it. A
statement may read or change rows of such a table only by naming the conversation: as a value, as
an item of a list or of another source, or as that of another table which is named in this way.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pglast

from chat.store.postgres.citus import CONVERSATIONS

Node = Any
DIVISIBLE = """
    SELECT relname FROM pg_class AS t
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition
      AND EXISTS (SELECT FROM pg_index WHERE indrelid = t.oid AND indisunique)
      AND NOT EXISTS (
          SELECT FROM pg_index AS i WHERE i.indrelid = t.oid AND i.indisunique AND NOT EXISTS (
              SELECT FROM pg_attribute AS a
              WHERE a.attrelid = t.oid AND a.attnum = ANY(i.indkey)
                AND a.attname = 'conversation_id'
          )
      )
"""
"""The tables that can be divided by conversation, besides the conversations themselves."""


@dataclass(frozen=True)
class Allowed:
    """Statements that may ask all shards for these tables, and why."""

    why: str
    tables: frozenset[str]
    pattern: str


def may(why: str, tables: str, pattern: str) -> Allowed:
    return Allowed(why, frozenset(tables.split()), pattern)


MAY_ASK_ALL = (
    may("a user's conversations", "participants conversations", r"\b(p\.)?user_id = (\$|u\.id)"),
    may("those that a search looks through", "participants conversations positions", r"AS mine$"),
    may("who came and went lately", "participants", r"FROM participants WHERE changed >"),
    may("what is due", "positions conversations deletions notices", r"\bdue (<=|IS NOT NULL)"),
    may("what a follower that has ended still held", "positions", r"^UPDATE .* substr\(lease, "),
    may(
        "where a new follower begins", "conversations", r"^SELECT coalesce\(max\(id\), \$1\) FROM c"
    ),
    may("a follower's way through all", "conversations positions", r"c\.id > \$\d+ AND c\.id <= "),
    may("what is shown on a device", "notices", r"device_id (=|IN)|WHERE shown_seq > "),
    may(
        "what doctor looks through",
        "messages positions search_texts",
        r"WHERE \((m\.)?conversation_id, (m\.)?id\) > \(\$\d, \$\d\) ",
    ),
    may("what staff wrote to each other", "notes", r"n\.folded LIKE|n\.author_id = "),
    may("where a ticket is", "support_tickets", r"^SELECT conversation_id FROM s.* WHERE id = \$1"),
    may(
        "the queues and the figures of the desk",
        "conversations messages support_tickets",
        r"^(?!.*\bt\.id = \$).* FROM support_tickets AS t\b",
    ),
    may("a customer's tickets", "support_tickets", r"\bcreated_by (=|IN \(SELECT unnest)"),
    may("whether a message has the file", "attachments", r"FROM attachments WHERE stored_name = "),
    may("what a user has stored", "attachments", r"FROM attachments WHERE sender_id = \$1"),
    may(
        "how much there is of everything",
        "attachments conversations messages support_tickets",
        r"^SELECT \(SELECT count\(\*\) FROM users\), ",
    ),
    may("the places of a webhook that is gone", "positions", r"^DELETE FROM positions WHERE follo"),
    may("the way of retention through all", "conversations", r"FROM conversations WHERE id > \$1 "),
)
"""`doctor` alone looks through all messages and through the log of changes."""


@dataclass
class Scope:
    """One SELECT, UPDATE or DELETE. Of each divided table in it `tables` has the column with the
    conversation, by alias. `others` has the names of all other tables by alias, "" of what is none.
    """

    tables: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """The tables by alias."""
    others: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    by_value: set[str] = field(default_factory=set)
    """Those whose conversation is one value."""
    by_column: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    """Those whose conversation is that column of another source."""
    same: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of tables whose conversations are equal."""

    def reached(self, tables: Collection[str]) -> set[str]:
        """These, and those whose conversations are equal to theirs."""
        found = set(tables)
        while True:
            more = {b for a, b in self.same if a in found} | {a for a, b in self.same if b in found}
            if more <= found:
                return found
            found |= more


def parsed(sql: str) -> Node:
    return json.loads(pglast.parser.parse_sql_json(sql))


def asks_all(sql: str, divided: Collection[str]) -> list[str]:
    """The divided tables of which the statement does not name the conversation."""
    tree = parsed(sql)
    found = {scope.names[alias] for scope in scopes(tree, divided) for alias in unnamed(scope)}
    return sorted(found)


@cache
def asked(sql: str, divided: frozenset[str]) -> list[str]:
    """The same, and remembered: Payam runs the same statements in each file of tests."""
    return asks_all(sql, divided)


def faults(statements: Iterable[str], divided: Collection[str]) -> list[str]:
    """The statements that ask all shards, and are not among MAY_ASK_ALL."""
    found = []
    divisible = frozenset(divided)
    for sql in statements:
        tables = set(asked(sql, divisible))
        if tables and not any(
            tables <= each.tables and re.search(each.pattern, sql) for each in MAY_ASK_ALL
        ):
            found.append(f"{', '.join(sorted(tables))}: {sql}")
    return found


def unnamed(scope: Scope) -> set[str]:
    return set(scope.tables) - scope.reached(scope.named)


def scopes(node: Node, divided: Collection[str]) -> Iterator[Scope]:
    if isinstance(node, list):
        for item in node:
            yield from scopes(item, divided)
    elif isinstance(node, Mapping):
        for kind, body in node.items():
            if kind in ("SelectStmt", "UpdateStmt", "DeleteStmt"):
                yield scope_of(body, divided)
            yield from scopes(body, divided)


def scope_of(body: Node, divided: Collection[str]) -> Scope:
    scope = Scope()
    if "relation" in body:  # of UPDATE and DELETE
        add_source(scope, {"RangeVar": body["relation"]}, divided)
    for source in (*body.get("fromClause", ()), *body.get("usingClause", ())):
        add_source(scope, source, divided)
    for condition in conditions(body.get("whereClause")):
        add_condition(scope, condition)
    return scope


def add_source(scope: Scope, source: Node, divided: Collection[str]) -> None:
    ((kind, body),) = source.items()
    if kind == "JoinExpr":
        add_source(scope, body["larg"], divided)
        before = set(scope.tables)
        add_source(scope, body["rarg"], divided)
        for condition in conditions(body.get("quals")):
            add_condition(scope, condition)
        if "conversation_id" in [name["String"]["sval"] for name in body.get("usingClause", ())]:
            new = set(scope.tables) - before
            if scope.others:
                scope.named |= new
            scope.same += [(one, other) for one in before for other in new]
    elif kind == "RangeVar" and body["relname"] in divided:
        alias = body.get("alias", {}).get("aliasname", body["relname"])
        scope.names[alias] = body["relname"]
        scope.tables[alias] = conversation_of(body["relname"])
    else:
        name = body.get("relname", "")
        scope.others[body.get("alias", {}).get("aliasname") or name] = name


def conversation_of(table: str) -> str:
    """Its column with the conversation."""
    return "id" if table == CONVERSATIONS else "conversation_id"


def conditions(node: Node) -> Iterator[Node]:
    """The conditions that must all hold."""
    if not node:
        return
    if node.get("BoolExpr", {}).get("boolop") == "AND_EXPR":
        for item in node["BoolExpr"]["args"]:
            yield from conditions(item)
    else:
        yield node


def add_condition(scope: Scope, condition: Node) -> None:
    if expression := condition.get("A_Expr"):
        is_equal = [part["String"]["sval"] for part in expression["name"]] == ["="]
        if is_equal and expression["kind"] in ("AEXPR_OP", "AEXPR_IN", "AEXPR_OP_ANY"):
            one, other = expression["lexpr"], expression["rexpr"]
            compare(scope, one, other, is_list=expression["kind"] != "AEXPR_OP")
    elif (link := condition.get("SubLink")) and link["subLinkType"] == "ANY_SUBLINK":
        for left in link["testexpr"].get("RowExpr", {}).get("args", [link["testexpr"]]):
            compare(scope, left, {})


def compare(scope: Scope, left: Node, right: Node, *, is_list: bool = False) -> None:
    one, other = table_of(scope, left), table_of(scope, right)
    if one and other:
        scope.same.append((one, other))
    elif table := one or other:
        value = right if one else left
        scope.named.add(table)
        scope.by_column += [(table, column) for column in columns(value)]
        if not is_list and next(iter(value), "") in ("ParamRef", "A_Const", "TypeCast"):
            scope.by_value.add(table)


def columns(node: Node) -> Iterator[tuple[str, str]]:
    """The columns in it that are named with their table."""
    if isinstance(node, list):
        for item in node:
            yield from columns(item)
    elif isinstance(node, Mapping):
        for kind, body in node.items():
            if kind == "ColumnRef" and len(body["fields"]) == 2:
                table, column = (part.get("String", {}).get("sval", "*") for part in body["fields"])
                yield table, column
            else:
                yield from columns(body)


def table_of(scope: Scope, node: Node) -> str:
    """The divided table whose conversation this is; "" if it is anything else."""
    fields = [
        part.get("String", {}).get("sval", "*")
        for part in node.get("ColumnRef", {}).get("fields", ())
    ]
    if len(fields) == 2:
        return fields[0] if scope.tables.get(fields[0]) == fields[1] else ""
    if len(fields) == 1:
        fits = [alias for alias, column in scope.tables.items() if column == fields[0]]
        return fits[0] if fits else ""
    return ""
