"""Decides whether a WhatsApp number's settings can work.

Leaves what every network of Meta shares to `graph`.
"""

from dataclasses import dataclass
from typing import Any, Self

from sociable.channels.base import Setting
from sociable.channels.graph.config import SHARED, GraphConfig, Reader

SETTINGS = (
    Setting(
        name="phone_number_id",
        label="Phone number ID",
        help="Your app, WhatsApp, API setup. It is not the number itself.",
        required=True,
        elsewhere=True,
    ),
    Setting(
        name="waba_id",
        label="WhatsApp Business account ID",
        help="On the same page; the approved templates belong to it.",
        required=True,
    ),
    *SHARED,
)


@dataclass(frozen=True)
class WhatsAppConfig:
    """One number, and the business account that holds its templates."""

    graph: GraphConfig
    phone_number_id: str
    waba_id: str

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """Return the settings, read and checked.

        Errors: SettingsRefused with a sentence for each field that cannot work
        """
        reader = Reader(settings, SETTINGS)
        config = cls(
            phone_number_id=reader.number("phone_number_id", "API setup"),
            waba_id=reader.number("waba_id", "API setup"),
            graph=reader.shared(),
        )
        reader.done()
        return config
