"""Writes down anew what Bluesky's own servers hand over, for the tests that read it: python -m tests.channels.bluesky.record

Leaves what it says to `test_parse`. Names and keys differ each time; the shapes are the network's.
"""

import json
import shutil
import struct
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sociable.channels.base import RawItem
from sociable.channels.bluesky.adapter import BlueskyAdapter
from tests import postgres
from tests.channels.bluesky.acting import all_of
from tests.channels.bluesky.conftest import settings_of
from tests.servers import bluesky as servers
from tests.servers.bluesky_chat import private_chat

PAYLOADS = Path(__file__).parent / "payloads"


def picture(colour: bytes = b"\xff\x00\x00", side: int = 64) -> bytes:
    """A PNG of one colour."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def images(who: servers.Person, *alts: str) -> dict[str, Any]:
    """Pictures as a post embeds them."""
    shown = [{"image": who.put_up(picture(), "image/png"), "alt": alt} for alt in alts]
    return {"$type": "app.bsky.embed.images", "images": shown}


def link(text: str, shown: str, target: str) -> list[dict[str, Any]]:
    """A mark by which some words of a text lead somewhere."""
    begins = text.encode().index(shown.encode())
    index = {"byteStart": begins, "byteEnd": begins + len(shown.encode())}
    return [{"index": index, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": target}]}]


def _happen(council: servers.Person, jerry: servers.Person) -> None:
    jerry.tell(
        "com.atproto.repo.putRecord",
        repo=jerry.did,
        collection="app.bsky.actor.profile",
        rkey="self",
        record={"$type": "app.bsky.actor.profile", "displayName": "Jerry \N{DROPLET}"},
    )
    council.network.settle()
    news = council.post("We grit the roads tonight.")
    jerry.post(f"@{council.handle} 👩‍👩‍👧‍👦 is my bin missed?", mentions=[council])
    text = f"@{council.handle} the form… says no"
    facets = [servers.mention(text, council), *link(text, "the form…", "https://forms.leeds.test/bins?step=2")]
    jerry.post(text, facets=facets, embed=images(jerry, "A full bin", ""))
    jerry.answer(news, "and my road?")
    quoted = {"$type": "app.bsky.embed.record", "record": news}
    jerry.post(
        "this one?", embed={"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": images(jerry, "Ice")}
    )
    card = {"uri": "https://news.test/story", "title": "Bins: a story", "description": "All of it"}
    jerry.post(
        f"@{council.handle} read this", mentions=[council], embed={"$type": "app.bsky.embed.external", "external": card}
    )
    council.network.settle()


@contextmanager
def _network() -> Any:
    node, redis = servers.node(), shutil.which("redis-server")
    assert node, "run scripts/servers bluesky first"
    assert redis, "redis-server is missing"
    with postgres.private_server() as database, servers.private_bluesky(node, Path(redis), database) as network:
        yield network


def main() -> None:
    """Have everything happen once, and write down what is fetched."""
    with _network() as network, private_chat(network.chat_port, network.names, network.chat):
        council, jerry = network.person("council"), network.person("jerry")
        _happen(council, jerry)
        adapter = BlueskyAdapter.from_settings(settings_of(council, direct_messages=True))
        posts, cursor = all_of(adapter)
        text = "It is private: see the form"
        jerry.say(council, text, facets=link(text, "the form", "https://forms.leeds.test/"))
        lines, cursor = all_of(adapter, cursor)
        adapter.close()
    _write([*posts, *lines])


def _write(items: list[RawItem]) -> None:
    names = ("mention", "pictures", "reply", "quote", "card", "line")
    PAYLOADS.mkdir(exist_ok=True)
    for name, item in zip(names, items, strict=True):
        shown = json.dumps(json.loads(item.content), indent=1, ensure_ascii=False)
        (PAYLOADS / f"{name}.json").write_text(shown + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
