"""Asks what the place where an answer goes can carry, and lays out the messages by which it goes the way that was chosen.

Which ways there are, and in which order, is decided in domain/ways; writing and queueing is left to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet

from sociable.asking.question import Given, Question
from sociable.channels import registry
from sociable.channels.base import Capabilities, ParsedAttachment
from sociable.conversations import chats
from sociable.conversations.models import Conversation, Identity, Message, SavedAnswer
from sociable.conversations.queries import READ_BY_OTHERS
from sociable.directory import queries as directory
from sociable.directory.limits import capabilities_of
from sociable.directory.models import Account
from sociable.domain import ways
from sociable.domain.errors import DomainError
from sociable.domain.text import Finding, Known, Limit, fits, is_mobile, private_in
from sociable.domain.ways import Carrier, Judged, Offer, Way
from sociable.journeys import outbox, purposes
from sociable.journeys.purposes import Right


class Stopped(DomainError):
    """It cannot go as it stands; whoever wrote it is shown what can be done, with nothing lost."""


class TooLong(Stopped):
    """One message cannot hold it, and no other way was chosen."""


class TooPrivate(Stopped):
    """Others would read what looks private, and no reason was given."""


class WayClosed(Stopped):
    """The chosen way is not open, or something it needs is missing."""


class PicturesUntold(Stopped):
    """The network asks what a picture shows, for people who cannot see it; `names` are the pictures."""

    def __init__(self, message: str, names: Sequence[str]) -> None:
        super().__init__(message)
        self.names = names


@dataclass(frozen=True, slots=True)
class Chosen:
    """What whoever answers chose: the way, the address it needs, the line for onlookers, why something private is said in public."""

    way: Way = Way.AS_IT_IS
    email: str = ""
    closing: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """One message of an answer. `links` to the whole answer: to all of theirs for them alone, to the answer alone for everybody."""

    text: str
    channel: str
    to: tuple[str, ...]
    visibility: str = ""
    links: Literal["", "theirs", "everybody"] = ""
    for_onlookers: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes as it stands, and what can be carried there."""

    channel: str
    address: str
    visibility: str
    capabilities: Capabilities
    carrier: Carrier = field(default_factory=Carrier)
    right: Right | None = None  # the account that must answer, where the one they asked does not

    @property
    def to(self) -> tuple[str, ...]:
        return (self.address,) if self.address else ()

    @property
    def readers(self) -> str:
        """Who reads what is said there: a network keeps an answer in the circle in which they asked."""
        if not self.carrier.public:
            return "Nobody else"
        return "Followers, or those in their group," if self.visibility == "followers" else "Everybody"


# -- Where it goes ---------------------------------------------------------------------------------------------------------


def address_of(conversation: Conversation) -> tuple[str, str]:
    """This function will say how an answer travels: the channel, and the address, empty where it is read on the private link.

    Shape:  the address of whoever asked, as they last wrote; not of somebody who had a copy and wrote after them. Where a channel
            cannot carry an answer, an address that they gave for it is a mail address
    """
    theirs = _HEARD_OF_THEM.first(conversation=conversation.pk, contact=conversation.contact_id)
    last_in = theirs or heard_in(conversation).first()
    if last_in is None:
        return "form", ""
    if registry.adapter_class(last_in.channel).capabilities.live:
        return _where_they_chat(conversation, last_in.channel)
    address = last_in.reply_address or last_in.from_address
    if address and registry.can_send(last_in.channel):
        return last_in.channel, address
    if last_in.reply_address:
        return "email", last_in.reply_address
    if last_in.from_address and (channel := _texted(conversation.account, last_in)):
        return channel, last_in.from_address
    return ("email", address) if address and last_in.identity_kind == "email" else (last_in.channel, "")


