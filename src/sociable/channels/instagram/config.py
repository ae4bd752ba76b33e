"""Decides whether an Instagram account's settings can work.

Leaves what every network of Meta shares to `graph`.
"""

from dataclasses import dataclass
from typing import Any, Self

from sociable.channels.base import Setting
from sociable.channels.graph.config import SHARED, GraphConfig, Reader

SETTINGS = (
    Setting(
        name="instagram_id",
        label="Instagram account ID",
        help="Meta Business Suite, Settings, Instagram accounts. It is a number, not the name.",
        required=True,
        elsewhere=True,
    ),
    Setting(
        name="page_id",
        label="ID of the Facebook page it is linked to",
        help="Messages on Instagram are sent through that page.",
        required=True,
        elsewhere=True,
    ),
    *SHARED,
)


@dataclass(frozen=True)
class InstagramConfig:
    """One account, and the page through which it speaks."""

    graph: GraphConfig
    instagram_id: str
    page_id: str

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """Return the settings, read and checked.

        Errors: SettingsRefused with a sentence for each field that cannot work
        """
        reader = Reader(settings, SETTINGS)
        config = cls(
            instagram_id=reader.number("instagram_id", "Meta Business Suite"),
            page_id=reader.number("page_id", "the linked page"),
            graph=reader.shared(),
        )
        reader.done()
        return config
