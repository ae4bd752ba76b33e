"""Names the kinds of routes that leave the house, by kind."""

from __future__ import annotations

from sociable.channels.notices.apprise import AppriseCarrier
from sociable.channels.notices.base import Carrier
from sociable.channels.notices.email import EmailCarrier
from sociable.channels.notices.push import PushCarrier
from sociable.channels.notices.text import TextCarrier

CARRIERS: dict[str, Carrier] = {
    carrier.kind: carrier for carrier in (PushCarrier(), EmailCarrier(), TextCarrier(), AppriseCarrier())
}