def _texted(account: Account, noted: Message) -> str:
    """The channel by which a number that somebody rang from can be written to; empty where there is none."""
    if not registry.adapter_class(noted.channel).capabilities.by_hand or not is_mobile(noted.from_address):
        return ""
    kinds = [kind for kind, one in registry.kinds().items() if one.capabilities.reaches == noted.identity_kind]
    return next((kind for kind in kinds if directory.account_connected(account, kind) is not None), "")


def _where_they_chat(conversation: Conversation, channel: str) -> tuple[str, str]:
    """In the chat as long as it is open; once it has ended, by email where they gave an address."""
    gone_to = chats.gone_to(conversation.pk)
    return ("email", gone_to) if gone_to else (channel, "")


def heard_in(conversation: Conversation) -> QuerySet[Message]:
    """This function will return what people wrote to us in a conversation, newest first."""
    return _heard_in(conversation.pk)


def _heard_in(conversation_id: int | Given) -> QuerySet[Message]:
    heard = Message.objects.filter(conversation=conversation_id, direction=Message.Direction.IN, automatic="")
    return heard.order_by("-sent_at", "-pk")


def _of_them() -> Q:
    theirs = Identity.objects.filter(contact=Given("contact")).values("address")
    return Q(from_address__in=theirs) | Q(from_address="")


# of each no more than is asked of it: what they wrote may be long
_HEARD_OF_THEM = Question(
    lambda: (
        _heard_in(Given("conversation"))
        .filter(_of_them())
        .only("channel", "reply_address", "from_address", "identity_kind")[:1]
    )
)
_HEARD_BY_CHANNEL = Question(
    lambda: (
        _heard_in(Given("conversation"))
        .filter(channel=Given("channel"))
        .only("conversation_id", "channel", "visibility", "reply_ref", "sent_from_id")[:1]
    )
)


def place_of(conversation: Conversation) -> Place:
    """This function will say where an answer goes as it stands, who can read it there, and what can be carried."""
    channel, address = address_of(conversation)
    asked = _HEARD_BY_CHANNEL.first(conversation=conversation.pk, channel=channel)
    if asked is not None:
        asked.conversation = conversation
    right = purposes.right_of(conversation, channel, asked) if address else None
    by_itself = outbox.sending_account(asked) if asked else conversation.account
    can = capabilities_of(right.account if right is not None and right.can else by_itself, channel)
    visibility = asked.visibility if asked else ""
    if not address:  # read on the private link, by them alone; or by nobody, where they spoke with us
        return Place(channel, address, visibility, can, Carrier(shut=can.by_hand, email=known_email(conversation)))
    carrier = _carrier(conversation, channel, asked, can)
    if right is not None and not right.can:
        carrier = replace(carrier, shut=True)
    return Place(channel, address, visibility, can, carrier, right)


def _carrier(conversation: Conversation, channel: str, asked: Message | None, can: Capabilities) -> Carrier:
    visibility = asked.visibility if asked else ""
    public = visibility in READ_BY_OTHERS or (not visibility and not can.private)
    takes = _takes(asked)
    alone = _limits(can.longest_private_text, can.counting_private, None, takes)
    here = _limits(can.longest_text, can.counting, can.longest_bytes, takes)
    spoken_in_private = visibility == "private" and can.private_replies
    return Carrier(
        public=public,
        limits=alone if spoken_in_private else here,
        most_parts=can.most_parts if can.threads else 1,
        private_replies=can.private_replies,
        private_limits=alone,
        email=known_email(conversation),
        allowed=_allowed(conversation.account, channel),
    )


def _takes(asked: Message | None) -> int:
    """How much room is taken in every message before the words of whoever answers: the network's adapter says so."""
    takes = asked.reply_ref.get("takes") if asked is not None else 0
    return takes if isinstance(takes, int) and takes > 0 else 0


def _limits(longest: int | None, counting: str, longest_bytes: int | None, takes: int) -> tuple[Limit, ...]:
    limits = [Limit(counting, max(1, longest - takes))] if longest is not None else []
    return (*limits, *([Limit("bytes", longest_bytes)] if longest_bytes is not None else []))


