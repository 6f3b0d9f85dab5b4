"""Every sentence that the server can say about a field, read from its source.

A value that a sentence has in it is the digit 7.
"""

import ast
import re
from collections.abc import Iterator

from tests.support.payam_server import CHECKOUT

NOT_SERVED = {"commands", "docs", "importing"}
"""Folders of the commands and the documents, whose sentences no client receives."""
OF_ERRORS = ("Wrong", "WrongUrl", "WrongSecret")
"""Errors whose own texts become sentences about a field."""
OPEN = {"There is no such 77."}
"""Sentences with a part of which only the place that gives it knows what it can be."""
WORDS = re.compile(r"\w \w.*\.$")
DECODER = (
    "Expected `int`, got `str`.",
    "Expected `str | null`, got `int`.",
    "Expected `int` >= 1.",
    "Expected `int` <= 9223372036854775807.",
    "Expected `str`.",
    "Invalid value 'x'.",
    "Invalid RFC3339 encoded datetime.",
    "Timestamp is out of range.",
    "There is no such field; there are: 7, 7.",
    "There is no such field.",
    "There is no such parameter.",
)
"""What msgspec says of bodies and frames; no source has these."""


def sentences() -> set[str]:
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in (CHECKOUT / "chat").rglob("*.py")
        if NOT_SERVED.isdisjoint(path.relative_to(CHECKOUT / "chat").parts)
        and path.name != "seeding.py"
    ]
    found = {text for tree in trees for text in said_in(tree)}
    helpers = {name for tree in trees for name in helpers_in(tree)}
    found |= {text for tree in trees for text in given_to(tree, helpers)}
    return {text for text in found if WORDS.search(text)} - OPEN | set(DECODER)


def said_in(tree: ast.Module) -> Iterator[str]:
    """The texts within what an InvalidInput is made of, also by way of a name."""
    texts_of_names = {
        target.id: text
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (text := text_of(node.value)) is not None
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for field in fields_in(tree):
        if isinstance(field, ast.Name):
            if field.id in texts_of_names:
                yield texts_of_names[field.id]
        elif (text := text_of(field)) is not None:
            yield text


def fields_in(tree: ast.AST) -> Iterator[ast.expr]:
    """What stands in lists within the dicts of errors: `{"title": ["…"]}`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for value in node.values:
                if isinstance(value, ast.List) and len(value.elts) == 1:
                    yield value.elts[0]


def helpers_in(tree: ast.Module) -> Iterator[str]:
    """Functions that make an error of a text that they are given, and errors' own names."""
    yield from OF_ERRORS
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            given = {argument.arg for argument in node.args.args}
            if any(isinstance(one, ast.Name) and one.id in given for one in fields_in(node)):
                yield node.name


def given_to(tree: ast.Module, helpers: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        text = text_of(node.args[0])
        if node.func.id in helpers and text is not None:
            yield text


def text_of(node: ast.expr) -> str | None:
    """A text that stands there, with 7 for its values; None for another expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
        return "".join(str(part) for part in parts)
    return None
