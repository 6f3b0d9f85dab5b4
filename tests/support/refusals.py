"""What Citus refuses in a statement on divided tables, as far as its text shows it.

`shards` finds what asks all servers. Here is what a cluster cannot do at all: rows of several
servers are not locked, no row moves to another server, a key is compared on one server only, and
what a subquery reads must be where the row is for which it is asked.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache

from chat.store.postgres.citus_statements import LOCKS, stamped
from tests.support.shards import Node, Scope, columns, conversation_of, parsed, scope_of

WRITTEN_OTHERWISE = (
    r"^SELECT (1|\$\d+) FROM conversations WHERE id = ANY\(\$\d+::bigint\[\]\) ORDER BY id FOR UP",
    r"^WITH noted AS \( INSERT INTO touched ",
    r"^WITH numbered AS \( SELECT incoming\.\*, ",
    r"^SELECT u\.id, u\.username, \( SELECT string_agg\(CAST\(p\.conversation_id ",
    r"^SELECT f\.name, \( SELECT CAST\(count\(\*\) AS text\) ",
)
"""What a cluster gets in another form: how conversations are locked, touched and written to, who
is shown to whom, and how far followers are.
"""


def refusals(statements: Iterable[str], divided: Collection[str]) -> list[str]:
    """The statements that a cluster gets and refuses, each with the reason before it."""
    tables = frozenset(divided)
    return [
        f"{reason}: {sql}"
        for sql in statements
        if not any(re.search(pattern, sql) for pattern in WRITTEN_OTHERWISE)
        for reason in refused(stamped(LOCKS.sub("", sql), 0), tables)
    ]


@cache
def refused(sql: str, divided: frozenset[str]) -> list[str]:
    """Why Citus refuses the statement."""
    tree = parsed(sql)
    lists = {""} | {body["ctename"] for kind, body in nodes(tree) if kind == "CommonTableExpr"}
    found = {reason for kind, body in nodes(tree) for reason in of_node(kind, body, divided)}
    return sorted(found | set(of_subqueries(tree, divided, lists, [])))


def nodes(node: Node) -> Iterator[tuple[str, Node]]:
    """Each node of the tree, with its kind."""
    if isinstance(node, list):
        for item in node:
            yield from nodes(item)
    elif isinstance(node, Mapping):
        for kind, body in node.items():
            yield kind, body
            yield from nodes(body)


def of_node(kind: str, body: Node, divided: frozenset[str]) -> Iterator[str]:
    if kind == "SelectStmt" and "lockingClause" in body:
        scope = scope_of(body, divided)
        if set(scope.tables) - alone(scope):
            yield "rows of several servers are locked"
    if kind not in ("InsertStmt", "UpdateStmt"):
        return
    table = body["relation"]["relname"]
    if table not in divided:
        return
    place = conversation_of(table)
    if kind == "UpdateStmt" and place in targets(body):
        yield "a row moves to another conversation"
    if kind == "InsertStmt":
        yield from of_insert(body, place)


def of_insert(body: Node, place: str) -> Iterator[str]:
    if place != "id" and place not in [one["ResTarget"]["name"] for one in body["cols"]]:
        yield "a row has no conversation"
    values = body["selectStmt"]["SelectStmt"].get("valuesLists", [])
    if any(kind == "SubLink" for kind, _ in nodes(values)):
        yield "a value is asked for by a subquery"
    conflict = body.get("onConflictClause", {})
    keys = [one["IndexElem"].get("name") for one in conflict.get("infer", {}).get("indexElems", ())]
    if keys and place not in keys:
        yield "a key is compared without the conversation"
    if place in targets(conflict):
        yield "a row moves to another conversation"


def targets(body: Node) -> list[str]:
    return [one["ResTarget"].get("name", "") for one in body.get("targetList", ())]


def alone(scope: Scope) -> set[str]:
    """The tables of which the statement names one conversation, by a value."""
    return scope.reached(scope.by_value)


def of_subqueries(
    node: Node, divided: frozenset[str], lists: Collection[str], outer: list[Scope]
) -> Iterator[str]:
    """A subquery that depends on a row around it reads where that row is, or by a list of ids, of
    which a cluster gets one at a time.
    """
    if isinstance(node, list):
        for item in node:
            yield from of_subqueries(item, divided, lists, outer)
    elif isinstance(node, Mapping):
        for kind, body in node.items():
            within = outer
            if kind in ("SelectStmt", "UpdateStmt", "DeleteStmt"):
                scope = scope_of(body, divided)
                if depends(body, scope, outer) and (
                    set(scope.tables) - alone(scope) - joined(body, scope, outer, lists)
                ):
                    yield "a subquery reads elsewhere than where the row around it is"
                within = [*outer, scope]
            yield from of_subqueries(body, divided, lists, within)


def depends(body: Node, scope: Scope, outer: list[Scope]) -> bool:
    """Whether it names a table around it."""
    around = {alias for one in outer for alias in (*one.tables, *one.others)}
    around -= {*scope.tables, *scope.others}
    return any(table in around for table, _ in columns(body))


def joined(body: Node, scope: Scope, outer: list[Scope], lists: Collection[str]) -> set[str]:
    """The tables whose conversation is that of a row around it, or is in a list."""
    every = [*outer, scope]
    conversations = {(alias, column) for one in every for alias, column in one.tables.items()}
    listed = {alias for one in every for alias, name in one.others.items() if name in lists}
    elsewhere = {
        table
        for table, (other, column) in scope.by_column
        if (other, column) not in conversations and other not in listed
    }
    return scope.reached(scope.named - elsewhere)
