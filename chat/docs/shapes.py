"""JSON Schema of the structs into which clients' data is decoded."""

import inspect
from collections.abc import Sequence
from typing import Any

import msgspec

from config.settings import Settings

REFERENCE = "#/components/schemas/{name}"


def schemas_of(
    shapes: Sequence[Any], settings: Settings
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The schema of each shape, and the schemas of all structs that they refer to, by name."""
    schemas, components = msgspec.json.schema_components(shapes, ref_template=REFERENCE)
    return plain(list(schemas), settings), plain(components, settings)


def fields_of(shape: type[msgspec.Struct], settings: Settings) -> dict[str, dict[str, Any]]:
    """The schemas of a struct's own fields."""
    _, components = schemas_of([shape], settings)
    properties: dict[str, dict[str, Any]] = components[shape.__name__]["properties"]
    return properties


def required_of(shape: type[msgspec.Struct]) -> set[str]:
    """The names of the fields that must be there."""
    return {one.encode_name for one in msgspec.structs.fields(shape) if one.required}


def plain(schema: Any, settings: Settings) -> Any:
    """The schema with the values of settings that it names, and without the code's indentation."""
    if isinstance(schema, dict):
        found = {name: plain(value, settings) for name, value in schema.items()}
        for limit in ("minLength", "maxLength", "maxItems"):
            if isinstance(found.get(limit), str):
                found[limit] = getattr(settings, found[limit].lower())
        if isinstance(found.get("description"), str):
            found["description"] = prose(found["description"])
        kinds = found.get("prefixItems")
        if kinds and found.get("items") is False and all(kind == kinds[0] for kind in kinds):
            # A pair of numbers is a list of two: not every generator reads `items: false`.
            found["items"] = found.pop("prefixItems")[0]
        if found.get("required") == []:
            del found["required"]  # AsyncAPI's older JSON Schema allows no empty list here
        return found
    if isinstance(schema, list | tuple):
        return [plain(value, settings) for value in schema]
    return schema


def prose(docstring: str | None) -> str:
    """The paragraphs of a docstring, each in one line."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def security_schemes(about: str) -> dict[str, Any]:
    """The only security scheme: a token, and how it is sent."""
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": prose(about),
        }
    }
