"""Decides what of a stranger's HTML may stand in our page: words, tables, plain styles, links and, when asked, images.

Leaves serving the pictures inside a mail, and the page's own security policy, to the rooms above.
"""

import html
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import nh3

from sociable.channels.email.html_text import LONGEST_HTML_CHARS, html_to_text, too_deep

TAGS = frozenset(
    (  # noqa: SIM905 - a line of words is read at a glance, sixty lines of one word are not
        "a abbr address b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em"
        " figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong"
        " sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
    ).split()
)
ATTRIBUTES = {
    "*": {"align", "bgcolor", "dir", "lang", "style", "title", "valign", "width", "height"},
    "a": {"href"},
    "img": {"src", "alt"},
    "font": {"color", "size"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "ol": {"start", "type"},
    "col": {"span"},
    "time": {"datetime"},
}
# No property here takes an address, covers the page or leaves its place.
STYLES = frozenset(
    (  # noqa: SIM905
        "background-color border border-bottom border-collapse border-color border-left border-right border-spacing"
        " border-style border-top border-width color direction font-size font-style font-variant font-weight"
        " line-height list-style-type margin-bottom margin-left margin-top padding padding-bottom padding-left"
        " padding-right padding-top text-align text-decoration text-indent vertical-align white-space"
    ).split()
)
NO_PICTURE = "data:,"  # what an image without a usable source shows: nothing, and nothing is fetched
_HELD_BACK = re.compile(r'(<img\b[^<>]*? )src="held-back:([^"]*)"')
_SMALL_PICTURE = re.compile(r"data:image/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=\s]+\Z")


class SafeHtml(NamedTuple):
    """HTML fit for the page, and how many remote images it holds back."""

    html: str
    held_back_images: int


def no_picture(_cid: str) -> str | None:
    """Know no picture inside the mail."""
    return None


def make_safe(
    source: str, *, allow_remote_images: bool = False, image_for_cid: Callable[[str], str | None] = no_picture
) -> SafeHtml:
    """Return HTML without scripts, forms, frames, trackers or style that leaves its place.

    A remote image keeps its address in `data-remote-src` until `allow_remote_images`: fetching it tells the sender
    who read the mail, when and where. `image_for_cid` gives the address of a picture inside the mail.
    """
    if len(source) > LONGEST_HTML_CHARS or too_deep(source):
        return SafeHtml(f"<pre>{html.escape(html_to_text(source))}</pre>", 0)
    held_back = [0]

    def keep(_tag: str, attribute: str, value: str) -> str | None:
        if attribute == "href":
            return value if urlsplit(value).scheme.lower() in {"http", "https", "mailto", "tel"} else None
        if attribute != "src":
            return value
        source = _picture(value.strip(), image_for_cid)
        if source or urlsplit(value).scheme.lower() not in {"http", "https"}:
            return source
        if allow_remote_images:
            return value
        held_back[0] += 1
        return f"held-back:{value}"

    clean = nh3.clean(
        source,
        tags=set(TAGS),
        clean_content_tags={"script", "style", "title", "noscript", "template"},
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        url_relative="pass_through",  # looked at after `keep`, which lets none of the sender's pass
        filter_style_properties=set(STYLES),
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}, "img": {"loading": "lazy"}},
    )
    return SafeHtml(_HELD_BACK.sub(r'\1data-remote-src="\2"', clean), held_back[0])


def _picture(source: str, image_for_cid: Callable[[str], str | None]) -> str | None:
    """Return the address of a picture that came with the mail; nothing for one that lies elsewhere."""
    if source.lower().startswith("cid:"):
        return image_for_cid(unquote(source[4:]).strip("<>")) or NO_PICTURE
    if source.lower().startswith("data:"):
        return source if _SMALL_PICTURE.match(source) else NO_PICTURE
    return None
