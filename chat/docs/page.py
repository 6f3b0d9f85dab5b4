"""Both documents as one page, which needs no script and nothing from other servers.

header     what the API is, and where the documents are
nav        every operation and frame
main       operations by noun, websockets, then the shapes that both refer to
"""

import base64
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import starmap
from pathlib import Path
from typing import Any

from chat.docs.located import PREFIX
from chat.docs.markup import escape, example, prose, row, table, type_of

STYLE = (Path(__file__).parent / "page.css").read_text()
POLICY = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none';"
    f" style-src 'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}'"
}
"""With this policy the browser lets the page load nothing."""


def render(of_http: dict[str, Any], of_sockets: dict[str, Any]) -> str:
    """The HTML, which is light or dark as the reader's system is."""
    shapes = {**of_http["components"]["schemas"], **of_sockets["components"]["schemas"]}
    messages = of_sockets["components"]["messages"]
    frames = {message["payload"]["$ref"].rpartition("/")[2] for message in messages.values()}
    rest = {name: shape for name, shape in sorted(shapes.items()) if name not in frames}
    bearer = of_http["components"]["securitySchemes"]["bearer"]
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(of_http["info"]["title"])}: its interfaces</title>
<style>{STYLE}</style>
<a class="skip" href="#main">Skip to what there is</a>
<nav aria-label="Everything there is">
{"".join(contents(of_http, of_sockets))}</nav>
<header>
<h1>{escape(of_http["info"]["title"])}</h1>
<p>{escape(of_http["info"]["summary"])}. For programs:
<a href="{PREFIX}/docs/openapi.json">OpenAPI</a>,
<a href="{PREFIX}/docs/asyncapi.json">AsyncAPI</a>.</p>
{prose(of_http["info"]["description"])}
<h2>Who is asking</h2>
{prose(bearer["description"])}
</header>
<main id="main">
{"".join(nouns(of_http))}
{"".join(sockets(of_sockets))}
<h2 id="shapes">Shapes</h2>
{"".join(shape_of(name, shape) for name, shape in rest.items())}
</main>
</html>
"""


def operations(document: dict[str, Any], noun: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if noun in operation["tags"]:
                yield method, path, operation


def contents(of_http: dict[str, Any], of_sockets: dict[str, Any]) -> Iterator[str]:
    for tag in of_http["tags"]:
        yield listed(
            tag["name"].replace("_", " "),
            (
                (operation["operationId"], operation["summary"])
                for _, _, operation in operations(of_http, tag["name"])
            ),
        )
    for title, names in directions(of_sockets):
        yield listed(title, ((f"frame-{name}", name) for name in names))
    yield listed("more", [("closes", "close codes"), ("shapes", "shapes")])


def listed(title: str, entries: Iterable[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="#{id_}">{escape(text)}</a>' for id_, text in entries)
    return f"<b>{escape(title)}</b><ul>{items}</ul>"


def nouns(document: dict[str, Any]) -> Iterator[str]:
    for tag in document["tags"]:
        yield f"<h2>{escape(tag['name'].replace('_', ' ').capitalize())}</h2>"
        yield prose(tag["description"])
        for method, path, operation in operations(document, tag["name"]):
            yield one(
                operation["operationId"],
                method,
                path,
                operation["summary"],
                "".join(about(operation)),
            )


def one(id_: str, kind: str, name: str, summary: str, inside: str) -> str:
    """A folded part. Its id is inside, because a browser unfolds a part if a link leads into it."""
    return (
        '<details class="one"><summary>'
        f'<span class="method {kind}">{kind.upper()}</span><span class="path">{escape(name)}</span>'
        f"<span>{escape(summary)}</span></summary>"
        f'<div id="{id_}">{inside}</div></details>'
    )


def about(operation: dict[str, Any]) -> Iterator[str]:
    yield prose(operation.get("description", ""))
    if operation.get("security") == []:
        yield "<p><small>Needs no token.</small></p>"
    if "parameters" in operation:
        yield "<h3>Parameters</h3>"
        yield table(
            ("name", "in", "type", "meaning"),
            (
                row(
                    f"<code>{escape(parameter['name'])}</code>",
                    parameter["in"],
                    type_of(parameter["schema"]),
                    prose(parameter.get("description", "")),
                )
                for parameter in operation["parameters"]
            ),
        )
    if "requestBody" in operation:
        for media_type, content in operation["requestBody"]["content"].items():
            yield f"<h3>Body</h3><p>{type_of(content['schema'])} <small>{media_type}</small></p>"
            yield example(content)
    yield "<h3>Answers</h3>"
    yield table(
        ("status", "meaning", "body", "headers"), starmap(answer, operation["responses"].items())
    )
    for response in operation["responses"].values():
        for content in response.get("content", {}).values():
            if "example" in content:
                yield example(content)
                return


def answer(status: str, response: dict[str, Any]) -> str:
    bodies = [
        f"{type_of(content['schema'])} <small>{escape(media_type)}</small>"
        for media_type, content in response.get("content", {}).items()
    ]
    codes = [
        f"<code>{escape(code)}</code>"
        for content in response.get("content", {}).values()
        for code in content.get("examples", {})
    ]
    # A header of every answer is only a reference here. It is described once, above.
    headers = ", ".join(name for name, one in response["headers"].items() if "$ref" not in one)
    said = prose(response["description"]) + " ".join(codes)
    return row(status, said, " ".join(bodies), escape(headers))


def directions(document: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The frames of each side, from all channels, because their frames are the same."""
    for title, action in (("from clients", "receive"), ("to clients", "send")):
        said = (
            message["$ref"].rpartition("/")[2]
            for operation in document["operations"].values()
            if operation["action"] == action
            for message in operation["messages"]
        )
        yield title, list(dict.fromkeys(said))


