"""Decides how the HTML of a status reads as plain text, with links and mentions whole, and what of it may stand in our page.

Leaves what a status is, and who wrote it, to `parse`.
"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

import nh3

LONGEST_HTML_CHARS = 50_000  # servers allow a few thousand; beyond this nobody typed it
TAGS = frozenset(
    (  # noqa: SIM905 - what Mastodon lets pass from other servers, and no more
        "a b blockquote br code del em i li ol p pre rp rt ruby s span strong u ul"
    ).split()
)
ATTRIBUTES = {"a": {"href"}, "ol": {"start", "reversed"}, "li": {"value"}}
_BLOCKS = {"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"}
_UNSEEN = {"script", "style", "title", "noscript", "template"}
_SHAPED = re.compile(r"<(?!/?(?:p|br|span|a)\b)[a-z]")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_GAPS = re.compile(r"\n{3,}")


def formatted(content: str) -> str | None:
    """Return the HTML of a status for our page where it shows more than its plain text does; most are words and lines."""
    clean = safe_html(content)
    return clean if _SHAPED.search(clean) else None


def safe_html(content: str) -> str:
    """Return what of a status's HTML may stand in our page: words and links, nothing that loads or runs."""
    return nh3.clean(
        content[:LONGEST_HTML_CHARS],
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        clean_content_tags=_UNSEEN,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def plain_text(content: str, names: Mapping[str, str], *, without_quote_link: bool = False) -> str:
    """Return the words of a status.

    Shape:  `names` gives the whole name of a mentioned account by the address of its profile; `without_quote_link` leaves out
            the line that stands in for a quoted status on servers that know no quotes
    """
    reader = _Reader(names, without_quote_link=without_quote_link)
    reader.feed(_well_formed(content))
    reader.close()
    return reader.text()


def _well_formed(content: str) -> str:
    """Return HTML that is whole: the standard library's reader takes minutes over a few thousand half-open tags."""
    return nh3.clean(
        content[:LONGEST_HTML_CHARS],
        tags=TAGS | _BLOCKS,
        attributes={"a": {"href", "class"}, "p": {"class"}},
        clean_content_tags=_UNSEEN,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


class _Reader(HTMLParser):
    """Writes what a reader of the status would see, one line a line."""

    def __init__(self, names: Mapping[str, str], *, without_quote_link: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._names = names
        self._without_quote_link = without_quote_link
        self._said: list[str] = []
        self._links: list[tuple[str, set[str], int]] = []
        self._skipped_paragraph = False
        self._as_typed = 0

    def text(self) -> str:
        lines = "".join(self._said).split("\n")
        return _GAPS.sub("\n\n", "\n".join(line.rstrip(" ") for line in lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = set((dict(attrs).get("class") or "").split())
        if tag == "br":
            self._say("\n")
        elif tag == "li":
            self._say("\n- ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", classes, len(self._said)))
        elif tag in _BLOCKS:
            self._say("\n\n" if self._said else "")
            self._skipped_paragraph = self._without_quote_link and "quote-inline" in classes
            self._as_typed += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in _BLOCKS:
            self._skipped_paragraph = False
            self._say("\n\n")
            self._as_typed = max(0, self._as_typed - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        self._say(data if self._as_typed else _SPACES.sub(" ", data))

    def _say(self, words: str) -> None:
        if words and not self._skipped_paragraph:
            self._said.append(words)

    def _end_link(self, address: str, classes: set[str], start: int) -> None:
        """Links show their whole address, mentions the whole name; a tag is a word."""
        shown = "".join(self._said[start:]).strip()
        if address in self._names:
            whole = self._names[address]
        elif not address or classes & {"mention", "hashtag"}:
            return
        else:
            whole = address if _is_the_address(shown, address) else f"{shown} ({address})"
        if not self._skipped_paragraph:
            self._said[start:] = [whole]


def _is_the_address(shown: str, address: str) -> bool:
    """Whether a link shows nothing but its own address, perhaps cut or without its scheme."""
    bare = _bare(shown.rstrip("…"))
    return not shown or ("." in bare and _bare(address).startswith(bare))


def _bare(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
