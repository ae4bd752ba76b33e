"""Decides what a channel of visits is called; how one is written down and read is common to all that is noted.

Leaves the page to the desk.
"""

from typing import ClassVar

from sociable.channels.noted import Noted


class CounterAdapter(Noted):
    """A visit, typed in while it happens."""

    kind: ClassVar[str] = "counter"
    name: ClassVar[str] = "Counter"
    icon: ClassVar[str] = "in-person"
    what: ClassVar[str] = "A visit"
