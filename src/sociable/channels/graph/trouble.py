"""Decides what a refusal of the Graph API means: in words for people, and whether the same thing may be tried again.

Leaves trying again, and showing the words, to the rooms above. Codes are data: a new one is a line here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, RateLimited
from sociable.channels.graph.reading import Node, part, words
from sociable.channels.graph.usage import Usage

LOG_IN = frozenset({0, 102, 190})
PERMISSION = frozenset({3, 10, *range(200, 300)})
BUSY = frozenset({4, 17, 32, 341, 613, *range(80000, 80015), 130429, 131056, 133016})
PASSING = frozenset({2, 131016, 133004})
# It failed for a reason the network does not know itself, so it may have been done all the same.
NOT_KNOWN = frozenset({1, 131000})

OUTSIDE_WINDOW = frozenset({(10, 2018278), (10, 2018065), (10, 2534022), (131047, 0)})
MEANING: Mapping[tuple[int, int], str] = {
    **dict.fromkeys(
        OUTSIDE_WINDOW,
        "The time in which they can be written to freely is over. They must write first, or an approved template is needed.",
    ),
    (
        10,
        2018108,
    ): "They do not take messages from this page just now: they closed the conversation or blocked the page.",
    (10, 2534037): "Meta has not allowed this app to answer after 24 hours (the permission “Human Agent”).",
    (100, 33): "It is no longer there, or this account may not see it: it was deleted, or its owner hid it.",
    (100, 2018001): "There is nobody of that id whom this page may write to.",
    (100, 2534014): "There is nobody of that id whom this account may write to.",
    (100, 2018294): "The picture or file could not be sent on; it may be broken or of a kind that is not taken.",
    (10900, 0): "A private reply to this comment was sent already; the network allows one.",
    (200, 1545041): "They cannot be reached: they closed the conversation, blocked the page or left the network.",
    (551, 0): "They cannot be reached: they blocked the page or left the network.",
    (368, 0): "Meta has restricted this account for breaking a rule; see Meta Business Suite for what and until when.",
    (
        506,
        0,
    ): "The network takes it for the same words twice in a row and refuses it; change something and send it again.",
    (
        1893015,
        0,
    ): "A private reply to this comment is not possible any more: it is older than seven days or was answered so already.",
    (130472, 0): "It was not delivered: their number is part of an experiment of Meta's that holds such messages back.",
    (130497, 0): "WhatsApp does not let this account write to numbers in that country.",
    (131005, 0): "This account has not been given permission for that at Meta.",
    (131008, 0): "Something that WhatsApp asks for was missing.",
    (131009, 0): "Something in it is not as WhatsApp asks for.",
    (131021, 0): "A number cannot write to itself.",
    (
        131026,
        0,
    ): "It cannot be delivered: the number is not on WhatsApp, uses an old version, or has not accepted new terms.",
    (131030, 0): "This is a test account, and the number is not among those it may write to.",
    (131031, 0): "WhatsApp has locked this account; see WhatsApp Manager for the reason.",
    (131042, 0): "WhatsApp does not send it because of the payment settings of this account.",
    (131045, 0): "This number is not registered with WhatsApp; register it in WhatsApp Manager.",
    (131048, 0): "WhatsApp holds this number back because too many of its messages were blocked or reported.",
    (131049, 0): "WhatsApp chose not to deliver it, to keep the number of such messages low; wait before trying again.",
    (131051, 0): "WhatsApp does not take messages of this kind.",
    (131052, 0): "The file that was sent to us could not be fetched from WhatsApp.",
    (131053, 0): "WhatsApp could not take the file: its kind or size is not allowed.",
    (131057, 0): "WhatsApp is working on this account; it takes no messages until that is done.",
    (132000, 0): "The template has another number of blanks than were filled in.",
    (132001, 0): "There is no approved template of that name in that language.",
    (132005, 0): "The template becomes too long with what was filled in.",
    (132007, 0): "What was filled into the template breaks WhatsApp's rules.",
    (132012, 0): "What was filled into the template is not of the kind it asks for.",
    (132015, 0): "WhatsApp has paused the template because of its quality; choose another.",
    (132016, 0): "WhatsApp has switched the template off for good; choose another.",
    (133010, 0): "This number is not registered with WhatsApp; register it in WhatsApp Manager.",
}


@dataclass(frozen=True)
class Refusal:
    """What one error of the Graph API says.

    Source: Graph API "Handling errors"; Messenger Platform and WhatsApp lists of error codes
    """

    code: int
    subcode: int
    message: str
    transient: bool = False

    @property
    def outside_window(self) -> bool:
        """Whether it says that they can no longer be written to freely."""
        return (self.code, self.subcode) in OUTSIDE_WINDOW or (self.code, 0) in OUTSIDE_WINDOW

    @property
    def in_words(self) -> str:
        """What it means, and the network's own words and numbers behind it for whoever must ask Meta."""
        meaning = MEANING.get((self.code, self.subcode)) or MEANING.get((self.code, 0)) or "Meta refused it."
        number = f"{self.code}.{self.subcode}" if self.subcode else f"{self.code}"
        return f"{meaning} (Meta: {self.message or 'no reason given'}, code {number})"


class Refused(ChannelError):
    """The network said no and knows why; trying the same again does not help."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.in_words, permanent=True)
        self.refusal = refusal


def refusal(error: Any) -> Refusal:
    """Return what an error object says, in a response or in a webhook."""
    node: Node = error if isinstance(error, dict) else {}
    details = words(part(node, "error_data"), "details") or words(node, "error_user_msg")
    message = details or words(node, "message") or words(node, "title")
    return Refusal(_whole(node, "code"), _whole(node, "error_subcode"), message[:500], node.get("is_transient") is True)


def _whole(node: Node, name: str) -> int:
    digits = words(node, name)
    return int(digits) if digits.isdecimal() and len(digits) < 12 else -1 if name == "code" else 0


def raise_for(status: int, body: Any, usage: Usage, *, handed_over: bool) -> None:
    """Raise what a response that is not a success means.

    Shape:  `handed_over`: it asked for something to be done, which may have happened where the network does not know
    Errors: RateLimited, LogInRefused, OutcomeUnknown, Refused, or ChannelError for what passes
    """
    told = refusal(part(body, "error"))
    if told.code in BUSY or status == 429:
        raise RateLimited("Meta asks for a pause: this account has made too many calls.", usage.regained_in)
    if told.code in LOG_IN or (status == 401 and told.code == -1):
        raise LogInRefused(f"Meta no longer takes this account's access token: {told.message or 'no reason given'}")
    if told.code in NOT_KNOWN or (status >= 500 and told.code == -1):
        _raise_not_known(status, told, handed_over=handed_over)
    if told.code in PASSING or told.transient:
        raise ChannelError(f"Meta has trouble of its own just now: {told.message or f'HTTP {status}'}")
    if told.code in PERMISSION and (told.code, told.subcode) not in MEANING:
        raise LogInRefused(f"Meta says that this account has not been given permission: {told.message}")
    raise Refused(told)


def _raise_not_known(status: int, told: Refusal, *, handed_over: bool) -> None:
    message = f"Meta answered with an error it does not explain ({told.message or f'HTTP {status}'})."
    if handed_over:
        raise OutcomeUnknown(f"{message} It may have been sent all the same.")
    raise ChannelError(message)
