"""One person on several channels: joined by proof and never by name, with what is needed to part them again.

A proof is an answer from the very address we wrote to, a code that was sent there and came back, or a colleague's word with
a reason. Joined people hold one place in the queue; their conversations stay apart until somebody merges them.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from sociable.channels import registry
from sociable.conversations import services as conversations
from sociable.conversations.identity_models import Joining, ProofCode
from sociable.conversations.joining import same_person
from sociable.conversations.models import Contact, Conversation, Identity, Message, Outgoing
from sociable.domain.errors import DomainError
from sociable.journeys import outbox, trail
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.sealing import box
from sociable.promises import services as promises

HOLDS = timedelta(hours=24)  # a mail may be slow, and so may whoever reads it
MOST_WRONG = 5
MOST_A_DAY = 5  # to one conversation: nobody's mailbox is filled by us
MASK = "••••••"
_CODE = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}(?!\d)", re.ASCII)
WORDS = (
    "Somebody who writes to {account} says that this address is theirs. If that is you, send them this code there, or read it "
    "out to them:\n\n{mask}\n\nIt holds for a day. If it was not you, do nothing: nobody learns anything."
)


class CannotJoinPeople(DomainError):
    """These two cannot be said to be one person."""


class WrongCode(DomainError):
    """That is not the code."""


@dataclass(frozen=True, slots=True)
class Why:
    """The proof that two are one, in whose name, and the reason where it is a word."""

    proof: str
    person: Person | None = None
    reason: str = ""


# -- Joining ---------------------------------------------------------------------------------------------------------------


def by_word(conversation_id: int, who: str, reason: str, person: Person, now: datetime) -> Joining:
    """This function will join the contact of a conversation with whoever is known by an address or a conversation's number.

    Shape:  `who` is an address, a handle, or the number of a conversation that the person may see
    Errors: CannotJoinPeople; NotAllowed
    """
    if not reason.strip():
        raise CannotJoinPeople("Say how you know that they are one person: the reason is kept.")
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        other = _named(who, conversation, person)
        if other.pk == conversation.contact_id:
            raise CannotJoinPeople("They are one person here already.")
        joining = join(conversation.contact, other, Why(Joining.Proof.WORD, person, reason.strip()), now)
        trail.leave(
            conversation, verb="joined two people", kind="message", person=person, now=now,
            after={"joining": joining.pk}, reason=reason.strip(),
        )  # fmt: skip
    return joining


def _named(who: str, conversation: Conversation, person: Person) -> Contact:
    """The contact somebody means; only among those of whom the person may see something."""
    visible = Conversation.objects.visible_to(person).filter(account__partner=conversation.account.partner_id)
    words = who.strip().removeprefix("#")
    if words.isdecimal() and len(words) < 10 and (found := visible.filter(pk=words).select_related("contact").first()):
        return found.contact
    known = Identity.objects.filter(partner=conversation.account.partner_id, contact__conversations__in=visible)
    mine = known.filter(Q(address__iexact=words) | Q(handle__iexact=words) | Q(handle__iexact=f"@{words}"))
    contacts = {one.contact_id: one.contact for one in mine.select_related("contact").distinct()}
    if len(contacts) != 1:
        several = "Several people are known by that: give the number of a conversation instead."
        raise CannotJoinPeople(several if contacts else f"Nobody whom you may see is known by “{who.strip()}” here.")
    return next(iter(contacts.values()))


def join(into: Contact, other: Contact, why: Why, now: datetime) -> Joining:
    """This function will make two contacts one, inside the caller's transaction, and keep what came from where."""
    joining = Joining.objects.create(
        partner_id=into.partner_id,
        contact=into,
        name=other.name,
        identities=list(other.identities.order_by("pk").values_list("pk", flat=True)),
        conversations=list(other.conversations.order_by("pk").values_list("pk", flat=True)),
        proof=why.proof,
        reason=why.reason[:300],
        joined_at=now,
        joined_by=why.person,
    )
    Joining.objects.filter(contact=other).update(contact=into)
    same_person(into, other)
    promises.same_person(into.pk, other.pk)
    other.delete()
    return joining


