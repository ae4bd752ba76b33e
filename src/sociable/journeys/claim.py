"""A person takes a conversation to answer it, keeps it while they work, and lets it go.

A hold expires by itself: its due row lets go for somebody who went home.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from sociable.asking.keeping import Change
from sociable.asking.question import Given
from sociable.conversations import chats
from sociable.conversations.models import Conversation
from sociable.cover import duty
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.worktime.wording import and_words
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import alert
from sociable.live import services as live
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person
from sociable.people.permissions import Act
from sociable.promises import queries as promises
from sociable.promises.lines import Line
from sociable.promises.models import Wait

LONG = 4  # hold times for whoever is handed something: they may be busy just now
WORTH_NOTING = timedelta(minutes=1)  # a hold is kept at every sign of life, but not written each time


class Taken(DomainError):
    """Somebody else holds the conversation."""


class FullHands(DomainError):
    """Whoever wants to take a web chat has as many as one person is to have at once."""


class NothingToTake(DomainError):
    """No request in this person's accounts is free."""


def hold_time() -> timedelta:
    """This function will return how long a hold lasts without a sign of life."""
    return timedelta(minutes=settings.HOLD_MINUTES)


def check_hands_free(conversation: Conversation, person: Person, now: datetime, who: str = "You") -> None:
    """This function will raise where a person has as many web chats as the account lets one have, and this is another.

    Errors: FullHands
    """
    if chats.open_in(conversation.pk) is None:
        return
    has, most = chats.in_hand(person, now, besides=conversation.pk), conversation.account.most_chats
    if has >= most:
        raise FullHands(full_words(has, who))


def full_words(number: int, who: str = "You") -> str:
    """This function will say that somebody has as many web chats as one person is to have."""
    has = "have" if who == "You" else "has"
    return f"{who} {has} {number} web chat{'' if number == 1 else 's'} open, the most at once. End one, or hand one over, before the next."


def take(conversation_id: int, person: Person, now: datetime) -> Conversation:
    """This function will hold a conversation for a person, or hold it longer.

    Errors: Taken with who has it; FullHands; NotAllowed
    """
    conversation = Conversation.objects.select_related("account__partner", "held_by").get(pk=conversation_id)
    permissions.check_can_answer(person, conversation.place)
    if conversation.held_by_id != person.pk:
        check_hands_free(conversation, person, now)
    with transaction.atomic():
        if not hold(conversation, person, now):
            conversation.refresh_from_db()
            who = conversation.held_by.name if conversation.held_by else "Somebody else"
            raise Taken(f"{who} has this one. You can still read it, write a note, or ask them to hand it over.")
    conversation.refresh_from_db()
    return conversation


