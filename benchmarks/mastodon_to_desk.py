"""Measures how long a mention on Mastodon takes from the network to the desk, woken by the server's event stream.

From the moment the server says that it has the post to the moment it is stored, placed and told to the desk's screens. The
server is a stand-in on this machine (mastodon-mock); what a real one takes to pass a post on comes on top.
Run: python benchmarks/mastodon_to_desk.py [--mentions 100] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import time
from typing import Any

import on_mastodon
import setting

MOST_SECONDS = 2.0  # at the 95th percentile


def measure(mentions: int) -> dict[str, Any]:
    """Write so many mentions at random moments, and time each until it is on the desk."""
    with on_mastodon.server() as server:
        folder = setting.installation(os.environ.get("DATABASE_URL", ""))
        on_mastodon.found(server.url)
        house = on_mastodon.start(folder / "house.log")
        try:
            _once(server, "to warm up", 90.0)
            _once(server, "and again", 90.0)
            seconds = [_once(server, f"number {number}", 90.0) for number in range(mentions)]
        finally:
            house.kill()
            house.wait()
            shutil.rmtree(folder, ignore_errors=True)
    return {
        "mentions": mentions,
        "median_seconds": round(statistics.median(seconds), 3),
        "p95_seconds": round(setting.percentile(seconds, 95), 3),
        "slowest_seconds": round(max(seconds), 3),
        "most_at_p95_seconds": MOST_SECONDS,
    }


def _once(server: Any, words: str, patience_seconds: float) -> float:
    from sociable.conversations.models import Message
    from sociable.live.models import ChangeEvent

    time.sleep(random.uniform(0.0, 0.8))
    text = f"@help {words}"
    server.post("jerry", text, visibility=random.choice(["public", "unlisted", "direct"]))
    began = time.perf_counter()

    def on_the_desk() -> bool:
        stored = Message.objects.filter(text=text).values_list("conversation_id", flat=True).first()
        return stored is not None and ChangeEvent.objects.filter(conversation_id=stored).exists()

    on_mastodon.until(on_the_desk, patience_seconds, f"“{text}” on the desk")
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mentions", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON alone")
    options = parser.parse_args()
    if not options.json:
        print(f"Mastodon to desk: {setting.machine()}")
    figures = measure(options.mentions)
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"  {name.replace('_', ' '):<24}{value:>8}" for name, value in figures.items()))
    return int(figures["p95_seconds"] > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
