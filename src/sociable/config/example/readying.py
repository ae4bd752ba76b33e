"""Signs the example's people off for their accounts: most of them, some not for long, some no longer, a few not yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sociable.cover import days, readiness, signing
from sociable.cover.models import Readiness
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.people.models import Person, Role

SIGNED_DAYS_AGO = 150
NOTE = "E-learning done, two weeks beside a colleague"
# By account and person: in how many days it ends (negative: ended), or None where they are still to learn.
OTHERWISE: dict[tuple[str, str], int | None] = {
    ("bins", "Aoife Brennan"): 12,
    ("libraries", "Tom Barraclough"): 25,
    ("roads", "Lin Chau"): -9,
    ("outpatients", "Bethan Rees"): None,
    ("outpatients", "Ola Martins"): None,
    ("families", "Amira Saleh"): None,
    ("schools", "Colin Thwaite"): None,
    ("planning", "Femi Lawal"): None,
}
HELP = "city-help"
BY_CHANCE = 5  # of those who may answer for the whole body, every so many are ready for a service's account


def sign_off(accounts: dict[str, Account], now: datetime) -> None:
    """This function will sign off the example's people, the same for the same `now`."""
    answered = [one for one in accounts.values() if one.answered_from_id is None and one.stage != Account.Stage.CLOSED]
    may = readiness.answerers(answered)
    people = {person.pk: person for person in Person.objects.all()}
    for account in answered:
        for number, person in enumerate(sorted((people[pk] for pk in may[account.pk]), key=lambda one: one.name)):
            if _is_asked(person, account, number):
                _sign_off(person, account, now)


def _is_asked(person: Person, account: Account, number: int) -> bool:
    """Whether somebody is to be counted here at all: of the account's own service, or one of the few who help out."""
    if OTHERWISE.get((account.slug, person.name), 0) is None:
        return False
    if all(role.kind == Role.Kind.ADMINISTRATOR for role in person.grants):
        return False  # an administrator may answer anywhere, but answers nobody: counted, they would hide holes
    near = any(role.service_id == account.service_id or role.account_id == account.pk for role in person.grants)
    near = near or account.slug == HELP  # the help team answers for the whole council, and sits here
    return near or (person.pk + number) % BY_CHANCE == 0


def _sign_off(person: Person, account: Account, now: datetime) -> None:
    signed_at = now - timedelta(days=SIGNED_DAYS_AGO)
    zone = directory.zone_of(account)
    from_on = days.day_of(signed_at, zone)
    ends = OTHERWISE.get((account.slug, person.name)) or 365 - SIGNED_DAYS_AGO
    until_on = days.day_of(now, zone) + timedelta(days=ends)
    given = signing.Given(from_on, until_on, NOTE)
    made = signing.sign_off(person, account, given, by=None, now=signed_at)
    Readiness.objects.filter(pk=made.pk).update(signed_by=account.owner)
