"""Decides which characters of a stranger's text can be stored by any database, and which of their addresses may be a link of ours.

Leaves which bytes stand for which characters to each network's folder.
"""

import re

_SURROGATES = re.compile("[\ud800-\udfff]")


def tidy(text: str) -> str:
    """Return text that any database takes: no NUL, no lone surrogate."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def web_address(link: str) -> str:
    """Return an address of the web as it is, and nothing for any other: on our page that might run."""
    return link if link.lower().startswith(("https://", "http://")) else ""
