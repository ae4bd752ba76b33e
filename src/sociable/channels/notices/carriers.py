"""Names the kinds of routes that leave the house, by kind."""

from __future__ import annotations

from sociable.channels.notices.base import Carrier
from sociable.channels.notices.email import EmailCarrier

CARRIERS: dict[str, Carrier] = {carrier.kind: carrier for carrier in (EmailCarrier(),)}
