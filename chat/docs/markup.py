"""Pieces of the page: tables, prose, examples, and a JSON Schema in a few words."""

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any

from chat.records import ID_MAX

__all__ = ["escape", "example", "prose", "row", "table", "type_of"]

CODE = re.compile("`([^`]+)`")


def prose(text: str) -> str:
    """HTML paragraphs. Text in backticks becomes code."""
    marked = CODE.sub(r"<code>\1</code>", escape(text))
    return "".join(f"<p>{paragraph}</p>" for paragraph in marked.split("\n\n") if paragraph)


def table(heads: Iterable[str], rows: Iterable[str]) -> str:
    """A table that scrolls by itself if it is too wide, also with the keyboard."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    return f'<div class="wide" tabindex="0"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def example(content: dict[str, Any]) -> str:
    """The example of a media type, if it has one."""
    if "example" not in content:
        return ""
    text = json.dumps(content["example"], ensure_ascii=False, indent=2)
    return f'<pre tabindex="0">{escape(text, quote=False)}</pre>'


def type_of(schema: dict[str, Any]) -> str:
    """The values that a schema allows, in HTML."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#shape-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(type_of(choice) for choice in schema["anyOf"]) + default_of(schema)
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(v))}</code>" for v in schema["enum"])
    if "prefixItems" in schema:  # a tuple, which has no other items
        return f"[{', '.join(type_of(item) for item in schema['prefixItems'])}]"
    if schema.get("type") == "array":
        return f"list of {type_of(schema['items'])}"
    if schema.get("type") == "object" and "additionalProperties" in schema:
        return f"object of {type_of(schema['additionalProperties'])}"
    name = schema.get("format") or schema.get("type", "any bytes")
    return escape(name) + bounds(schema) + default_of(schema)


def bounds(schema: dict[str, Any]) -> str:
    least = schema.get("minimum", schema.get("minLength"))
    most = schema.get("maximum", schema.get("maxLength"))
    if least is None and most is None:
        return ""
    unit = " characters" if "maxLength" in schema or "minLength" in schema else ""
    if most == ID_MAX:
        return f" <small>from {least}</small>"
    if least is None:
        return f" <small>up to {most:,}{unit}</small>"
    return f" <small>{least:,} to {most:,}{unit}</small>"


def default_of(schema: dict[str, Any]) -> str:
    if schema.get("default") is None:
        return ""
    return f" <small>default {escape(json.dumps(schema['default']))}</small>"