def _allowed(account: Account, channel: str) -> frozenset[Way]:
    allowed = {Way(one) for one in account.answers_by if one in set(Way)}
    return frozenset(allowed - ({Way.EMAIL} if channel == "email" else set()))


def known_email(conversation: Conversation) -> str:
    """This function will return the mail address by which whoever asks was answered here, or is known; empty where there is none."""
    (ours,) = _ANSWERED_BY_EMAIL.first(conversation=conversation.pk) or ([],)
    if ours:
        return str(ours[0])
    (theirs,) = _MAIL_ADDRESS.first(contact=conversation.contact_id) or ("",)
    return theirs


def _answered_by_email() -> QuerySet[Message, tuple[list[str]]]:
    """What we send by ourselves may be a code, to an address that is not proved."""
    answers = Message.objects.filter(conversation=Given("conversation"), direction=Message.Direction.OUT)
    return answers.filter(channel="email", automatic="").order_by("-pk").values_list("to_addresses")[:1]


_ANSWERED_BY_EMAIL = Question(_answered_by_email)
_MAIL_ADDRESS = Question(
    lambda: Identity.objects.filter(contact=Given("contact"), kind="email").order_by("-pk").values_list("address")[:1]
)


# -- What stands against it ------------------------------------------------------------------------------------------------


def judged(conversation: Conversation, place: Place, text: str, today: date) -> Judged:
    """This function will say what stands against a text as it is, and which ways are open for it."""
    return ways.judge(text, place.carrier, private(conversation, place, text, today))


def private(conversation: Conversation, place: Place, text: str, today: date) -> list[Finding]:
    """This function will find what must not be said where others read it; nothing where they alone read it."""
    if not place.carrier.public:
        return []
    return private_in(text, today=today, known=public_already(conversation.account))


def public_already(account: Account) -> Known:
    """This function will gather what a body says of itself to everybody: its accounts' cards, and what it keeps as saved answers."""
    cards = Account.objects.published().filter(partner=account.partner_id)
    said = [words for card in cards.values_list("about", "other_ways", "address", "handle") for words in card if words]
    saved = SavedAnswer.objects.filter(partner=account.partner_id).values_list("text", flat=True)
    domains = {address.rpartition("@")[2] for address in cards.values_list("address", flat=True)}
    domains.add((urlsplit(account.partner.website).hostname or "").removeprefix("www."))
    return Known.of([*said, *saved], domains=domains - {""})


def check_files(place: Place, attachments: Sequence[ParsedAttachment]) -> None:
    """This function will refuse more files than the network takes, and ask what every picture shows where people who cannot see are told.

    Errors: WayClosed; PicturesUntold
    """
    most = place.capabilities.attachments_most
    if most is not None and len(attachments) > most:
        raise WayClosed(
            f"{len(attachments)} files are too many: one message takes {most}. Choose fewer, or send it by email."
        )
    if not place.capabilities.alt_text:
        return
    untold = [one.name for one in attachments if is_picture(one.detected_type) and not one.alt_text.strip()]
    if untold:
        raise PicturesUntold(
            f"Say what {' and '.join(untold)} {'shows' if len(untold) == 1 else 'show'}, for people who cannot see it.",
            untold,
        )


def is_picture(content_type: str) -> bool:
    """This function will say whether a file is one that people look at."""
    return content_type.startswith("image/")


# -- The messages it takes -------------------------------------------------------------------------------------------------


