"""Decides whether a Facebook page's settings can work.

Leaves what every network of Meta shares to `graph`.
"""

from dataclasses import dataclass
from typing import Any, Self

from sociable.channels.base import Setting
from sociable.channels.graph.config import SHARED, GraphConfig, Reader

SETTINGS = (
    Setting(
        name="page_id",
        label="Page ID",
        help="On the page: About, Page transparency. It is a number.",
        required=True,
        elsewhere=True,
    ),
    *SHARED,
)


@dataclass(frozen=True)
class FacebookConfig:
    """One page."""

    graph: GraphConfig
    page_id: str

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """Return the settings, read and checked.

        Errors: SettingsRefused with a sentence for each field that cannot work
        """
        reader = Reader(settings, SETTINGS)
        config = cls(page_id=reader.number("page_id", "the page"), graph=reader.shared())
        reader.done()
        return config
