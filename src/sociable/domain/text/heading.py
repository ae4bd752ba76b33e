"""Decides what heads a conversation whose first message has no subject, as those from networks and chats have none.

Whose message it is, and when its words are taken away again, is decided in journeys.
"""

from __future__ import annotations

import re
from textwrap import shorten

HEADING_CHARS = 80

# whom a post is addressed to says nothing of what it is about
_ADDRESSED = re.compile(r"^(?:\s*@[^\s@]+(?:@[^\s@]+)?[,:]?(?=\s))+")


def heading_of(text: str) -> str:
    """This function will head a message by its first line, cut at a word, without the handles it is addressed to.

    Shape: empty where the message has no words, as one that is a picture alone
    """
    lines = _ADDRESSED.sub("", text).strip().splitlines()
    return shorten(lines[0], HEADING_CHARS, placeholder="…") if lines else ""
