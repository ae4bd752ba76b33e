"""Decides which approved messages of a WhatsApp account can be filled in here, and how one is sent with its blanks filled.

Leaves choosing one, and when nothing else may be sent, to the desk.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sociable.channels.base import ChannelError, Template
from sociable.channels.graph.reading import Node, many, words

_BLANK = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def read(node: Node) -> Template | None:
    """Return an approved template whose blanks all hold words, None for any other."""
    if words(node, "status") != "APPROVED":
        return None
    parts = {words(component, "type").upper(): component for component in many(node, "components")}
    header = parts.get("HEADER", {})
    if header and words(header, "format") != "TEXT":
        return None  # a picture or file would have to be handed in with it
    if any(_BLANK.search(words(button, "url")) for button in many(parts.get("BUTTONS"), "buttons")):
        return None
    texts = [(name, words(parts.get(name.upper(), {}), "text")) for name in ("header", "body", "footer")]
    return Template(
        name=words(node, "name"),
        language=words(node, "language"),
        text="\n\n".join(_marked(name, text) for name, text in texts if text),
        blanks=tuple(dict.fromkeys(blank for name, text in texts for blank in _blanks(name, text))),
        category=words(node, "category").lower(),
    )


def _blanks(name: str, text: str) -> Iterator[str]:
    return (f"{name}.{blank}" for blank in _BLANK.findall(text))


def _marked(name: str, text: str) -> str:
    """In the whole text a blank says which part it is of, so that the same number twice is two blanks."""
    return _BLANK.sub(lambda blank: f"{{{{{name}.{blank[1]}}}}}", text)


def message(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is sent for a template and what was filled in.

    Shape:  `chosen`: name, language, and values by blank
    Errors: ChannelError, permanent, where a blank was left empty
    """
    values: Mapping[str, str] = chosen.get("values") or {}
    if any(not str(value).strip() for value in values.values()):
        raise ChannelError("A blank of the template was left empty.", permanent=True)
    components = [
        {"type": name, "parameters": parameters}
        for name in ("header", "body")
        if (parameters := [_parameter(blank, value) for blank, value in values.items() if blank.startswith(f"{name}.")])
    ]
    return {
        "name": str(chosen["name"]),
        "language": {"policy": "deterministic", "code": str(chosen["language"])},
        **({"components": components} if components else {}),
    }


def _parameter(blank: str, value: str) -> dict[str, str]:
    """A numbered blank goes by its order, a named one by its name; a line break is not taken."""
    name = blank.partition(".")[2]
    named = {} if name.isdecimal() else {"parameter_name": name}
    return {"type": "text", **named, "text": " ".join(str(value).split())}
