"""Decides what hangs on a post: pictures with their alternative text, a film, a link card, another post.

Leaves bringing the pictures to `files`. The network shows each thing with addresses of its own hosts; what it does not show,
because it was fetched too early or is blocked, is said in a problem.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sociable.channels.base import RemoteFile
from sociable.channels.bluesky.syntax import read_at
from sociable.channels.tidy import tidy

LONGEST_QUOTE_CHARS = 300
MOST_FILES = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found: files, lines that tell of the rest, the address of the post that is quoted."""

    files: tuple[RemoteFile, ...] = ()
    lines: tuple[str, ...] = ()
    quoted: str = ""
    problems: tuple[str, ...] = ()


def read(shown: object, written: object) -> Seen:
    """Return what hangs on a post: `shown` by the network, or only `written` by its author."""
    parts = list(_parts(shown))
    files = tuple(file for part in parts for file in _files(part))
    missing = isinstance(written, dict) and not parts
    return Seen(
        files[:MOST_FILES],
        tuple(line for part in parts for line in _lines(part)),
        next((uri for uri in map(_quoted, [*parts, *_parts(written)]) if uri), ""),
        ("Something hangs on this post that the network does not show us; look at it there.",) if missing else (),
    )


def _parts(embed: object) -> Iterator[Mapping[str, Any]]:
    """A quote with pictures is two things in one, and the quote does not say again that it is one."""
    if isinstance(embed, dict):
        if _kind(embed) == "recordWithMedia":
            yield from _parts(embed.get("media"))
            if isinstance(embed.get("record"), dict):
                yield {"$type": "app.bsky.embed.record", **embed["record"]}
        else:
            yield embed


def _kind(embed: Mapping[str, Any]) -> str:
    """Return images, video, external, record or recordWithMedia: of app.bsky.embed.images#view, the third name."""
    return _text(embed.get("$type")).partition("#")[0].rpartition(".")[2]


def _files(part: Mapping[str, Any]) -> Iterator[RemoteFile]:
    if _kind(part) in {"images", "gallery"}:
        images = part.get("images") or part.get("items")
        for number, image in enumerate(images if isinstance(images, list) else [], 1):
            if isinstance(image, dict) and _text(image.get("fullsize")):
                yield RemoteFile(_text(image["fullsize"]), f"picture-{number}", "", 0, _text(image.get("alt")))
    elif _kind(part) == "video" and _text(part.get("thumbnail")):
        yield RemoteFile(_text(part["thumbnail"]), "film", "", 0, _text(part.get("alt")))


def _lines(part: Mapping[str, Any]) -> Iterator[str]:
    if _kind(part) == "external" and isinstance(part.get("external"), dict):
        card = part["external"]
        address = _text(card.get("uri"))
        if urlsplit(address).scheme in {"http", "https"}:
            yield f"Link: {_one_line(card.get('title'))} ({address})"
    elif _kind(part) == "video":
        yield f"A film is attached; it can only be watched at the network. {_one_line(part.get('alt'))}".strip()
    elif _kind(part) == "record":
        yield from _quote(part.get("record"))


def _quote(record: object) -> Iterator[str]:
    if not isinstance(record, dict):
        return
    value, author = record.get("value"), record.get("author")
    words = _one_line(value.get("text"))[:LONGEST_QUOTE_CHARS] if isinstance(value, dict) else ""
    if words:
        handle = _one_line(author.get("handle")) if isinstance(author, dict) else ""
        yield f"Quotes @{handle}: “{words}”" if handle else f"Quotes: “{words}”"
    elif _text(record.get("$type")).endswith(("NotFound", "Blocked", "Detached")):
        yield "Quotes a post that cannot be seen any more."


def _quoted(part: Mapping[str, Any]) -> str:
    record = part.get("record") if _kind(part) == "record" else None
    uri = _text(record.get("uri")) if isinstance(record, dict) else ""
    return uri if read_at(uri) else ""


def _one_line(value: object) -> str:
    return " ".join(_text(value).split())


def _text(value: object) -> str:
    return tidy(value) if isinstance(value, str) else ""
