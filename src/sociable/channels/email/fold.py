"""Decides which lines of a mail are new and which only repeat an earlier mail, so that the latter can be folded.

Leaves nothing out: the two parts put together are the text, and a doubt keeps a line in sight.

What introduces a quotation is known to mail-parser-reply in many languages; it is asked about a bounded start of
the text, as its patterns are slow on long ones. It would hide three things that people must see, so these stay:
what is forwarded (it is the message), what is written below or between a quotation, and a mail that is all quote.
"""

import re
from functools import cache

from mailparser_reply.parser import EmailMessage

SEARCHED_CHARS = 24_000
LONGEST_LINE_CHARS = 1_000
LONGEST_SIGNATURE_LINES = 12

_FORWARDED = re.compile(
    r"^\s*(?:-{2,}\s*(?:forwarded (?:message|by)|original message follows)|begin forwarded message:"
    r"|-{2,}\s*neges wedi'i hanfon ymlaen)",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|ymlaen)\s*:", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    r"^\s*(?:on\s.{4,200}\swrote:|ar\s.{4,200}\sysgrifennodd\s.{1,120}:|.{3,120}\swrote:)\s*$", re.IGNORECASE
)
_ATTRIBUTION_START = re.compile(r"^\s*(?:on|ar)\s\S", re.IGNORECASE)
_QUOTE_HEAD = re.compile(r"^\s*(?:[-_]{5,}\s*original message\s*[-_]{5,}|[-_]{20,})\s*$", re.IGNORECASE)
_HEAD_LINE = re.compile(r"^[\s*]*(?:from|oddi wrth)\s*:[\s*]", re.IGNORECASE)
_NEXT_HEAD_LINE = re.compile(r"^[\s*]*(?:sent|date|to|subject|cc|anfonwyd|dyddiad|at|pwnc)\s*:[\s*]", re.IGNORECASE)
_NAMED_LINE = re.compile(r"^[\s*>]*[^\W\d][\w ]{0,20}\s*:")
_SIGNATURE = re.compile(r"^(?:-- ?|sent from my\b.*|get outlook for\b.*|anfonwyd o\b.*)$", re.IGNORECASE)


def fold(text: str, subject: str = "") -> tuple[str, str]:
    """Return what is new in a mail and what it quotes; joined again they are the text.

    Shape:  (visible, quoted); quoted is empty when nothing, or only a doubt, was found
    """
    if _FORWARD_SUBJECT.match(subject):
        return text, ""
    lines = text.splitlines(keepends=True)
    cut = _first_cut(lines)
    if cut is None or not any(line.strip() for line in lines[:cut]) or _speaks_after_quote(lines[cut:]):
        return text, ""
    return "".join(lines[:cut]), "".join(lines[cut:])


def _first_cut(lines: list[str]) -> int | None:
    """Return the line where the first quotation begins, or None where there is none or a forward comes first."""
    cuts = [cut for cut in (_own_cut(lines), _library_cut(lines)) if cut is not None]
    cut = min(cuts, default=None)
    forwarded = next((number for number, line in enumerate(lines[:400]) if _FORWARDED.match(line)), None)
    return None if forwarded is not None and (cut is None or forwarded <= cut) else cut


def _own_cut(lines: list[str]) -> int | None:
    for number, line in enumerate(lines):
        if line.lstrip().startswith(">"):
            return _with_attribution(lines, number)
        if len(line) > LONGEST_LINE_CHARS:
            continue
        if _ATTRIBUTION.match(line) and _next_said(lines, number).startswith(">"):
            return _with_attribution(lines, number + 1)
        if _QUOTE_HEAD.match(line) and _HEAD_LINE.match(_next_said(lines, number)):
            return number
        if _HEAD_LINE.match(line) and _is_head(lines[number : number + 8]):
            return number
    return None


def _is_head(lines: list[str]) -> bool:
    """Say whether these lines name the sender and at least two more things of a mail's head."""
    return sum(bool(_NEXT_HEAD_LINE.match(line)) for line in lines) >= 2


def _with_attribution(lines: list[str], quote: int) -> int:
    """Return where the quotation at this line begins, with the line or two that say whose words follow."""
    above = [number for number in range(max(0, quote - 5), quote) if lines[number].strip()][-3:]
    for start in range(len(above)):
        said = " ".join(lines[number].strip() for number in above[start:])
        begins = _ATTRIBUTION_START.match(said) or start == len(above) - 1
        if begins and len(said) <= LONGEST_LINE_CHARS and _ATTRIBUTION.match(said):
            return above[start]
    return quote


def _library_cut(lines: list[str]) -> int | None:
    """Return the line at which mail-parser-reply sees the first quotation, in the part it is shown."""
    shown = 0
    size_chars = 0
    while shown < len(lines) and size_chars + len(lines[shown]) <= SEARCHED_CHARS:
        if len(lines[shown]) > LONGEST_LINE_CHARS:
            break
        size_chars += len(lines[shown])
        shown += 1
    stripped = [line.strip() for line in lines[:shown]]
    found = _quotation_heads().search("\n".join(stripped))
    if not found or not _introduces(found[0]):
        return None
    blank = len(found[0]) - len(found[0].lstrip())
    return found.string.count("\n", 0, found.start() + blank)


def _introduces(said: str) -> bool:
    """Say whether this surely introduces a quotation: whose words, and when; or three lines of a mail's head."""
    if "\n" not in said.strip() or said.strip().endswith(":"):
        return any(char.isdigit() for char in said) or "---" in said
    return sum(bool(_NAMED_LINE.match(line)) for line in said.split("\n")) >= 3


@cache
def _quotation_heads() -> re.Pattern[str]:
    heads: re.Pattern[str] = EmailMessage(text="", languages=["en", "fr", "de", "es", "it", "pl", "nl"]).HEADER_REGEX
    return heads


def _next_said(lines: list[str], number: int) -> str:
    return next((line.strip() for line in lines[number + 1 : number + 4] if line.strip()), "")


def _speaks_after_quote(lines: list[str]) -> bool:
    """Say whether somebody goes on in their own words below a quotation marked by “>”."""
    marked = [number for number, line in enumerate(lines) if line.lstrip().startswith(">")]
    if not marked or marked[0] > 5:
        return False
    between = lines[marked[0] : marked[-1]]
    if any(line.strip() and not line.lstrip().startswith(">") and not _wrapped(line) for line in between):
        return True
    return _says_something(lines[marked[-1] + 1 :])


def _wrapped(line: str) -> bool:
    """A word or two without a mark are the end of a quoted line that some program broke."""
    return len(line.split()) <= 2


def _says_something(lines: list[str]) -> bool:
    """Say whether there are words before a signature."""
    for number, line in enumerate(lines):
        if _SIGNATURE.match(line.strip()):
            return len(lines) - number > LONGEST_SIGNATURE_LINES
        if line.strip():
            return True
    return False
