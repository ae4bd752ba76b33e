"""A person puts together what belongs together, parts what does not, and passes a conversation to the account it is for.

The clock keeps its first start in all three. Where mail goes afterwards follows from the conversation's sign-posts.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.conversations import joining
from sociable.conversations import services as conversations
from sociable.conversations.identity_models import Joining
from sociable.conversations.models import Contact, Conversation, Message
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.journeys import identify, settle, trail, windows
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises import services as promises

State = Conversation.State
ANSWERING = (Account.Stage.LEARNING, Account.Stage.LIVE)


class CannotJoin(DomainError):
    """These two cannot become one."""


class CannotSplit(DomainError):
    """Nothing can be parted here."""


class CannotMove(DomainError):
    """The conversation cannot go to that account."""


def merge(
    conversation_id: int, into_id: int, person: Person, now: datetime, *, same_person: bool = False
) -> Conversation:
    """This function will bring one conversation into another of the same partner and return the one that lives on.

    Whoever waits in both waits once, from the first start. Old private links and reply addresses lead to the living one.

    Errors: CannotJoin, among others where two contacts are not said to be the `same_person`: each would read the other's
            words on their private link; NotAllowed
    """
    with transaction.atomic():
        other, into = (conversations.locked(pk) for pk in sorted((conversation_id, into_id)))
        if other.pk != conversation_id:
            other, into = into, other
        _check_join(other, into, person, same_person=same_person)
        if State.KEPT_ASIDE in (other.state, into.state) and other.state != into.state:
            _released(other, into, person, now)
        if other.contact_id != into.contact_id:
            word = identify.Why(Joining.Proof.WORD, person, f"Merged “{other}” into this")
            identify.join(into.contact, other.contact, word, now)
            other.contact = into.contact
        joining.join(into, other, f"Merged from “{other}” by {person.name}")
        promises.join(into, other, now)
        windows.retell(other, now)
        windows.retell(into, now)
        for kind in ("hold", "snooze"):
            due.withdraw(kind, [other.pk])
        if promises.open_wait(into) is not None and into.state != State.OPEN:
            conversations.settle(into, State.OPEN)
        trail.leave(other, verb="merged into another", kind="merged", person=person, now=now, after={"into": into.pk})
        trail.leave(
            into, verb="merged another into this", kind="message", person=person, now=now, after={"from": other.pk}
        )
    return into


def _check_join(other: Conversation, into: Conversation, person: Person, *, same_person: bool) -> None:
    for each in (other, into):
        permissions.check_can_answer(person, each.place)
    if other.pk == into.pk:
        raise CannotJoin("Choose another conversation: this is the same one.")
    if other.account.partner_id != into.account.partner_id:
        raise CannotJoin("These belong to two bodies. Residents' conversations stay with the body they asked.")
    if State.MERGED in (other.state, into.state):
        raise CannotJoin("One of them was merged already. Look again.")
    if other.contact_id != into.contact_id and not same_person:
        raise CannotJoin(
            f"“{other.contact}” and “{into.contact}” are two people for us. Each would read the other's words on their private "
            "link: merge only if you are sure that they are one person, and say so."
        )


def _released(other: Conversation, into: Conversation, person: Person, now: datetime) -> None:
    """What was kept aside is taken for a request by whoever puts it together with one that is: it must not be lost in it."""
    aside = other if other.state == State.KEPT_ASIDE else into
    settle.is_a_request(aside.pk, person, now)
    aside.refresh_from_db(fields=["state", "state_reason"])


def split(message_id: int, person: Person, now: datetime) -> Conversation:
    """This function will give a message and all that follow it a conversation of their own, with a wait from when it was sent.

    Errors: CannotSplit for the first message, and for one not from the resident; NotAllowed
    """
    with transaction.atomic():
        chosen = Message.objects.get(pk=message_id)
        old = conversations.locked(chosen.conversation_id)
        permissions.check_can_answer(person, old.place)
        before, after = _parted(old, chosen)
        if chosen.direction != Message.Direction.IN or not before:
            raise CannotSplit("Split at a message from them that has something before it.")
        fresh = joining.split_off(old, after, _contact_of(chosen, old, now))
        promises.split(old, fresh, after, directory.stated(old.account_id))
        _set_state(fresh, chosen)
        windows.retell(old, now)
        windows.retell(fresh, now)
        if promises.open_wait(old) is not None and old.state in (State.CLOSED, State.NOT_REQUEST):
            conversations.settle(old, State.OPEN)
        trail.leave(old, verb="split in two", kind="message", person=person, now=now, after={"new": fresh.pk})
        trail.leave(fresh, verb="split from another", kind="message", person=person, now=now, after={"from": old.pk})
    return fresh


def _parted(conversation: Conversation, chosen: Message) -> tuple[list[Message], list[Message]]:
    """What was said before a message; and from it on."""
    every = list(conversation.messages.select_related("outgoing").order_by("sent_at", "pk"))
    at = next(number for number, message in enumerate(every) if message.pk == chosen.pk)
    return [message for message in every[:at] if message.direction != Message.Direction.NOTE], every[at:]


def _contact_of(message: Message, conversation: Conversation, now: datetime) -> Contact:
    """Whoever wrote the message, who need not be whoever the conversation is with."""
    if not message.from_address:
        return conversation.contact
    return conversations.contact_by(
        partner_id=message.partner_id,
        kind=message.identity_kind,
        address=message.from_address,
        name=message.from_name,
        now=now,
    )


def _set_state(fresh: Conversation, first: Message) -> None:
    if first.automatic and promises.open_wait(fresh) is None:
        conversations.settle(fresh, State.NOT_REQUEST, "It came from a machine")


def move(conversation_id: int, account: Account, person: Person, note: str, now: datetime) -> None:
    """This function will pass a conversation to the account it is for, free for whoever answers there.

    It is judged as before: by its first start, and by the promise of the account it arrived at, for that is what the
    resident was told.

    Errors: CannotMove; NotAllowed
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        _check_move(conversation, account)
        before = conversation.account
        words = f"{person.first_name}, from {before.name}: {note}" if note.strip() else f"From {before.name}"
        conversations.move_to(conversation, account, words)
        promises.move(conversation)
        due.withdraw("hold", [conversation.pk])
        trail.tell_account(before.pk, conversation, kind="moved", now=now)
        trail.leave(
            conversation, verb="moved to another account", kind="moved", person=person, now=now, reason=note.strip(),
            before={"account": before.name}, after={"account": account.name},
        )  # fmt: skip


def _check_move(conversation: Conversation, account: Account) -> None:
    if account.partner_id != conversation.account.partner_id:
        raise CannotMove(
            "That account is another body's. Residents' conversations stay with the body they asked: share it instead."
        )
    if account.pk == conversation.account_id:
        raise CannotMove("It is on that account already.")
    if account.stage not in ANSWERING:
        raise CannotMove(f"Nobody answers on {account.name} now. Choose an account that is live or learning.")


def merge_candidates(conversation: Conversation, person: Person) -> list[Conversation]:
    """This function will suggest what a conversation could be merged with: the same contact's others that the person may answer.

    Shape:  at most 20, the latest first
    """
    others = (
        Conversation.objects.visible_to(person).filter(contact_id=conversation.contact_id).exclude(pk=conversation.pk)
    )
    found = (
        others.exclude(state=State.MERGED)
        .select_related("account__partner", "contact")
        .order_by("-last_message_at")[:20]
    )
    return [one for one in found if permissions.can_answer(person, one.place)]
