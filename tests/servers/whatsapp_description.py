"""Reads WhatsApp's published description, mended where it contradicts itself, so that it can judge anything at all.

Every mend is named here, and a test says when one is no longer needed. Nothing of the description is kept here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Several schemas of one name were put together; those of messages that come in lost their references to those that go out.
CAME_IN = "BaseMessageProperties_1"


def closed_parts(described: dict[str, Any]) -> None:
    """A part of an `allOf` that closes itself forbids what its neighbour demands: the whole is what is closed."""
    for schema in _all(described["components"]["schemas"]):
        parts = schema.get("allOf", []) if isinstance(schema, dict) else []
        if any(part.pop("additionalProperties", None) is False for part in parts if isinstance(part, dict)):
            schema["unevaluatedProperties"] = False


def incoming_kinds(described: dict[str, Any]) -> None:
    """A message that comes in is described by the schema of the one that goes out: take its namesake that comes in."""
    schemas = described["components"]["schemas"]
    incoming = schemas["IncomingMessage"]
    for reference in incoming["oneOf"]:
        reference["$ref"] = _namesake(schemas, reference["$ref"])
    mapping = incoming["discriminator"]["mapping"]
    for kind, reference in mapping.items():
        mapping[kind] = _namesake(schemas, reference)
    for schema in schemas.values():
        if _comes_in(schema):
            schema["allOf"][0] = {"$ref": f"#/components/schemas/{CAME_IN}"}
    schemas["UnsupportedMessage"]["allOf"][1]["properties"]["errors"]["items"] = {"$ref": "#/components/schemas/Error"}


def field_of_groups(described: dict[str, Any]) -> None:
    """One name of a field stands there as “participant”, and in the description's own example as “participants”."""
    fields = described["components"]["schemas"]["Change"]["properties"]["field"]["enum"]
    fields.append("group_participants_update")


def file_of_a_form(described: dict[str, Any]) -> None:
    """A file in a form is described in the manner of OpenAPI 3.0, which in 3.1 makes it a text that no file can be."""
    content = described["paths"]["/{Version}/{Phone-Number-ID}/media"]["post"]["requestBody"]["content"]
    content["multipart/form-data"]["schema"]["properties"]["file"] = {}


def our_key(described: dict[str, Any]) -> None:
    """The key of ours that comes back with a delivery report is told in WhatsApp's pages alone."""
    schemas = described["components"]["schemas"]
    schemas["BaseMessageProperties"]["properties"]["biz_opaque_callback_data"] = {"type": "string", "maxLength": 512}


def _namesake(schemas: dict[str, Any], reference: str) -> str:
    name = reference.rpartition("/")[2]
    candidates = (name, *(f"{name}_{number}" for number in range(1, 4)))
    found = next((candidate for candidate in candidates if _comes_in(schemas.get(candidate, {}))), name)
    return f"#/components/schemas/{found}"


def _comes_in(schema: dict[str, Any]) -> bool:
    """Its own example says from whom it is."""
    return any("from" in part.get("example", {}) for part in schema.get("allOf", []))


def _all(node: Any) -> Iterator[Any]:
    yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _all(value)


MENDS = (closed_parts, incoming_kinds, field_of_groups, file_of_a_form, our_key)


def mended(described: dict[str, Any]) -> dict[str, Any]:
    """The description after every mend."""
    for mend in MENDS:
        mend(described)
    return described