def sockets(document: dict[str, Any]) -> Iterator[str]:
    messages = document["components"]["messages"]
    schemas = document["components"]["schemas"]
    yield "<h2>Websockets</h2>"
    # The two directions of a websocket have the same address and the same description.
    of_address = {channel["address"]: channel for channel in document["channels"].values()}
    for channel in of_address.values():
        yield f'<p><span class="path">{escape(channel["address"])}</span></p>'
        yield prose(channel["description"])
        query = channel["bindings"]["ws"]["query"]
        yield table(("query", "type", "meaning"), fields(query))
    yield prose(document["info"]["description"])
    yield prose(document["components"]["securitySchemes"]["bearer"]["description"])
    for title, names in directions(document):
        yield f"<h2>Frames {title}</h2>"
        for name in names:
            message = messages[name]
            shape = schemas[message["payload"]["$ref"].rpartition("/")[2]]
            inside = (
                prose(message.get("description", ""))
                + table(("field", "type", "meaning"), fields(shape))
                + example({"example": message["examples"][0]["payload"]})
            )
            yield one(f"frame-{name}", "live", name, message["summary"], inside)
    closes = {
        close["code"]: close
        for channel in document["channels"].values()
        for close in channel["x-close-codes"]
    }
    yield '<h2 id="closes">Close codes</h2>'
    yield table(
        ("code", "why", "come back?"),
        (
            row(str(code), prose(close["meaning"]), prose(close["come_back"]))
            for code, close in closes.items()
        ),
    )


def shape_of(name: str, shape: dict[str, Any]) -> str:
    return (
        f'<section class="shape" id="shape-{name}"><h3>{escape(name)}</h3>'
        + prose(shape.get("description", ""))
        + table(("field", "type", "meaning"), fields(shape))
        + "</section>"
    )


def fields(shape: dict[str, Any]) -> Iterator[str]:
    required = shape.get("required", ())
    for name, schema in shape["properties"].items():
        is_needed = "" if name in required else " <small>optional</small>"
        yield row(
            f"<code>{escape(name)}</code>{is_needed}",
            type_of(schema),
            prose(schema.get("description", "")),
        )
