"""Reads and sends direct messages, which another service keeps: the account's server hands calls on to it and vouches for us.

Leaves what a line says to `parse`. The service's log begins when it is first asked and is read onwards from there; what was
said before is read once from the conversations themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sociable.channels.base import ChannelError, Outgoing, RawItem, Receipt
from sociable.channels.bluesky.refusal import NotAllowed, Refused
from sociable.channels.bluesky.syntax import is_did, read_instant

if TYPE_CHECKING:
    from sociable.channels.bluesky.network import Network

PAGE = 100
MESSAGE = "chat.bsky.convo.defs#messageView"
SAID = "chat.bsky.convo.defs#logCreateMessage"
# What tells of a line that was told before: who read it, how they felt, that we took it out of our own sight.
REPEATS = {
    f"chat.bsky.convo.defs#log{what}" for what in ("ReadMessage", "DeleteMessage", "AddReaction", "RemoveReaction")
}
NOT_SURE_BEFORE = timedelta(minutes=5)  # how far the service's clock may be from ours
REFUSALS = {
    "MessagesDisabled": "They take no direct messages.",
    "NotFollowedBySender": "They take direct messages only from people they follow.",
    "BlockedActor": "The account has blocked them.",
    "BlockedSubject": "They have blocked the account.",
    "RecipientNotFound": "There is no such account any more.",
    "AccountSuspended": "The account may not send direct messages at present.",
    "ConvoLocked": "The conversation was closed at the network.",
    "InvalidConvo": "The conversation is no longer there.",
}

State = Mapping[str, Any]
Convo = Mapping[str, Any]


class DirectMessages:
    """The direct messages of one account."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._service = f"{network.config.chat_service}#bsky_chat"
        self._convos: dict[str, Convo] = {}

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self._network.ask(f"chat.bsky.convo.{method}", service=self._service, **parameters)
        except NotAllowed as error:
            handle = self._network.config.handle
            raise NotAllowed(
                f"The app password of {handle} does not allow direct messages. Make one that does, or switch them off."
            ) from error

    def newest(self) -> State:
        """Return the state that leaves out everything said so far."""
        return {"log": self._ask("getLog").get("cursor", "")}

    def last_said(self, before: str | None) -> str:
        """Return what changes whenever anything happens in any conversation since `before`, which it returned."""
        return str(self._ask("getLog", cursor=before or "").get("cursor") or before or "")

    def step(self, state: State) -> tuple[list[RawItem], State, bool]:
        """Return what is new, oldest first, where to go on, and whether there is more."""
        if not state.get("log"):
            return [], {**self.newest(), "before": {"page": "", "begun": False, "convos": []}}, True
        if "before" in state:
            return self._said_before(state)
        answer = self._ask("getLog", cursor=state["log"])
        logs = answer.get("logs", [])
        items = [item for entry in logs for item in self._logged(entry)]
        further = answer.get("cursor") or state["log"]
        return items, {"log": further}, bool(logs) and further != state["log"]

    def _logged(self, entry: Mapping[str, Any]) -> Iterator[RawItem]:
        """What is of an unknown kind and has words is kept as well, to be shown as it came."""
        message, what = entry.get("message"), entry.get("$type")
        if not isinstance(message, dict) or not isinstance(entry.get("convoId"), str) or what in REPEATS:
            return
        item = self._stored(entry["convoId"], message)
        if what == SAID and message.get("$type", MESSAGE) == MESSAGE:
            yield item
        elif "text" in message:
            content = json.dumps(entry, ensure_ascii=False).encode()
            yield RawItem(f"{item.remote_id}#{message.get('rev')}", content, item.received_at)

    def _said_before(self, state: State) -> tuple[list[RawItem], State, bool]:
        """Read one page of one conversation, or one page of conversations; what is said meanwhile is in the log."""
        before = dict(state["before"])
        if before["convos"]:
            convo_id, *rest = before["convos"]
            answer = self._ask("getMessages", convoId=convo_id, limit=PAGE, cursor=before.pop("below", ""))
            if below := answer.get("cursor"):
                before["below"] = below
            else:
                before["convos"] = rest
            items = [self._stored(convo_id, message) for message in reversed(_lines(answer))]
            return items, {**state, "before": before}, True
        if before["begun"] and not before["page"]:
            return [], {"log": state["log"]}, True
        answer = self._ask("listConvos", limit=PAGE, cursor=before["page"])
        convos = [convo["id"] for convo in answer.get("convos", [])]
        before |= {"begun": True, "page": answer.get("cursor") or "", "convos": convos}
        return [], {**state, "before": before}, True

    def listed(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        """Return what was said in a half-open stretch of time."""
        for convo in self._pages("listConvos", "convos"):
            if _instant((convo.get("lastMessage") or {}).get("sentAt"), until) < since:
                return  # they come with the last one spoken in first
            for message in self._pages("getMessages", "messages", convoId=convo["id"]):
                at = _instant(message.get("sentAt"), since)
                if at < since:
                    break
                if at < until and message.get("$type") == MESSAGE:
                    yield self._stored(convo["id"], message)

    def _pages(self, method: str, name: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            answer = self._ask(method, limit=PAGE, cursor=cursor, **parameters)
            yield from answer.get(name, [])
            cursor = answer.get("cursor") or ""
            if not cursor:
                return

    def _stored(self, convo_id: str, message: Mapping[str, Any]) -> RawItem:
        told = {"line": message, "convo": self._convo(convo_id), "us": self._network.did}
        content = json.dumps(told, ensure_ascii=False).encode()
        return RawItem(line_id(convo_id, str(message.get("id"))), content, read_instant(message.get("sentAt")))

    def _convo(self, convo_id: str) -> Convo:
        """Return who takes part, asked once; where that is not told any more, the words count all the same."""
        if convo_id not in self._convos:
            try:
                convo = self._ask("getConvo", convoId=convo_id)["convo"]
            except Refused:
                convo = {}
            self._convos[convo_id] = {"id": convo_id, "members": convo.get("members", []), "kind": convo.get("kind")}
        return self._convos[convo_id]

    # -- Out --------------------------------------------------------------------------------------------------------------

    def send(self, outgoing: Outgoing, message: Mapping[str, Any], before_handover: Callable[[], None]) -> Receipt:
        """Hand one line to the service.

        Errors: ChannelError, permanent with the reason where they or the service do not take it; OutcomeUnknown
        """
        try:
            convo_id = self._convo_with(outgoing)
            body = {"convoId": convo_id, "message": message}
            said = self._network.hand_over("chat.bsky.convo.sendMessage", body, before_handover, service=self._service)
        except Refused as refused:
            raise _in_words(refused) from refused
        return _receipt(convo_id, said)

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look for a line of ours: the same words since it was written, for the service takes no key of ours."""
        if outgoing.sent_at is None:
            raise ChannelError("It is not known when it was written, so it cannot be looked for.", permanent=True)
        since = outgoing.sent_at - NOT_SURE_BEFORE
        convo_id = self._convo_with(outgoing)
        for message in self._pages("getMessages", "messages", convoId=convo_id):
            if _instant(message.get("sentAt"), since) < since:
                return None
            ours = (message.get("sender") or {}).get("did") == self._network.did
            if ours and str(message.get("text", "")).strip() == outgoing.text.strip():
                return _receipt(convo_id, message)
        return None

    def _convo_with(self, outgoing: Outgoing) -> str:
        if convo_id := outgoing.reply_ref.get("convo"):
            return str(convo_id)
        members = [address for address in outgoing.to if is_did(address)]
        if not members:
            raise ChannelError("It is not known to whose account this is to go.", permanent=True)
        return str(self._ask("getConvoForMembers", members=members)["convo"]["id"])


def line_id(convo_id: str, message_id: str) -> str:
    """Return the id of one line among all that is said anywhere."""
    return f"bluesky:{convo_id}/{message_id}"


def reply_ref(convo_id: str) -> dict[str, str]:
    """Return what an answer to a line needs."""
    return {"convo": convo_id}


def link_to(convo_id: str) -> str:
    """Return where people see a conversation."""
    return f"https://bsky.app/messages/{convo_id}"


def _lines(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [message for message in answer.get("messages", []) if message.get("$type") == MESSAGE]


def _instant(value: object, otherwise: datetime) -> datetime:
    return read_instant(value) or otherwise


def _receipt(convo_id: str, message: Mapping[str, Any]) -> Receipt:
    name = line_id(convo_id, str(message.get("id")))
    return Receipt("accepted", name, "Bluesky has the direct message.", link_to(convo_id), reply_ref(convo_id))


def _in_words(refused: Refused) -> ChannelError:
    why = REFUSALS.get(refused.why)
    return ChannelError(f"The direct message was not taken. {why}", permanent=True) if why else refused


def names_of(convo: Convo) -> list[Mapping[str, Any]]:
    """Return who takes part in a conversation, as the service shows them."""
    return [member for member in convo.get("members") or [] if isinstance(member, dict)]