def legs(
    conversation: Conversation,
    place: Place,
    text: str,
    *,
    chosen: Chosen,
    now: datetime,
    alt_texts: Collection[str] = (),
) -> tuple[list[Leg], list[Finding]]:
    """This function will lay out the messages of an answer, the answer itself first, and say what private words go public in them.

    Errors: TooLong; TooPrivate; WayClosed
    """
    stands = judged(conversation, place, text, now.date())
    offer = stands.offer(chosen.way)
    if offer is None:
        raise WayClosed("It cannot go that way any more. Choose another: your words are kept.")
    if chosen.way is Way.AS_IT_IS and stands.too_long:
        raise TooLong(_too_long_words(stands))
    said = [*stands.exposed, *_private_in_all(conversation, place, alt_texts, now)] if offer.in_public else []
    closing = _closing(place, chosen, offer)
    if closing:
        said += private(conversation, place, closing.text, now.date())
    if said and not chosen.reason.strip():
        raise TooPrivate(_too_private_words(said, place.readers))
    return [*_LAID[chosen.way](place, offer, chosen), *([closing] if closing else [])], said


def _private_in_all(conversation: Conversation, place: Place, texts: Iterable[str], now: datetime) -> Iterable[Finding]:
    return (one for text in texts for one in private(conversation, place, text, now.date()))


def _too_long_words(stands: Judged) -> str:
    others = " Shorten it, or choose another way below." if len(stands.offers) > 1 else " Shorten it."
    return f"This is {ways.too_many(stands)} for one message.{others}"


def _too_private_words(said: Sequence[Finding], readers: str) -> str:
    more = f" There is more like it: {len(said)} in all." if len(said) > 1 else ""
    return f"{readers} could read this. {said[0].why}{more} Take it out, choose a private way, or say why it must be said in public."


def _as_parts(place: Place, offer: Offer, _: Chosen) -> list[Leg]:
    return [Leg(part, place.channel, place.to, place.visibility) for part in offer.parts]


def _in_private(place: Place, offer: Offer, _: Chosen) -> list[Leg]:
    return [Leg(part, place.channel, place.to, "private") for part in offer.parts]


def _by_link(place: Place, offer: Offer, chosen: Chosen) -> list[Leg]:
    """The whole answer is read on the link; a message brings them the link, for all to read where there is no private one."""
    whole = Leg(offer.parts[0], "form", (), "private")
    if not place.carrier.public or offer.leaves_line:
        visibility = "private" if place.carrier.public else place.visibility
        return [whole, Leg(ways.LINK_LINE, place.channel, place.to, visibility, links="theirs")]
    return [
        whole,
        Leg(chosen.closing.strip() or ways.LINK_LINE, place.channel, place.to, place.visibility, links="everybody"),
    ]


def _by_email(place: Place, offer: Offer, chosen: Chosen) -> list[Leg]:
    address = chosen.email.strip() or place.carrier.email
    try:
        validate_email(address)
    except ValidationError:
        raise WayClosed("Give the email address to which it should go, like name@example.org.") from None
    return [Leg(offer.parts[0], "email", (address,), "private")]


_LAID: dict[Way, Callable[[Place, Offer, Chosen], list[Leg]]] = {
    Way.AS_IT_IS: _as_parts,
    Way.THREAD: _as_parts,
    Way.PRIVATE: _in_private,
    Way.LINK: _by_link,
    Way.EMAIL: _by_email,
}


def _closing(place: Place, chosen: Chosen, offer: Offer) -> Leg | None:
    """The line that tells onlookers that we answered: an unanswered question is what they would see else."""
    if not offer.leaves_line:
        return None
    words = chosen.closing.strip() or ways.CLOSING[chosen.way]
    if not fits(words, place.carrier.limits):
        raise WayClosed("The line for onlookers is too long for one message. Shorten it.")
    return Leg(words, place.channel, place.to, place.visibility, for_onlookers=True)


def words_again(parts: Sequence[Message]) -> str:
    """This function will put the words of an answer that was taken back together again, without numbers and without the lines about it."""
    first, *others = parts
    bodies = [one for one in parts if (one.channel, one.visibility) == (first.channel, first.visibility)]
    if others and not others[0].acknowledges and len(bodies) > 1:
        return "\n\n".join(one.text.rpartition(" ")[0] for one in bodies if not one.acknowledges)
    return first.text
