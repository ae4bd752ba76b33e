"""Puts the invented partnership into an empty database: bodies, people, accounts, and then their fortnight of requests.

What the partnership is stands in partnership; what happened in it is told by history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction

from sociable.config.example import absent, history, partnership, readying, ringing, rostering
from sociable.config.example.guarding import check_may_load
from sociable.config.example.partnership import Employee, Presence
from sociable.conversations.models import Conversation, Message, SavedAnswer
from sociable.directory.models import Account, HoursVersion, PromiseVersion
from sociable.people.models import Partner, Person, Role, Service
from sociable.public import website

PASSWORD = "example-password"  # noqa: S105 - everybody may know it: it opens example data alone
STATED_DAYS_AGO = 200
SHOWN = ("hannah", "sam", "priya.nair", "stewart.mckie", "grace.okonkwo", "cara", "dot", "ines", "alex")


@dataclass(frozen=True, slots=True)
class Loaded:
    """How much there is now."""

    partners: int
    people: int
    accounts: int
    conversations: int
    messages: int


@dataclass(frozen=True, slots=True)
class Cast:
    """The rows of the partnership by the names that the example calls them."""

    partners: dict[str, Partner]
    people: dict[str, Person]
    accounts: dict[str, Account]


def load(now: datetime) -> Loaded:
    """This function will fill an empty database with the example, the same for the same `now`, all or nothing.

    Errors: NotHere in a real installation, and where anything is there already
    """
    check_may_load()
    with transaction.atomic():
        cast = _cast(now)
        _answers(cast)
        history.tell(cast.accounts, cast.people, now)
        readying.sign_off(cast.accounts, now)
        absent.send_away(cast.people, now)
        rostering.plan(cast.accounts, cast.people, now)
        ringing.ring(cast.accounts, cast.people, now)
    return Loaded(
        partners=len(cast.partners),
        people=len(cast.people),
        accounts=len(cast.accounts),
        conversations=Conversation.objects.count(),
        messages=Message.objects.count(),
    )


def logins() -> list[tuple[str, str]]:
    """This function will list log-ins worth trying, each with what the person does; all share PASSWORD."""
    by_key = {employee.key: employee for employee in partnership.PEOPLE}
    return [(_address(by_key[key]), _does(by_key[key])) for key in SHOWN]


def _does(employee: Employee) -> str:
    kinds = list(dict.fromkeys(_kind(role) for role in employee.roles))
    named = {body.slug: body.name for body in partnership.BODIES}
    bodies = {role.split("@")[1].split("/")[0].split(":")[0] for role in employee.roles}
    where = named[employee.partner] if len(bodies) < len(named) else "all four bodies"
    return f"{employee.name}: {' and '.join(kinds)}, {where}"


def _kind(role: str) -> str:
    """A role in words; of whoever leads a service, which."""
    kind, place = role.split("@")
    body, _, service = place.partition("/")
    words = Role.Kind(kind).label.lower()
    led = next(one for one in partnership.BODIES if one.slug == body).services.get(service)
    return f"{words} of {led[0]}" if led and kind == Role.Kind.SERVICE_LEAD else words


def _cast(now: datetime) -> Cast:
    partners = {body.slug: _partner(body) for body in partnership.BODIES}
    services = {
        f"{service.partner.slug}/{service.slug}": service for service in Service.objects.select_related("partner")
    }
    people = _people()
    accounts = {each.slug: _account(each, partners, services, people, now) for each in partnership.ACCOUNTS}
    for each in partnership.ACCOUNTS:
        if each.answered_from:
            account = accounts[each.slug]
            account.answered_from = accounts[each.answered_from]
            account.save(update_fields=["answered_from"])
    _roles(partners, services, people, accounts)
    return Cast(partners, people, accounts)


def _partner(body: partnership.Body) -> Partner:
    partner = Partner.objects.create(
        slug=body.slug,
        name=body.name,
        short_name=body.short_name,
        kind=body.kind,
        brand=body.brand,
        website=f"https://www.{body.slug}.example/",
        crisis_words=body.crisis_words,
        is_example=True,
    )
    Service.objects.bulk_create(
        Service(partner=partner, slug=slug, name=name, about=about) for slug, (name, about) in body.services.items()
    )
    return partner


def _address(employee: Employee) -> str:
    return f"{employee.key}@{employee.partner}.example"


def _people() -> dict[str, Person]:
    password = make_password(PASSWORD)  # once: the pause of a good hash, forty times over, would be felt
    Person.objects.bulk_create(
        Person(email=_address(each), name=each.name, sign_off=each.sign_off, password=password, is_example=True)
        for each in partnership.PEOPLE
    )
    by_address = {person.email: person for person in Person.objects.all()}
    return {each.key: by_address[_address(each)] for each in partnership.PEOPLE}


def _roles(
    partners: dict[str, Partner], services: dict[str, Service], people: dict[str, Person], accounts: dict[str, Account]
) -> None:
    roles = []
    for employee in partnership.PEOPLE:
        for written in employee.roles:
            kind, _, place = written.partition("@")
            partner, _, account = place.partition(":")
            partner, _, _ = partner.partition("/")
            roles.append(
                Role(
                    person=people[employee.key],
                    kind=kind,
                    partner=partners[partner],
                    service=services.get(place),
                    account=accounts[account] if account else None,
                )
            )
    Role.objects.bulk_create(roles)


def _account(
    each: Presence,
    partners: dict[str, Partner],
    services: dict[str, Service],
    people: dict[str, Person],
    now: datetime,
) -> Account:
    today = now.astimezone(ZoneInfo("Europe/London")).date()
    address = f"{each.slug}@{each.partner}.example"
    account = Account.objects.create(
        partner=partners[each.partner],
        service=services[f"{each.partner}/{each.service}"] if each.service else None,
        slug=each.slug,
        name=each.name,
        handle=address,
        address=address,
        purpose=each.purpose,
        stage=each.stage,
        learning_until_on=today + timedelta(days=each.learning_days) if each.learning_days else None,
        about=each.about,
        other_ways=each.other_ways,
        takes_form=each.takes_form,
        sends_receipts=each.sends_receipts,
        takes_chat=bool(each.first_answer_seconds),
        chat_origins=website.origin() if each.first_answer_seconds else "",
        owner=people.get(each.owner),
        deputy=people.get(each.deputy),
        recovery="Digital access team, sealed envelope in the safe",
        reviewed_on=today - timedelta(days=each.reviewed_days_ago),
        division=each.division,
    )
    _state(account, each, people.get(each.owner), today, now)
    return account


def _state(account: Account, each: Presence, owner: Person | None, today: date, now: datetime) -> None:
    """Hours and promise as they have stood for months, with a special day soon and perhaps other hours from a coming Monday."""
    since = {"account": account, "stated_at": now - timedelta(days=STATED_DAYS_AGO), "stated_by": owner}
    valid_from_on = today - timedelta(days=STATED_DAYS_AGO)
    if each.hours:
        HoursVersion.objects.create(**since, valid_from_on=valid_from_on, notation=each.hours + _special(each, today))
    if each.later_hours:
        changed = {**since, "stated_at": now - timedelta(days=3), "change_note": "Longer hours while offers go out"}
        HoursVersion.objects.create(**changed, valid_from_on=_monday(today, weeks=4), notation=each.later_hours)
    if each.promise:
        promised = {**each.promise, "first_answer_seconds": each.first_answer_seconds or None}
        PromiseVersion.objects.create(**since, valid_from_on=valid_from_on, **promised)


def _special(each: Presence, today: date) -> str:
    """A staff training day on a coming Wednesday."""
    if not each.special:
        return ""
    on = _monday(today, weeks=3) + timedelta(days=2)
    return f"; {on.year} {on:%b} {on.day} {each.special}"


def _monday(today: date, weeks: int) -> date:
    return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)


def _answers(cast: Cast) -> None:
    SavedAnswer.objects.bulk_create(
        SavedAnswer(
            partner=cast.partners[partner],
            account=cast.accounts.get(account) if account else None,
            title=title,
            text=text,
        )
        for partner, account, title, text in partnership.SAVED_ANSWERS
    )
