"""Decides how an HTML mail reads as plain text, for search, for folding and for people who prefer it.

Leaves showing the HTML itself to `safe_html`.
"""

import html
import re

import nh3

# html5ever works in quadratic time on deep nesting (16 s for 100,000 <div>), so deeper mails are cut apart by pattern.
DEEPEST_NESTING = 400
LONGEST_HTML_CHARS = 2_000_000

_NEVER_NEST = {"br", "hr", "img", "meta", "link", "input", "wbr", "col", "area", "base", "p", "li", "td", "tr", "th"}
_LINE = {"br", "hr", "tr", "li", "dt", "dd"}
_BLOCK = {"p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "section"}
_TAGS = _LINE | _BLOCK | {"a", "td", "th"}
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_CLEAN_TAG = re.compile(r"<(/?)([a-z0-9]+)((?: [a-z-]+=\"[^\"]*\")*)>")
_HREF = re.compile(r'href="([^"]*)"')
_UNSEEN = re.compile(r"<(script|style|title|head)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
_GAPS = re.compile(r"\n{3,}")


def too_deep(source: str) -> bool:
    """Say whether the elements of this HTML nest deeper than any mail a person wrote."""
    depth = 0
    for closing, name in _TAG_NAME.findall(source):
        if name.lower() not in _NEVER_NEST:
            depth = max(0, depth - 1) if closing else depth + 1
            if depth > DEEPEST_NESTING:
                return True
    return False


def html_to_text(source: str) -> str:
    """Return the words of an HTML mail, with quoted blocks marked by “>” and links followed by their address."""
    source = source[:LONGEST_HTML_CHARS]
    if too_deep(source):
        return _GAPS.sub("\n\n", html.unescape(_ANY_TAG.sub(" ", _UNSEEN.sub(" ", source)))).strip()
    clean = nh3.clean(
        source, tags=_TAGS, attributes={"a": {"href"}}, link_rel=None, clean_content_tags={"script", "style", "title"}
    )
    return _Writer().write(clean)


class _Writer:
    """Writes clean HTML as lines, keeping count of the quotation depth."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._depth = 0
        self._links: list[tuple[str, int]] = []

    def write(self, clean: str) -> str:
        end = 0
        for tag in _CLEAN_TAG.finditer(clean):
            self._say(clean[end : tag.start()])
            self._tag(tag[2], bool(tag[1]), tag[3])
            end = tag.end()
        self._say(clean[end:])
        self._break()
        while self._lines and not self._lines[-1].strip("> "):
            self._lines.pop()
        return _GAPS.sub("\n\n", "\n".join(self._lines)).strip()

    def _say(self, escaped: str) -> None:
        if escaped:
            self._line.append(_SPACES.sub(" ", html.unescape(escaped)))

    def _tag(self, name: str, closing: bool, attributes: str) -> None:
        if name == "a":
            self._link(closing, attributes)
        elif name in {"td", "th"}:
            self._line.append(" ")
        elif name in _BLOCK:
            self._break(blank=name != "div")
        elif not (closing and name == "br"):
            self._break(always=name == "br")
        if name == "blockquote":
            self._depth = max(0, self._depth + (-1 if closing else 1))
        elif name == "li" and not closing:
            self._line.append("- ")

    def _link(self, closing: bool, attributes: str) -> None:
        if not closing:
            href = _HREF.search(attributes)
            self._links.append((html.unescape(href[1]) if href else "", len(self._line)))
        elif self._links:
            href_text, start = self._links.pop()
            shown = "".join(self._line[start:]).strip()
            if href_text.startswith(("http://", "https://")) and href_text.rstrip("/") != shown.rstrip("/"):
                self._line.append(f" ({href_text})")

    def _break(self, *, blank: bool = False, always: bool = False) -> None:
        text = _SPACES.sub(" ", "".join(self._line)).strip()
        self._line = []
        mark = "> " * min(self._depth, 10)
        if text or always:
            self._lines.append((mark + text).rstrip())
        if blank and self._lines and self._lines[-1].strip("> "):
            self._lines.append(mark.rstrip())