def hold(conversation: Conversation, person: Person, now: datetime) -> bool:
    """This function will hold a conversation for a person in the caller's transaction; False where somebody else has it.

    Shape:  whoever answers a web chat holds it, however many they have; who takes one is asked that before
    """
    # the conditional update is what gives two people at the same instant two different requests
    until = now + hold_time()
    if not _HELD.make(conversation=conversation.pk, person=person.pk, until=until, now=now):
        return False
    due.ask([due.Due("hold", f"hold:{conversation.pk}", conversation.pk, until)])
    alert.acknowledge(conversation.pk, person, now)
    live.publish(kind="held", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
    return True


_HELD = Change(
    lambda: Conversation.objects.filter(
        Q(held_by=None) | Q(held_by=Given("person")) | Q(held_until_at__lte=Given("now")), pk=Given("conversation")
    ),
    held_by=Given("person"),
    held_until_at=Given("until"),
    handed_note="",
)


def take_next(person: Person, now: datetime, accounts: list[Account] | None = None) -> Conversation:
    """This function will hold the next request in the fair order that nobody else holds.

    Shape:  web chats are passed over by whoever has as many as one person is to have, and so are accounts for which others are
            signed off and this person is not; where nobody is, whoever may answer takes
    Errors: NothingToTake
    """
    if accounts is None:
        mine = list(Account.objects.where(person, Act.ANSWER).select_related("partner"))
    else:
        mine = [account for account in accounts if permissions.can_answer(person, account.place)]
    mine, others = duty.ready_among(person, mine, now)
    after = None
    passed_over = ""
    while True:
        page = promises.fair_page(Line(mine), now, limit=10, after=after)
        for place in page.places:
            try:
                check_hands_free(place.wait.conversation, person, now)
            except FullHands as full:
                passed_over = f"Only web chats wait just now. {full.message}"
                continue
            with transaction.atomic():
                if hold(place.wait.conversation, person, now):
                    if (
                        not Wait.objects.open().filter(pk=place.wait.pk).exists()
                    ):  # answered since the page was drawn up
                        transaction.set_rollback(True)
                        continue
                    return Conversation.objects.select_related("account__partner").get(pk=place.wait.conversation_id)
        if page.after is None:
            raise NothingToTake(passed_over or _nobody_waits(others, now))
        after = page.after


def _nobody_waits(others: list[Account], now: datetime) -> str:
    """Why there is nothing to take: nobody waits, or only where the person is not signed off."""
    waiting = {place.wait.account_id for place in promises.fair_page(Line(others), now, limit=10).places}
    names = sorted(account.name for account in others if account.pk in waiting)
    if not names:
        return "Nobody is waiting in your accounts just now."
    return (
        f"Somebody waits in {and_words(names)}, for which others are signed off and you are not yet. "
        "You can open it and answer all the same; a lead can sign you off."
    )


def keep(conversation_id: int, person: Person, now: datetime) -> bool:
    """This function will hold a conversation longer while its holder works; False where they do not hold it."""
    mine = Conversation.objects.filter(pk=conversation_id, held_by=person)
    ends_at = mine.values_list("held_until_at", flat=True).first()
    if ends_at is None:
        return False
    if ends_at >= now + hold_time() - WORTH_NOTING:
        return True
    return bool(mine.update(held_until_at=now + hold_time()))  # the due row finds the new end when it comes


def holder_of(conversation: Conversation, now: datetime) -> Person | None:
    """This function will say who has a conversation in hand now."""
    until = conversation.held_until_at
    return conversation.held_by if until is not None and until > now else None


def is_worth_keeping(conversation: Conversation, person: Person, now: datetime) -> bool:
    """This function will say whether a sign of life of a person prolongs their hold."""
    until = conversation.held_until_at
    return conversation.held_by_id == person.pk and until is not None and until < now + hold_time() - WORTH_NOTING


def let_go(conversation_id: int, person: Person, now: datetime) -> None:
    """This function will end a person's hold, so that the request stands in its fair place again."""
    with transaction.atomic():
        conversation = Conversation.objects.get(pk=conversation_id)
        if Conversation.objects.filter(pk=conversation_id, held_by=person).update(
            held_by=None, held_until_at=None, handed_note=""
        ):
            due.withdraw("hold", [conversation_id])
            live.publish(kind="released", account_id=conversation.account_id, conversation_id=conversation_id, now=now)


def hand_over(conversation_id: int, person: Person, to: Person, note: str, now: datetime) -> None:
    """This function will put a conversation into somebody else's hands, with a note for them.

    Errors: NotAllowed, for either of the two; FullHands, of the other
    """
    conversation = Conversation.objects.select_related("account__partner").get(pk=conversation_id)
    permissions.check_can_answer(person, conversation.place)
    permissions.check_can_answer(to, conversation.place)
    check_hands_free(conversation, to, now, to.first_name)
    with transaction.atomic():
        put_into_hands(conversation, to, now + LONG * hold_time(), now, f"{person.first_name}: {note}")
        people.record(
            verb="handed over",
            object_kind="conversation",
            object_id=conversation_id,
            partner_id=conversation.account.partner_id,
            now=now,
            person=person,
            after={"to": to.name},
            reason=note,
        )


def put_into_hands(conversation: Conversation, to: Person, until: datetime, now: datetime, note: str = "") -> None:
    """This function will have somebody hold a conversation, whoever held it; call it inside a transaction."""
    Conversation.objects.filter(pk=conversation.pk).update(held_by=to, held_until_at=until, handed_note=note[:500])
    due.ask([due.Due("hold", f"hold:{conversation.pk}", conversation.pk, until)])
    live.publish(kind="held", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)


def expire(row: DueRow, now: datetime) -> None:
    """This function will end a hold whose time is over; one that was kept meanwhile is looked at again when it ends."""
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().filter(pk=row.subject_id, held_by__isnull=False).first()
        if conversation is None or conversation.held_until_at is None:
            due.close(row, now)
        elif conversation.held_until_at > now:
            due.renew(row, conversation.held_until_at)
        else:
            Conversation.objects.filter(pk=conversation.pk).update(held_by=None, held_until_at=None, handed_note="")
            due.close(row, now)
            live.publish(kind="released", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
