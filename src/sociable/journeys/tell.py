"""Those who can act are told by email of what is wrong with their accounts and when it is over: once each, and in one mail.

A mail is a due row made with the note of who is told of what, so it is never lost. On the desk and in the office it is seen at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from sociable.channels import registry
from sociable.channels.base import ChannelError, Outgoing, Sends
from sociable.directory import connecting
from sociable.directory.health_models import Concern, Told
from sociable.directory.models import Account
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import fetch, telling_words
from sociable.people.models import Person, Role

QUIET = timedelta(minutes=5)  # what is over by then is told to nobody
WITH_IT = timedelta(minutes=2)  # what is as old as this goes along when a mail leaves anyhow
BETWEEN = timedelta(minutes=15)  # two mails to one person, whatever happens
LONGEST_PAUSE = timedelta(minutes=10)


def who_can_act(accounts: Iterable[Account]) -> dict[int, list[Person]]:
    """This function will say who can act for each account: its owner and deputy, else the administrators of its body.

    Shape:  account id to people who can sign in; the accounts come with owner and deputy
    """
    accounts = list(accounts)
    administrators: dict[int, list[Person]] = defaultdict(list)
    roles = Role.objects.filter(
        kind=Role.Kind.ADMINISTRATOR, service=None, account=None, person__is_active=True,
        partner__in={account.partner_id for account in accounts},
    )  # fmt: skip
    for role in roles.select_related("person"):
        administrators[role.partner_id].append(role.person)
    own = {
        account.pk: [one for one in (account.owner, account.deputy) if one and one.is_active] for account in accounts
    }
    return {account.pk: own[account.pk] or administrators[account.partner_id] for account in accounts}


def queue(now: datetime) -> None:
    """This function will queue a mail to everybody who is owed a word, and note of what; call it inside a transaction."""
    began, over = _untold(now), _unended()
    newest = _newest_mail({*began, *over})
    for person_id in sorted({*began, *over}):
        worth_it = over.get(person_id) or any(_is_ripe(one, now) for one in began.get(person_id, []))
        if worth_it and newest.get(person_id, now - BETWEEN) <= now - BETWEEN:
            about = note_told(person_id, began.get(person_id, []), over.get(person_id, []), now)
            due.ask([due.Due("tell", f"tell:{person_id}:{now.isoformat()}", person_id, now, about)])


def _newest_mail(people: set[int]) -> dict[int, datetime]:
    told = Told.objects.filter(person__in=people).values_list("person").annotate(Max("told_at"), Max("over_told_at"))
    return {person: max(at for at in instants if at is not None) for person, *instants in told}


def _is_ripe(concern: Concern, now: datetime) -> bool:
    return concern.kind != Concern.Kind.TROUBLE or concern.began_at <= now - QUIET


def _untold(now: datetime) -> dict[int, list[Concern]]:
    """The open concerns of which each person who can act was not told."""
    going = Concern.objects.filter(over_at=None).exclude(kind=Concern.Kind.HOLE)  # told by holes, to who plans
    going = going.select_related("account__owner", "account__deputy").order_by("pk")
    concerns = [one for one in going if one.kind != Concern.Kind.TROUBLE or one.began_at <= now - WITH_IT]
    people = who_can_act(one.account for one in concerns)
    return owed(concerns, people)


def owed(concerns: Sequence[Concern], people: Mapping[int, Iterable[Person]]) -> dict[int, list[Concern]]:
    """This function will say of which concerns each person was not told yet.

    Shape:  `people` are those to be told, by account id; what is owed is by person id
    """
    told = set(Told.objects.filter(concern__in=concerns).values_list("concern", "person"))
    untold: dict[int, list[Concern]] = defaultdict(list)
    for one in concerns:
        for person in people[one.account_id]:
            if (one.pk, person.pk) not in told:
                untold[person.pk].append(one)
    return untold


def _unended() -> dict[int, list[Told]]:
    """What is over, for whoever was told that it began; that a warning gave way to the next is told to nobody."""
    ended: dict[int, list[Told]] = defaultdict(list)
    owed = Told.objects.filter(over_told_at=None, person__is_active=True, concern__kind=Concern.Kind.TROUBLE)
    owed = owed.filter(concern__account__stage__in=fetch.STAGES_HEARD).exclude(concern__over_at=None)
    for told in owed.order_by("pk"):
        ended[told.person_id].append(told)
    return ended


def note_told(person_id: int, began: list[Concern], over: list[Told], now: datetime) -> dict[str, list[int]]:
    """This function will note of what somebody is told, and return the ids of it; call it inside the transaction that asks for it."""
    Told.objects.bulk_create(Told(concern=one, person_id=person_id, told_at=now) for one in began)
    Told.objects.filter(pk__in=[told.pk for told in over]).update(over_told_at=now)
    return {"began": [one.pk for one in began], "over": [told.concern_id for told in over]}


def send(row: DueRow, now: datetime) -> None:
    """This function will send one mail that `queue` asked for; where no mail can leave, it is tried until one can."""
    person = Person.objects.filter(pk=row.subject_id, is_active=True).first()
    concerns = _still_worth_telling(row)
    if person is None or not concerns:
        due.close(row, now)
        return
    words = telling_words.subject(concerns), telling_words.text(person, concerns, now)
    try:
        post(letter(row, person, *words, now))
    except ChannelError as error:
        due.postpone(row, now, error.message, tries=None, longest=LONGEST_PAUSE)
        return
    with transaction.atomic():
        note_over(person.pk, concerns, now)
        due.close(row, now)


def note_over(person_id: int, concerns: Sequence[Concern], now: datetime) -> None:
    """This function will note that somebody is told of the end of what ended before its notice left."""
    over = [one.pk for one in concerns if one.over_at is not None]
    Told.objects.filter(person=person_id, concern__in=over, over_told_at=None).update(over_told_at=now)


def _still_worth_telling(row: DueRow) -> list[Concern]:
    """What the mail was asked for, as it stands now; of warnings only those that still hold."""
    asked = Concern.objects.filter(pk__in=[*row.data["began"], *row.data["over"]]).select_related("account__partner")
    return [
        one for one in asked.order_by("account__name", "pk") if one.over_at is None or one.kind == Concern.Kind.TROUBLE
    ]


def letter(row: DueRow, person: Person, subject: str, text: str, now: datetime) -> Outgoing:
    """This function will write a mail of ours to somebody of staff, the same however often its row is tried."""
    return Outgoing(
        message_id=f"<tell.{row.pk}@{settings.MAIL_DOMAIN}>",
        from_address=settings.DEFAULT_FROM_EMAIL,
        from_name="Sociable",
        reply_to=settings.DEFAULT_FROM_EMAIL,
        to=(person.email,),
        subject=subject,
        text=text,
        automatic=True,
        sent_at=now,
    )


def post(mail: Outgoing) -> None:
    """This function will hand a mail to staff to the installation's own mail server.

    Errors: ChannelError
    """
    adapter = registry.adapter("email", connecting.shared_server(mail.from_address, mail.from_name))
    try:
        if isinstance(adapter, Sends):
            adapter.send(mail)
    finally:
        adapter.close()
