"""Decides what a channel of calls is called; how one is written down and read is common to all that is noted.

Leaves the page to the desk.
"""

from typing import ClassVar

from sociable.channels.noted import Noted


class PhoneAdapter(Noted):
    """A call, typed in while it happens."""

    kind: ClassVar[str] = "phone"
    name: ClassVar[str] = "Phone"
    icon: ClassVar[str] = "phone"
    what: ClassVar[str] = "A call"
