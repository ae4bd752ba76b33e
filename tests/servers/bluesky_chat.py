"""Stands in for the service that keeps direct messages, whose program is not published: a home hands calls on to it as it does there.

Every call must bear a token that the caller's home signed for this service and this method; every call and every answer is held to
the published lexicons (chat.bsky.*), as the atproto library carries them. How it behaves follows what its makers say of it.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

from atproto import models
from atproto_server.auth.jwt import parse_jwt, verify_jwt

LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
STRICT = {"strict_string_format": True}
METHODS = {
    "getLog": models.ChatBskyConvoGetLog,
    "listConvos": models.ChatBskyConvoListConvos,
    "getConvo": models.ChatBskyConvoGetConvo,
    "getMessages": models.ChatBskyConvoGetMessages,
    "getConvoForMembers": models.ChatBskyConvoGetConvoForMembers,
    "sendMessage": models.ChatBskyConvoSendMessage,
}
MEMBER = "chat.bsky.actor.defs#profileViewBasic"
VIEW = "chat.bsky.convo.defs#messageView"


class No(Exception):
    """What the service will not do, by its own name for it."""

    def __init__(self, error: str, message: str = "no") -> None:
        super().__init__(message)
        self.error, self.message = error, message


@dataclass
class Convo:
    """One conversation and all that was said in it, oldest first."""

    id: str
    members: tuple[str, ...]
    messages: list[dict[str, Any]] = field(default_factory=list)
    rev: str = ""


@dataclass
class Chat:
    """The service: who declines messages, what to break, and what was said."""

    names: str
    did: str
    page: int = 100
    declines: dict[str, str] = field(default_factory=dict)
    goes_quiet_after_taking: bool = False
    convos: dict[str, Convo] = field(default_factory=dict)
    logs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _revs: int = 0
    _guard: threading.RLock = field(default_factory=threading.RLock)

    def rev(self) -> str:
        """The service's clock: a text that sorts by time."""
        self._revs += 1
        return "22222222" + "".join(LETTERS[(self._revs >> shift) & 31] for shift in (20, 15, 10, 5, 0))

    def said_to(self, did: str, by: str) -> list[str]:
        """What one has said to another."""
        return [each["text"] for each in self.between(did, by).messages if each["sender"]["did"] == by]

    def between(self, *dids: str) -> Convo:
        """The conversation of two people, begun when first asked for."""
        name = "convo-" + "-".join(sorted(did.removeprefix("did:plc:") for did in dids))
        return self.convos.setdefault(name, Convo(name, tuple(sorted(dids)), rev=self.rev()))

    def tell(self, convo: Convo, entry: dict[str, Any]) -> None:
        """Put something into everybody's log."""
        for did in convo.members:
            self.logs.setdefault(did, []).append(entry | {"convoId": convo.id})

    # -- The methods -------------------------------------------------------------------------------------------------

    def getLog(self, did: str, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the lexicon's name
        """Begins now where no cursor says where, as its makers say."""
        log = self.logs.get(did, [])
        after = told.get("cursor") or self.rev()
        shown = [entry for entry in log if entry["rev"] > after][: self.page]
        return {"logs": shown, "cursor": shown[-1]["rev"] if shown else after}

    def listConvos(self, did: str, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        theirs = sorted((each for each in self.convos.values() if did in each.members), key=lambda each: each.rev)
        below = [each for each in reversed(theirs) if not told.get("cursor") or each.rev < told["cursor"]]
        shown = below[: min(int(told.get("limit") or 50), self.page)]
        further = {"cursor": shown[-1].rev} if len(shown) < len(below) else {}
        return {"convos": [self.view(convo) for convo in shown], **further}

    def getConvo(self, did: str, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"convo": self.view(self._of(did, told["convoId"]))}

    def getMessages(self, did: str, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        convo = self._of(did, told["convoId"])
        below = [each for each in reversed(convo.messages) if not told.get("cursor") or each["rev"] < told["cursor"]]
        shown = below[: min(int(told.get("limit") or 50), self.page)]
        further = {"cursor": shown[-1]["rev"]} if len(shown) < len(below) else {}
        return {"messages": shown, **further}

    def getConvoForMembers(self, did: str, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        members = told["members"] if isinstance(told["members"], list) else [told["members"]]
        for member in members:
            if member in self.declines:
                raise No(self.declines[member])
        return {"convo": self.view(self.between(did, *members))}

    def sendMessage(self, did: str, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        convo = self._of(did, told["convoId"])
        convo.rev = rev = self.rev()
        at = datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        words = {name: told["message"][name] for name in ("text", "facets") if name in told["message"]}
        view = {"$type": VIEW, "id": rev, "rev": rev, "sender": {"did": did}, "sentAt": at} | words
        convo.messages.append(view)
        self.tell(convo, {"$type": "chat.bsky.convo.defs#logCreateMessage", "rev": rev, "message": view})
        return view

    def _of(self, did: str, convo_id: str) -> Convo:
        convo = self.convos.get(convo_id)
        if convo is None or did not in convo.members:
            raise No("InvalidConvo")
        return convo

    def view(self, convo: Convo) -> dict[str, Any]:
        """The conversation as the lexicon has it."""
        members = [{"$type": MEMBER, "did": did, "handle": self.handle_of(did)} for did in convo.members]
        last = {"lastMessage": convo.messages[-1]} if convo.messages else {}
        return {"id": convo.id, "rev": convo.rev, "members": members, "muted": False, "unreadCount": 0} | last

    def handle_of(self, did: str) -> str:
        """What the directory of names calls somebody."""
        if did not in self.handles:
            with urlopen(f"{self.names}/{did}", timeout=10) as answer:
                self.handles[did] = json.load(answer)["alsoKnownAs"][0].removeprefix("at://")
        return self.handles[did]

    def key_of(self, did: str) -> str:
        """With which key somebody's home signs for them."""
        with urlopen(f"{self.names}/{did}/data", timeout=10) as answer:
            return str(json.load(answer)["verificationMethods"]["atproto"])

    # -- A call ---------------------------------------------------------------------------------------------------------

    def answer(self, method: str, token: str, told: dict[str, Any]) -> dict[str, Any]:
        """Do what a call asks for, once it is proved whose it is and that it is well written."""
        caller = verify_jwt(token, lambda did, _again: self.key_of(did)).iss
        claimed = json.loads(parse_jwt(token)[0])
        assert (claimed["aud"].partition("#")[0], claimed["lxm"]) == (self.did, f"chat.bsky.convo.{method}")
        lexicon = METHODS[method]
        shape = lexicon.Data if method == "sendMessage" else lexicon.Params
        shape.model_validate(told, context=STRICT)
        with self._guard:
            self.calls.append(method)
            said: dict[str, Any] = getattr(self, method)(caller, told)
        response = models.ChatBskyConvoDefs.MessageView if method == "sendMessage" else lexicon.Response
        response.model_validate(said, context=STRICT)
        return said


def _given(query: str) -> dict[str, Any]:
    """Parameters as the lexicon types them: numbers, and lists of what may come more than once."""
    told: dict[str, Any] = {}
    for name, value in parse_qsl(query):
        if name == "members":
            told.setdefault(name, []).append(value)
        else:
            told[name] = int(value) if name == "limit" else value
    return told


@contextmanager
def private_chat(port: int, names: str, did: str) -> Iterator[Chat]:
    """Yield the service, listening where the directory says it does."""
    chat = Chat(names, did)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"  # no line is kept: the next test's service would be asked on this one's

        def do_GET(self) -> None:
            self._answer(_given(urlsplit(self.path).query))

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, told: dict[str, Any]) -> None:
            method = urlsplit(self.path).path.rpartition(".")[2]
            try:
                status, said = 200, chat.answer(method, self.headers["Authorization"].removeprefix("Bearer "), told)
            except No as no:
                status, said = 400, {"error": no.error, "message": no.message}
            except Exception as error:  # noqa: BLE001 - told to the caller, so that the test fails with the reason
                status, said = 500, {"error": "InternalServerError", "message": f"{type(error).__name__}: {error}"}
            if chat.goes_quiet_after_taking and method == "sendMessage":
                self.close_connection = True
                self.connection.close()
                return
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