def prove(contact: Contact, kind: str, address: str, why: Why, now: datetime) -> Joining | None:
    """This function will give a contact an address that was proved to be theirs; whoever had it becomes one with them.

    Shape:  None where it was theirs already
    """
    known = Identity.objects.filter(partner=contact.partner_id, kind=kind, address=address[:320])
    identity = known.select_related("contact").first()
    if identity is not None and identity.contact_id == contact.pk:
        return None
    if identity is not None:
        return join(contact, identity.contact, why, now)
    fresh = Identity.objects.create(partner_id=contact.partner_id, contact=contact, kind=kind, address=address[:320])
    return Joining.objects.create(
        partner_id=contact.partner_id, contact=contact, identities=[fresh.pk], proof=why.proof,
        reason=why.reason[:300], joined_at=now, joined_by=why.person,
    )  # fmt: skip


# -- Proofs ----------------------------------------------------------------------------------------------------------------


def listen(message: Message, now: datetime) -> None:
    """This function will take what somebody wrote for a proof where it is one: a code that came back, or the answer to our letter."""
    conversation = message.conversation
    if _answers_our_letter(message):
        prove(conversation.contact, message.identity_kind, message.from_address, Why(Joining.Proof.REPLY), now)
    guesses = {re.sub(r"\D", "", found) for found in _CODE.findall(message.text)}
    if not guesses or message.automatic:
        return
    # what comes from where the code was sent is our letter, quoted perhaps in a refusal
    elsewhere = _awaited(conversation, now).exclude(address__iexact=message.from_address)
    for code in elsewhere:
        if len(guesses) <= MOST_WRONG - code.wrong_tries and _opened(code) in guesses:
            _use(code, None, now)
        else:  # a letter full of numbers is as many guesses
            ProofCode.objects.filter(pk=code.pk).update(wrong_tries=min(MOST_WRONG, code.wrong_tries + len(guesses)))


def _answers_our_letter(message: Message) -> bool:
    """It came into this conversation from the address to which we wrote here, and where they ask it to be answered is no matter."""
    if message.automatic or not message.joined_why or not message.from_address:
        return False
    ours = Message.objects.filter(
        conversation=message.conversation_id, direction=Message.Direction.OUT, channel=message.channel, automatic=""
    ).exclude(outgoing__state=Outgoing.State.UNDONE)
    if not registry.adapter_class(message.channel).capabilities.ids_of_network:
        # Whoever writes a mail may put any sender on it: the id of the very letter shows that they have read it.
        ours = ours.filter(message_id=message.in_reply_to).exclude(message_id="")
    sent_to = (address for to in ours.values_list("to_addresses", flat=True) for address in to)
    return message.from_address in sent_to


def send_code(conversation_id: int, address: str, person: Person, now: datetime) -> ProofCode:
    """This function will send a code to a mail address that somebody says is theirs.

    Errors: CannotJoinPeople; NotAllowed
    """
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise CannotJoinPeople("Give a whole email address, like name@example.org.") from None
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        today = ProofCode.objects.filter(conversation=conversation, sent_at__gt=now - timedelta(days=1))
        if today.count() >= MOST_A_DAY:
            raise CannotJoinPeople("Enough codes were sent for this conversation today. Ask them for one they have.")
        today.filter(used_at=None).update(used_at=now)  # the newest alone counts
        words = WORDS.format(account=conversation.account.name, mask=MASK)
        message = conversations.add_outbound(
            conversation=conversation, text=words, channel="email", author=None, to=[address], now=now,
            automatic=Message.Automatic.OWN,
        )  # fmt: skip
        fresh = f"{secrets.randbelow(10**6):06d}"
        code = ProofCode.objects.create(
            conversation=conversation, message=message, kind="email", address=address, sent_by=person, sent_at=now,
            sealed=box("proof-code").encrypt(fresh.encode()).decode(),
        )  # fmt: skip
        outbox.queue(message, undo_until_at=now)
        trail.leave(conversation, verb="sent a code", kind="message", person=person, now=now, after={"to": address})
    return code


def filled(message: Message) -> str:
    """This function will return the words of a message as they leave: a code stands in them nowhere else."""
    code = ProofCode.objects.filter(message=message).first() if message.automatic else None
    return message.text if code is None else message.text.replace(MASK, _opened(code))


