"""Decides which characters of a stranger's text can be stored by any database, and which of their addresses can be read or linked to.

Leaves which bytes stand for which characters to each network's folder.
"""

import re
from urllib.parse import SplitResult, urlsplit

from sociable.channels.errors import ChannelError

_SURROGATES = re.compile("[\ud800-\udfff]")


def tidy(text: str) -> str:
    """Return text that any database takes: no NUL, no lone surrogate."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def web_address(link: str) -> str:
    """Return an address of the web as it is, and nothing for any other: on our page that might run."""
    return link if link.lower().startswith(("https://", "http://")) else ""


def split_address(address: str) -> SplitResult:
    """Return the parts of an address from which a file is to be fetched.

    Errors: ChannelError, permanent where it is none: it will never be one
    """
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise ChannelError("The file's address cannot be read.", permanent=True) from error
    return parts
