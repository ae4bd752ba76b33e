"""Decides which parts of a mail are its words and which are attachments.

Leaves reading the headers, and making the HTML safe to show, to the modules beside it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message

from sociable.channels.base import ParsedAttachment
from sociable.channels.email.attachments import attachment
from sociable.channels.email.charsets import decode
from sociable.channels.email.headers import words
from sociable.channels.email.html_text import html_to_text
from sociable.channels.tidy import tidy

LONGEST_TEXT_CHARS = 1_000_000
MOST_PARTS = 1_000
MOST_ATTACHMENTS = 200
DEEPEST_PARTS = 50

_HEADER_NOT_KNOWN = (LookupError, ValueError, TypeError, AttributeError, IndexError)


@dataclass
class Body:
    """What the parts of one mail came to."""

    texts: list[str] = field(default_factory=list)
    htmls: list[str] = field(default_factory=list)
    attachments: list[ParsedAttachment] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    truncated: bool = False

    @property
    def text(self) -> str:
        """The plain text, made from the HTML where the sender gave no other."""
        plain = "\n\n".join(text for text in self.texts if text.strip())
        return plain or (html_to_text(self.html) if self.html else "".join(self.texts))

    @property
    def html(self) -> str | None:
        """The HTML as the sender wrote it, not yet safe to show."""
        return "\n".join(self.htmls) or None


def read_body(message: Message) -> Body:
    """Return text, HTML and attachments of a mail; each part ends in one of them, and none is lost."""
    body = Body()
    for number, (part, alternative) in enumerate(_leaves(message)):
        if number >= MOST_PARTS or len(body.attachments) >= MOST_ATTACHMENTS:
            body.truncated = True
            _note(body, "The mail has more parts than we show; the original keeps them all.")
            break
        _take(body, part, alternative)
    return body


def content_type(part: Message) -> str:
    """Return the type a part claims, in lower case; a part that makes no sense is plain text."""
    try:
        return part.get_content_type()
    except _HEADER_NOT_KNOWN:
        return "text/plain"


def part_bytes(part: Message) -> bytes:
    """Return what a part holds, with its transfer encoding taken off as well as it goes."""
    try:
        payload = part.get_payload(decode=True)
    except (*_HEADER_NOT_KNOWN, RecursionError):
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _leaves(message: Message) -> Iterator[tuple[Message, bool]]:
    """Yield each part that holds something itself, and whether it is one of several ways to say one thing."""
    stack: list[tuple[Message, bool, int]] = [(message, False, 0)]
    while stack:
        part, alternative, depth = stack.pop()
        children = part.get_payload()
        if content_type(part).startswith("multipart/") and isinstance(children, list) and depth < DEEPEST_PARTS:
            alternative = alternative or content_type(part) == "multipart/alternative"
            children = [*children, *_behind_the_end(part)]
            stack.extend((child, alternative, depth + 1) for child in reversed(children) if isinstance(child, Message))
        else:
            yield part, alternative


def _behind_the_end(part: Message) -> list[Message]:
    """Return parts that follow the closing boundary: some programs close the whole where they mean one part."""
    boundary, rest = part.get_boundary(""), part.epilogue or ""
    if not boundary or f"--{boundary}" not in rest:
        return []
    again = message_from_string(f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n{rest}')
    found = again.get_payload()
    return [each for each in found if isinstance(each, Message)] if isinstance(found, list) else []


def _take(body: Body, part: Message, alternative: bool) -> None:
    kind, name = content_type(part), _name(part)
    if isinstance(part.get_payload(), list):
        _take_enclosed(body, part, kind, name)
        return
    if kind.startswith("multipart/"):
        kind = "text/plain"
        _note(body, "The mail says it has several parts but does not mark them; it is shown as it came.")
    if kind in {"text/plain", "text/html"} and not name and _disposition(part) != "attachment":
        _take_words(body, part, kind, alternative)
    elif (content := part_bytes(part)) or name:
        _attach(body, part, kind, name, content)


def _take_words(body: Body, part: Message, kind: str, alternative: bool) -> None:
    text, problem = decode(part_bytes(part), _parameter(part, "charset"))
    if problem:
        _note(body, problem)
    if len(text) > LONGEST_TEXT_CHARS:
        text, body.truncated = text[:LONGEST_TEXT_CHARS], True
        _note(body, f"The text is longer than {LONGEST_TEXT_CHARS:,} characters; the original keeps the rest.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if kind == "text/html":
        body.htmls.append(text)
        if not alternative and body.texts:
            body.texts.append(html_to_text(text))
        return
    if _parameter(part, "format").lower() == "flowed":
        text = unflow(text, joined=_parameter(part, "delsp").lower() == "yes")
    if not alternative and body.htmls and not body.texts:
        body.texts.append(html_to_text("\n".join(body.htmls)))
    body.texts.append(text)


def _take_enclosed(body: Body, part: Message, kind: str, name: str) -> None:
    """Keep a mail inside the mail, or parts nested past the bound, as one attachment."""
    children = [child for child in part.get_payload() if isinstance(child, Message)]
    if kind.startswith("multipart/"):
        _note(body, "The mail's parts are nested deeper than we follow; the original keeps them all.")
        body.truncated = True
    content = b"\n".join(_as_bytes(child) for child in children)
    if not name and kind == "message/rfc822" and children:
        name = words(str(children[0].get("subject", "")))[:80] + ".eml"
    _attach(body, part, kind, name if name != ".eml" else "", content)


def _attach(body: Body, part: Message, kind: str, name: str, content: bytes) -> None:
    cid = tidy(_line(part, "content-id")).strip().strip("<>")[:250]
    if kind == "application/ms-tnef" or name.lower() == "winmail.dat":
        _note(body, "An attachment is in Microsoft's own wrapping (winmail.dat); files may be hidden inside it.")
    if kind in {"application/pkcs7-mime", "multipart/encrypted", "application/pgp-encrypted"}:
        _note(body, "The mail is encrypted or sealed; its words are inside the attachment.")
    body.attachments.append(attachment(name, kind, content, cid, len(body.attachments) + 1))


def unflow(text: str, *, joined: bool) -> str:
    """Return format=flowed text with its soft line ends taken out (RFC 3676); `joined` when the space goes too."""
    lines: list[str] = []
    soft, depth_before = False, 0
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        said = line[depth:].removeprefix(" ")
        if soft and lines and depth == depth_before:
            lines[-1] += said
        else:
            lines.append(">" * depth + (" " if depth and said else "") + said)
        depth_before = depth
        soft = said.endswith(" ") and said != "-- "
        if soft and joined:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _note(body: Body, problem: str) -> None:
    if problem not in body.problems:
        body.problems.append(problem)


def _line(part: Message, name: str) -> str:
    return next((str(value) for key, value in part.raw_items() if key.lower() == name), "")


def _disposition(part: Message) -> str:
    return re.split(r"[;\s]", _line(part, "content-disposition").strip().lower(), maxsplit=1)[0]


def _parameter(part: Message, name: str) -> str:
    try:
        value = part.get_param(name, "")
    except _HEADER_NOT_KNOWN:
        return ""
    return value[2] if isinstance(value, tuple) else str(value)


def _name(part: Message) -> str:
    try:
        return words(part.get_filename("") or "")
    except _HEADER_NOT_KNOWN:
        return ""


def _as_bytes(part: Message) -> bytes:
    try:
        return part.as_bytes()
    except (*_HEADER_NOT_KNOWN, UnicodeError, RecursionError):
        return part_bytes(part)
