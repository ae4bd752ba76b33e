"""Puts text messages through GOV.UK Notify behind the contract every channel keeps.

Leaves what a text or a report says to `parse`, callbacks to `hook`, and Notify's refusals to `line`.
"""

import hmac
import json
import re
import time
from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from sociable.channels.base import (
    Call,
    Capabilities,
    ChannelError,
    Fetched,
    Finding,
    Heard,
    OneAccount,
    OutcomeUnknown,
    Outgoing,
    Parsed,
    RawItem,
    Receipt,
    Setting,
    nothing,
)
from sociable.channels.sms import hook
from sociable.channels.sms.config import SETTINGS, SmsConfig
from sociable.channels.sms.numbers import is_answerable, normalise
from sociable.channels.sms.parse import IDENTITY, STATES, at_of, name_of, nobody, thread_key, word
from sociable.channels.sms.parse import parse as parse_thing
from sociable.channels.sms.place import Place

PAGE = 250  # as many as Notify lists at once
_PLACEHOLDER = re.compile(r"\(\(([^)(]+?)(?:\?\?[^)]*)?\)\)")


class SmsAdapter(OneAccount[SmsConfig]):
    """One service at Notify: the texts it receives, and the answers to them."""

    kind: ClassVar[str] = "sms"
    name: ClassVar[str] = "Text message"
    icon: ClassVar[str] = "sms"
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    configured = SmsConfig.from_dict
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=918,
        counting="sms",
        private=True,
        threads=False,
        attachments_bytes=0,
        attachments_most=0,
        ids_of_network=True,
        reaches=IDENTITY,
        source="GOV.UK Notify: text message pricing, message length",
        as_of_on=date(2026, 11, 23),
    )

    @classmethod
    def parse(
        cls,
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),
        is_ours: Callable[[str], bool] = nobody,
        own_addresses: Collection[str] = (),
    ) -> Parsed:
        """Return what a thing says; see `parse.parse`."""
        return parse_thing(
            content,
            fetched_at=fetched_at,
            received_at=received_at,
            envelope_to=envelope_to,
            is_ours=is_ours,
            own_addresses=own_addresses,
        )

    @staticmethod
    def message_id_for(conversation_id: int, message_id: int, account_address: str, key: bytes) -> str:  # noqa: ARG004
        """Return the reference under which a text is sent: ours alone, though other systems may use the same service."""
        return f"sociable:{message_id}.{_mark(message_id, key)}"

    @staticmethod
    def is_ours(value: str, key: bytes) -> bool:
        """Say whether a reference was made by this installation; what is sent anew bears a number behind."""
        found = re.fullmatch(r"sociable:([0-9]{1,18})\.([0-9a-f]+)(?::[0-9]{1,4})?", value)
        return found is not None and hmac.compare_digest(found[2], _mark(int(found[1]), key))

    @cached_property
    def _line(self) -> Any:
        """Loaded when Notify is first asked, and not by every process that only lists the channels."""
        from sociable.channels.sms.line import Line  # noqa: PLC0415

        return Line(self.config)

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        """Return received texts after the cursor; while a gap is open, of what lies in it. Notify keeps them for seven days.

        Errors: ChannelError
        """
        place = Place.read(cursor, self._service)
        below, page = place.below(), self._line.received(place.until)
        fresh: list[dict[str, Any]] = []
        at_end = len(page) < PAGE
        for each in page:
            at = at_of(each)
            if at and below and at <= below:
                at_end = True
                break
            if word(each, "id") not in place.heard:
                fresh.append(each)
            if len(fresh) == limit:
                at_end = at_end and each is page[-1]
                break
        last = word((fresh or page or [{}])[-1], "id")
        place.took(_times(fresh), last, more=not at_end and bool(last))
        return Fetched([_item(each) for each in reversed(fresh)], place.cursor(), bool(place.until))

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out all texts there today.

        Errors: ChannelError
        """
        place, page = Place(service=self._service), self._line.received()
        place.took(_times(page), "", more=False)
        return place.cursor()

    def wait(self, timeout: timedelta) -> bool:
        """Let the time go by: Notify calls our webhook, and does not answer a question late."""
        time.sleep(timeout.total_seconds())
        return False

    def listed(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        """Return every text received in a half-open stretch of time, as far as the seven days Notify keeps them.

        Errors: ChannelError
        """
        older_than = ""
        while page := self._line.received(older_than):
            for each in page:
                at = at_of(each)
                if at and at < since:
                    return
                if at and at < until:
                    yield _item(each)
            older_than = word(page[-1], "id")
            if len(page) < PAGE or not older_than:
                return

    def hear(self, call: Call) -> Heard:
        """Check that Notify made the call and return what it tells: a text, or what became of one of ours.

        Errors: CallRefused
        """
        return hook.hear(call, self.config.callback_token)

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Hand one text to Notify.

        Errors: ChannelError, permanent for a refusal for good; OutcomeUnknown where Notify may have it
        """
        number = _number(outgoing)
        if outgoing.attachments:
            raise ChannelError("A text message carries no files: put a link to them into the words.", permanent=True)
        before_handover()
        told = self._line.hand_over(number, outgoing.text, outgoing.message_id)
        if not word(told, "id"):
            raise OutcomeUnknown("Notify said yes without saying under which number, so it may or may not have it.")
        content = told.get("content")
        sender = word(content, "from_number") if isinstance(content, dict) else ""
        return _receipt(told, number, normalise(sender), STATES["created"].detail)

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Return the receipt of a text that Notify has under its reference, None where it has none.

        Errors: ChannelError where Notify cannot be asked now; permanent where it had the text and could not deliver it
        """
        found = next(iter(self._line.sent_as(outgoing.message_id)), None)
        if found is None:
            return None
        known = STATES.get(word(found, "status"))
        if known is not None and known.state == "failed":
            raise ChannelError(f"Notify had it. {known.detail}", permanent=True)
        return _receipt(found, _number(outgoing), "", known.detail if known else STATES["created"].detail)

    def check(self) -> list[Finding]:
        """Ask Notify for the template and for received texts, and say what works and how to mend what does not."""
        findings = [self._check_template(), self._check_received()]
        if not self.config.callback_token:
            what = "Notify cannot call: there is no bearer token for callbacks."
            mend = "Give one here and the same to Notify, or texts come a little later and nobody learns what became of answers."
            findings.append(Finding(ok=False, what=what, mend=mend))
        return findings

    def _check_template(self) -> Finding:
        mend = "Make a text message template in Notify whose whole text is ((message)), and copy its ID."
        try:
            template = self._line.template()
        except ChannelError as error:
            return Finding(ok=False, what=error.message, mend=mend)
        names = [each.strip().lower() for each in _PLACEHOLDER.findall(word(template, "body"))]
        if word(template, "type") != "sms":
            return Finding(ok=False, what="The template is not one for text messages.", mend=mend)
        if names != [self.config.placeholder.lower()]:
            there = ", ".join(f"(({each}))" for each in names) or "none"
            what = f"The template should have the one placeholder (({self.config.placeholder})); it has {there}."
            return Finding(ok=False, what=what, mend=mend)
        return Finding(ok=True, what="Texts can be sent with the template.")

    def _check_received(self) -> Finding:
        try:
            self._line.received()
        except ChannelError as error:
            mend = "In Notify's settings switch on receiving text messages for this service."
            return Finding(ok=False, what=f"Received texts cannot be read: {error.message}", mend=mend)
        return Finding(ok=True, what="Received texts can be read.")

    @property
    def _service(self) -> str:
        """The id of the service, which stands in every key."""
        return self.config.api_key[-73:-37]

    def close(self) -> None:
        """Hang up; the next question opens a new line."""
        if "_line" in self.__dict__:
            self._line.close()


def _mark(message_id: int, key: bytes) -> str:
    return hmac.digest(key, f"sms reference {message_id}".encode(), "sha256").hex()[:16]


def _times(texts: list[dict[str, Any]]) -> dict[str, str]:
    """When each text came, by its id."""
    return {word(each, "id"): word(each, "created_at") for each in texts}


def _item(told: dict[str, Any]) -> RawItem:
    content = json.dumps(told, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
    return RawItem(name_of(told, content), content, at_of(told))


def _number(outgoing: Outgoing) -> str:
    """Whom to text: the number a person gave or that is known of them, else the one that wrote."""
    given = [*outgoing.to[:1], str(dict(outgoing.reply_ref).get("number") or "")]
    found = next((number for number in map(normalise, given) if is_answerable(number)), "")
    if not found:
        said = next(filter(None, given), "")
        raise ChannelError(f"“{said}” is not a number to which a text can be sent.", permanent=True)
    return found


def _receipt(told: dict[str, Any], number: str, sender: str, detail: str) -> Receipt:
    state = STATES.get(word(told, "status"), STATES["created"]).state
    return Receipt(
        "delivered" if state == "delivered" else "accepted",
        f"sms:{word(told, 'id')}",
        detail,
        reply_ref={"number": number},
        thread_key=thread_key(number, sender) if is_answerable(sender) else "",
    )
