"""Keeps the table of channels true: it is made from what the adapters say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sociable.channels import registry
from sociable.channels.base import Adapter, Capabilities, Fetches, Finds, Hears, Lists, Sends

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "channels.md"


def table() -> Iterator[str]:
    """The table as the adapters that come with Sociable make it, by name."""
    yield "| channel | heard | sends | longest text | files | can still be answered | doubt | tally | as of |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for adapter in sorted(registry.BUILT_IN, key=lambda each: each.name):
        can = adapter.capabilities
        yield "| " + " | ".join([
            adapter.name, heard(adapter), "yes" if issubclass(adapter, Sends) else "read on our own page", text(can), files(can),
            window(can), "the network is asked" if issubclass(adapter, Finds) else "a person decides" if issubclass(adapter, Sends) else "none",
            "yes" if issubclass(adapter, Lists) else "cannot be asked again", f"{can.as_of_on:%Y-%m-%d}",
        ]) + " |"  # fmt: skip


def heard(adapter: type[Adapter]) -> str:
    ways = [words for way, words in ((Hears, "webhook"), (Fetches, "fetched")) if issubclass(adapter, way)]
    return " and ".join(ways) or "our own page"


def text(can: Capabilities) -> str:
    if can.longest_text is None:
        return "no limit"
    more = f", {can.longest_bytes:,} bytes" if can.longest_bytes else ""
    parts = f"; up to {can.most_parts} parts" if can.most_parts > 1 else ""
    private = f"; {can.longest_private_text:,} in private ({can.counting_private})" if can.longest_private_text else ""
    return f"{can.longest_text:,} ({can.counting}){more}{parts}{private}"


def files(can: Capabilities) -> str:
    if can.attachments_bytes is None and can.attachments_most is None:
        return "no limit of its own"
    if not can.attachments_bytes and not can.attachments_most:
        return "none"
    most = f"{can.attachments_most} of " if can.attachments_most else ""
    size = f"{can.attachments_bytes / 2**20:.0f} MB together" if can.attachments_bytes else "any size"
    return most + size


def window(can: Capabilities) -> str:
    if can.reply_window is None:
        return "always"
    later = f", by a person {hours(can.late_window)}" if can.late_window else ""
    return f"{hours(can.reply_window)}{later}{', then by a template' if can.templates else ''}"


def hours(length: timedelta) -> str:
    return f"{length // timedelta(hours=1)} hours" if length < timedelta(days=2) else f"{length.days} days"


def test_the_table_says_what_the_adapters_say() -> None:
    shown = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert shown == list(table()), "\n" + "\n".join(table())


def test_every_adapter_of_a_network_has_a_page_that_says_how_it_is_proved() -> None:
    for adapter in registry.BUILT_IN:
        page = Path(registry.__file__).parent / adapter.kind / "README.md"
        words = page.read_text(encoding="utf-8").lower()
        if heard(adapter) != "our own page":
            assert "prove" in words or "behind the tests" in words, page