def enter_code(conversation_id: int, typed: str, person: Person, now: datetime) -> None:
    """This function will take a code that somebody was told, and join whom it proves.

    Errors: WrongCode; NotAllowed
    """
    right = False
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        code = _awaited(conversation, now).first()
        if code is None:
            raise WrongCode("No code is awaited here, or it no longer holds. Send a new one.")
        right = secrets.compare_digest(_opened(code), re.sub(r"[^0-9]", "", typed))
        if right:
            _use(code, person, now)
            trail.leave(conversation, verb="entered a code", kind="message", person=person, now=now)
        else:
            ProofCode.objects.filter(pk=code.pk).update(wrong_tries=code.wrong_tries + 1)
    if not right:
        raise WrongCode("That is not the code. Ask them to read it again.")


def _awaited(conversation: Conversation, now: datetime) -> QuerySet[ProofCode]:
    open_codes = ProofCode.objects.filter(conversation=conversation, used_at=None, wrong_tries__lt=MOST_WRONG)
    return open_codes.filter(sent_at__gt=now - HOLDS).order_by("-pk")


def awaits_code(conversation: Conversation, now: datetime) -> bool:
    """This function will say whether a code is awaited in a conversation."""
    return _awaited(conversation, now).exists()


def _opened(code: ProofCode) -> str:
    return box("proof-code").decrypt(code.sealed.encode()).decode()


def _use(code: ProofCode, person: Person | None, now: datetime) -> None:
    ProofCode.objects.filter(pk=code.pk).update(used_at=now)
    contact = Conversation.objects.select_related("contact").get(pk=code.conversation_id).contact
    prove(contact, code.kind, code.address, Why(Joining.Proof.CODE, person), now)


# -- Parting ---------------------------------------------------------------------------------------------------------------


def part(joining_id: int, conversation_id: int, reason: str, person: Person, now: datetime) -> Contact:
    """This function will undo a joining: its addresses, and the conversations that came by them, are another person's again.

    Errors: CannotJoinPeople; NotAllowed
    """
    if not reason.strip():
        raise CannotJoinPeople("Say why they are not one person: the reason is kept.")
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        joining = Joining.objects.select_for_update().filter(pk=joining_id, contact=conversation.contact_id).first()
        if joining is None or joining.undone_at is not None:
            raise CannotJoinPeople("They were parted already. Look again.")
        theirs = Identity.objects.filter(pk__in=joining.identities, contact=joining.contact_id)
        theirs_were = list(theirs.values_list("pk", flat=True))
        moving = [one.pk for one in joining.contact.conversations.all() if _came_by(one, list(theirs), joining)]
        fresh = Contact.objects.create(partner_id=joining.partner_id, name=joining.name, created_at=now)
        theirs.update(contact=fresh)
        Conversation.objects.filter(pk__in=moving).update(contact=fresh)
        promises.of_contact(moving, fresh.pk)
        _follow(joining, set(theirs_were), fresh)
        joining.undone_at, joining.undone_by, joining.undone_reason = now, person, reason.strip()[:300]
        joining.save(update_fields=["undone_at", "undone_by", "undone_reason"])
        trail.leave(
            conversation, verb="parted two people", kind="message", person=person, now=now,
            after={"joining": joining.pk}, reason=reason.strip(),
        )  # fmt: skip
    return fresh


def _follow(parted: Joining, gone: set[int], fresh: Contact) -> None:
    """What was joined before, and left together now, is still joined, and can be parted there."""
    others = Joining.objects.filter(contact=parted.contact_id, undone_at=None).exclude(pk=parted.pk)
    inside = [one.pk for one in others if one.identities and set(one.identities) <= gone]
    Joining.objects.filter(pk__in=inside).update(contact=fresh)


def _came_by(conversation: Conversation, identities: list[Identity], joining: Joining) -> bool:
    """Whether a conversation came with the joining, or began later by an address that did."""
    if conversation.pk in joining.conversations:
        return True
    first = conversation.messages.filter(direction=Message.Direction.IN).order_by("sent_at", "pk").first()
    addresses = {(one.kind, one.address) for one in identities}
    return first is not None and (first.identity_kind, first.from_address) in addresses
