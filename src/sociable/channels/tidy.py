"""Decides which characters of a stranger's text can be stored by any database.

Leaves which bytes stand for which characters to each network's folder.
"""

import re

_SURROGATES = re.compile("[\ud800-\udfff]")


def tidy(text: str) -> str:
    """Return text that any database takes: no NUL, no lone surrogate."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))
