"""Decides which adapters there are, by kind: those that come with Sociable and those of other packages.

Leaves what each network needs and can do to its own folder; no network's name is known elsewhere.
"""

from functools import cache
from importlib.metadata import entry_points
from typing import Any, cast

from sociable.channels.base import Adapter, Sends
from sociable.channels.bluesky.adapter import BlueskyAdapter
from sociable.channels.chat.adapter import ChatAdapter
from sociable.channels.counter.adapter import CounterAdapter
from sociable.channels.elsewhere.adapter import ElsewhereAdapter
from sociable.channels.email.adapter import EmailAdapter
from sociable.channels.facebook.adapter import FacebookAdapter
from sociable.channels.form.adapter import FormAdapter
from sociable.channels.instagram.adapter import InstagramAdapter
from sociable.channels.mastodon.adapter import MastodonAdapter
from sociable.channels.phone.adapter import PhoneAdapter
from sociable.channels.sms.adapter import SmsAdapter
from sociable.channels.whatsapp.adapter import WhatsAppAdapter
from sociable.channels.x.adapter import XAdapter

PLAIN_WORDS = ("Email", "Form", "Web chat", "Text message", "Phone", "Counter", "Elsewhere")  # the others are names
GROUP = "sociable.channels"
BUILT_IN: tuple[type[Adapter], ...] = (
    ChatAdapter,
    BlueskyAdapter,
    CounterAdapter,
    ElsewhereAdapter,
    EmailAdapter,
    FacebookAdapter,
    FormAdapter,
    InstagramAdapter,
    MastodonAdapter,
    PhoneAdapter,
    SmsAdapter,
    WhatsAppAdapter,
    XAdapter,
)


class UnknownChannel(LookupError):
    """No adapter of that kind is installed."""

    def __init__(self, kind: str) -> None:
        known = ", ".join(sorted(kinds()))
        super().__init__(f"No channel of the kind “{kind}” is installed. There is: {known}.")
        self.kind = kind


@cache
def kinds() -> dict[str, type[Adapter]]:
    """Return every adapter class by its kind; what comes with Sociable cannot be replaced from outside."""
    outside = (cast("type[Adapter]", entry.load()) for entry in entry_points(group=GROUP))
    return {adapter.kind: adapter for adapter in (*outside, *BUILT_IN)}


def adapter_class(kind: str) -> type[Adapter]:
    """Return the adapter class of a kind.

    Errors: UnknownChannel
    """
    if kind not in kinds():
        raise UnknownChannel(kind)
    return kinds()[kind]


def icon_of(kind: str) -> str:
    """Return the picture that stands for a channel, or for the kind of an address."""
    return kinds()[kind].icon if kind in kinds() else {"note": "note", "phone": "phone"}.get(kind, "social")


def channel_name(kind: str) -> str:
    """Return what people call a channel, in the middle of a sentence for the plain words among them."""
    name = kinds()[kind].name if kind in kinds() else kind
    return name.lower() if name in PLAIN_WORDS else name


def needs_connection(kind: str) -> bool:
    """Say whether nothing is heard or sent on a channel until its account is connected."""
    return kind in kinds() and bool(kinds()[kind].settings) and not kinds()[kind].capabilities.by_mail_server


def can_send(kind: str) -> bool:
    """Say whether a channel carries answers out by itself."""
    return kind in kinds() and issubclass(kinds()[kind], Sends)


def adapter(kind: str, settings: dict[str, Any]) -> Adapter:
    """Return an adapter for one account of this kind.

    Errors: UnknownChannel; SettingsRefused with a sentence for each field
    """
    return adapter_class(kind).from_settings(settings)
