"""Decides what an attachment is called and what its bytes really are.

Leaves where it is stored, and whether it may be shown in the page, to the rooms above.
"""

import re
import unicodedata

import puremagic

from sociable.channels.base import ParsedAttachment
from sociable.channels.tidy import tidy

LONGEST_NAME_CHARS = 120
SNIFFED_BYTES = 8_192
UNKNOWN_TYPE = "application/octet-stream"

_PATH = re.compile(r".*[/\\]", re.DOTALL)
_UNFIT = re.compile(r"[<>:\"|?*]")
_MARKUP = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|script|iframe|svg|style|img|a\s)", re.IGNORECASE)
_EXTENSIONS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
}


def attachment(name: str, declared_type: str, content: bytes, inline_cid: str, number: int) -> ParsedAttachment:
    """Return an attachment under a safe name, typed by its content; `number` names what came without a name."""
    detected = detect_type(content, declared_type)
    return ParsedAttachment(
        name=safe_name(name) or f"attachment-{number}{_EXTENSIONS.get(declared_type, '.bin')}",
        declared_type=declared_type,
        detected_type=detected,
        content=content,
        inline_cid=inline_cid,
        size_bytes=len(content),
    )


def safe_name(name: str) -> str:
    """Return a file name without folders, control or direction-turning characters, of bearable length."""
    name = _PATH.sub("", tidy(name))
    name = "".join(char for char in name if unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"})
    name = _UNFIT.sub("_", name).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if len(name) <= LONGEST_NAME_CHARS:
        return name
    return (stem[: LONGEST_NAME_CHARS - 20] + dot + extension[:19]) if dot else name[:LONGEST_NAME_CHARS]


def detect_type(content: bytes, declared_type: str) -> str:
    """Return the type the bytes have, never the one they claim; what could run in a browser is always named so.

    Only text takes a hint from the sender: a calendar or a table of values is known by nothing else.
    """
    head = content[:SNIFFED_BYTES]
    if _is_text(head):
        return _text_type(head, declared_type)
    try:
        found = str(puremagic.from_string(head, mime=True))
    except (puremagic.PureError, ValueError):
        return UNKNOWN_TYPE
    return found if "/" in found else UNKNOWN_TYPE


def _is_text(head: bytes) -> bool:
    if b"\x00" in head or head.startswith((b"%PDF", b"%!PS", b"{\\rtf")):
        return False
    try:
        head[: -4 if len(head) == SNIFFED_BYTES else None].decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 8 and len(head) > 8
    return True


def _text_type(head: bytes, declared_type: str) -> str:
    if found := _MARKUP.search(head):
        return "image/svg+xml" if b"svg" in found[0].lower() else "text/html"
    if head.lstrip().startswith(b"<?xml"):
        return "text/xml"
    if declared_type in {"text/calendar", "text/csv", "message/rfc822", "message/delivery-status", "text/vcard"}:
        return declared_type
    return "text/plain"
