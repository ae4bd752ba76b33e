"""Decides what the marks beside a text mean: where its links lead, whom it mentions, which topics it names.

Leaves finding whose handle is whose to the caller. Marks count bytes of UTF-8, from strangers as often wrongly as not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sociable.channels.bluesky.syntax import is_did

LINK = "app.bsky.richtext.facet#link"
MENTION = "app.bsky.richtext.facet#mention"

Facet = dict[str, Any]


def with_targets(text: str, facets: object) -> str:
    """Return a text in which every link shows where it leads: “the form (https://council.example/form)”."""
    content = text.encode("utf-8", "surrogatepass")
    for begin, end, target in sorted(_links(facets), reverse=True):
        shown = content[begin:end].decode("utf-8", "replace")
        if begin < end <= len(content) and not _says_so(shown, target):
            content = content[:end] + f" ({target})".encode() + content[end:]
    return content.decode("utf-8", "replace")


def mentioned(facets: object) -> list[str]:
    """Return the lasting ids of everybody who is mentioned."""
    named = (feature.get("did") for _, feature in _features(facets) if feature.get("$type") == MENTION)
    return [did for did in named if isinstance(did, str) and is_did(did)]


def _links(facets: object) -> Iterable[tuple[int, int, str]]:
    for index, feature in _features(facets):
        begin, end, target = index.get("byteStart"), index.get("byteEnd"), feature.get("uri")
        if feature.get("$type") == LINK and isinstance(target, str) and isinstance(begin, int) and isinstance(end, int):
            yield max(begin, 0), end, "".join(target.split())


def _features(facets: object) -> Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for facet in facets if isinstance(facets, list) else []:
        if isinstance(facet, dict) and isinstance(facet.get("index"), dict):
            for feature in facet["features"] if isinstance(facet.get("features"), list) else []:
                if isinstance(feature, dict):
                    yield facet["index"], feature


def _says_so(shown: str, target: str) -> bool:
    """Whether the words shown are the whole address already, with or without its beginning."""
    return shown.strip().rstrip("/") in {target.rstrip("/"), target.removeprefix("https://").rstrip("/")}


def facets_of(text: str, did_of: Callable[[str], str | None]) -> list[Facet]:
    """Return the marks of links, topics and mentions in a text of ours; a handle that nobody has stays plain text."""
    from atproto_client.utils import facet_detection  # noqa: PLC0415 - most of a second, for who sends

    found = [facet.model_dump(by_alias=True, exclude_none=True) for facet in facet_detection.detect_facets(text)]
    for mention in facet_detection.detect_mentions(text):
        did = did_of(mention.handle.lower())
        if did is not None:
            index = {"byteStart": mention.byte_start, "byteEnd": mention.byte_end}
            found.append({"index": index, "features": [{"$type": MENTION, "did": did}]})
    return sorted(found, key=lambda facet: int(facet["index"]["byteStart"]))
