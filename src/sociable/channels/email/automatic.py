"""Decides whether a mail was written by a machine, and whether it may be sent an automatic answer.

Leaves what follows to the journeys: what is automatic never starts a wait, and is kept and shown all the same.

A person taken for a machine waits for ever; a machine taken for a person costs one key press. So only signs
that people's mail does not carry count here, and weaker ones only stop the acknowledgement:
- a list is no sign where the list is the account's own address, as with a help@ that is a mailing group;
- a no-reply sender with a different Reply-To is a web form passing a person's words on;
- List-Unsubscribe alone, Precedence alone with unknown words, and X-Auto-Response-Suppress are put on people's
  mail by the systems that carry it.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from sociable.channels.base import Automatic
from sociable.channels.email.address import normalise_address
from sociable.channels.email.headers import Headers

_NOBODY = re.compile(r"^(?:no|do-?not|dont|never)[-_.]?(?:reply|respond|answer)(?:$|[-_.+@\d])")
_DAEMON = re.compile(r"^(?:mailer-daemon|mail-daemon|maildaemon|postmaster)(?:$|[-_.+@])")
_UNDELIVERED = re.compile(
    r"^(?:undeliver|undelivered|delivery (?:status|failure|has failed|incomplete)|mail delivery (?:fail|system)"
    r"|returned mail|failure notice|warning: (?:could not send|message))"
)
_AWAY_SURELY = re.compile(r"^(?:automatic reply|auto-?reply|auto[- ]response|autosvar|ateb awtomatig)\s*:")
_AWAY_PERHAPS = re.compile(r"^(?:out of (?:the )?office|on (?:annual )?leave|away from|allan o'r swyddfa)\b")
_SUPPRESSES = re.compile(r"\b(?:all|oof|autoreply)\b")
_NOT_MEANT = {"", "no", "false", "0", "none"}


class Verdict(NamedTuple):
    """What kind of machine wrote a mail (none: a person), why we think so, and may it be acknowledged."""

    kind: Automatic
    why: str
    may_acknowledge: bool


def judge(headers: Headers, *, report_type: str, ids: tuple[str, ...], own: "Own") -> Verdict:
    """Return who wrote a mail, a machine or a person, with the sign it was known by.

    Shape:  `ids` is the mail's own Message-ID, `report_type` the one of a multipart/report
    """
    for kind, why in _signs(headers, report_type, ids, own):
        return Verdict(kind, why, may_acknowledge=False)
    return Verdict("", "", may_acknowledge=not _asks_for_silence(headers))


class Own(NamedTuple):
    """What is known here of ourselves: which Message-IDs we made, and the account's own addresses."""

    is_ours: Callable[[str], bool]
    addresses: Collection[str]

    def has_list(self, named: str) -> bool:
        """Say whether a List-Id or List-Post names one of the account's own addresses."""
        mine = {normalise_address(address) for address in self.addresses}
        named = named.lower()
        return any(address in named or address.replace("@", ".") in named for address in mine)


def _signs(headers: Headers, report_type: str, ids: tuple[str, ...], own: Own) -> Iterator[tuple[Automatic, str]]:
    """Yield the signs of a machine, surest first."""
    if any(own.is_ours(value) for value in ids):
        yield "own", "We sent it ourselves."
    yield from _bounce_signs(headers, report_type)
    yield from _answer_signs(headers, report_type)
    yield from _list_signs(headers, own)
    yield from _sender_signs(headers)


def _bounce_signs(headers: Headers, report_type: str) -> Iterator[tuple[Automatic, str]]:
    if report_type == "delivery-status":
        yield "bounce", "It is a delivery report from a mail server."
    if "x-failed-recipients" in headers:
        yield "bounce", "It names recipients a mail server could not reach."
    undelivered = _UNDELIVERED.match(headers.text("subject").lower())
    if undelivered and (_null_sender(headers) or _DAEMON.match(_sender(headers))):
        yield "bounce", "A mail server wrote it, and its subject says that a mail was not delivered."


def _answer_signs(headers: Headers, report_type: str) -> Iterator[tuple[Automatic, str]]:
    submitted = headers.plain("auto-submitted").partition(";")[0].strip()
    if submitted and submitted != "no":
        yield "auto_reply", f"It says so itself (Auto-Submitted: {submitted[:40]})."
    for name in ("x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponder"):
        if headers.plain(name) not in _NOT_MEANT:
            yield "auto_reply", f"It says so itself ({name.title()})."
    if headers.plain("precedence") in {"auto_reply", "auto-reply"}:
        yield "auto_reply", "It says so itself (Precedence: auto_reply)."
    if report_type in {"disposition-notification", "feedback-report"}:
        yield "auto_reply", "It is a read receipt or a report made by a mail program."
    subject = headers.text("subject").lower()
    if _AWAY_SURELY.match(subject):
        yield "auto_reply", "Its subject is the one mail programs give to automatic replies."
    if _AWAY_PERHAPS.match(subject) and _answers_something(headers) and _asks_for_silence(headers):
        yield "auto_reply", "It answers a mail with an out-of-office subject and asks for no answer."


def _list_signs(headers: Headers, own: Own) -> Iterator[tuple[Automatic, str]]:
    named = " ".join((headers.first("list-id"), headers.first("list-post")))
    if own.has_list(named):
        return
    if named.strip():
        yield "list", "It came by a mailing list."
    if headers.plain("precedence") in {"bulk", "junk", "list"}:
        yield "list", f"It was sent to many (Precedence: {headers.plain('precedence')})."
    if "list-unsubscribe-post" in headers:
        yield "list", "It carries a one-click unsubscribe, as bulk mail must."


def _sender_signs(headers: Headers) -> Iterator[tuple[Automatic, str]]:
    sender = _sender(headers)
    if _DAEMON.match(sender):
        yield "auto_reply", f"A mail system wrote it ({sender})."
    if _null_sender(headers):
        yield "auto_reply", "Its return address is empty, as only machines leave it."
    if _NOBODY.match(sender) and not _answers_elsewhere(headers, sender):
        yield "auto_reply", f"It comes from an address nobody reads ({sender})."


def _asks_for_silence(headers: Headers) -> bool:
    """Whether an automatic answer would be unwelcome, or could start a loop."""
    suppressed = _SUPPRESSES.search(headers.plain("x-auto-response-suppress"))
    listed = any(name in headers for name in ("list-id", "list-post", "list-unsubscribe", "precedence", "x-loop"))
    return bool(suppressed) or listed or not (_sender(headers) or headers.addresses("reply-to"))


def _sender(headers: Headers) -> str:
    return next((address for _, address in headers.addresses("from")), "")


def _null_sender(headers: Headers) -> bool:
    return headers.first("return-path").strip() == "<>"


def _answers_something(headers: Headers) -> bool:
    return "in-reply-to" in headers or "references" in headers


def _answers_elsewhere(headers: Headers, sender: str) -> bool:
    return any(address != sender and not _NOBODY.match(address) for _, address in headers.addresses("reply-to"))
