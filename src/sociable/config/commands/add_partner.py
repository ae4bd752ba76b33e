"""Add a public body and its first administrator: how a real installation begins, and how a partner joins it.

The administrator's password is asked for here (or read as one line where there is no terminal); somebody who signs in
already keeps theirs. Everything else about the body is then said in the office, under "Partners and services".
"""

from __future__ import annotations

import argparse
import getpass
import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from sociable.config import preparing
from sociable.domain.errors import DomainError
from sociable.people import services as people
from sociable.people.models import Division, Partner, Person


class NotAdded(DomainError):
    """What was said about the body or its administrator will not do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slug", help="its short name in addresses, as in leeds")
    parser.add_argument("name", help="its full name, as in 'Leeds City Council'")
    parser.add_argument("--short-name", default="", help="as its staff say it; left out: the full name")
    parser.add_argument("--kind", choices=Partner.Kind.values, default=Partner.Kind.COUNCIL, help="now %(default)s")
    parser.add_argument(
        "--division",
        choices=Division.values,
        default=Division.ENGLAND_AND_WALES,
        help="whose bank holidays apply; now %(default)s",
    )
    parser.add_argument("--administrator", required=True, metavar="EMAIL", help="the work address they sign in with")
    parser.add_argument(
        "--administrator-name", default="", metavar="NAME", help="their full name, if they are new here"
    )


def run(options: argparse.Namespace) -> int:
    if not preparing.migrated():
        raise NotAdded("The database is not up to date. Start `sociable serve` once, then add the body.")
    partner = Partner(
        slug=options.slug,
        name=options.name,
        short_name=options.short_name or options.name[:40],
        kind=options.kind,
        division=options.division,
    )
    email = options.administrator.strip().lower()
    administrator = Person.objects.filter(email=email).first() or _new(email, options.administrator_name)
    try:
        partner.full_clean()
        if not administrator.pk:
            administrator.full_clean(exclude=["password"])
            _choose_password(administrator)
    except ValidationError as refusal:
        raise NotAdded(" ".join(refusal.messages)) from None
    people.add_partner(partner, administrator=administrator, now=timezone.now())
    print(f"{partner.name} is added. {administrator.name} administers it and signs in as {administrator.email}.")
    return 0


def _new(email: str, name: str) -> Person:
    if not name:
        raise NotAdded(f"{email} is new here: give their name with --administrator-name.")
    return Person(email=email, name=name)


def _choose_password(person: Person) -> None:
    password = _asked(f"Password for {person.email}: ")
    validate_password(password, person)
    if sys.stdin.isatty() and _asked("The same again: ") != password:
        raise NotAdded("The two passwords differ, so nothing was added.")
    person.set_password(password)


def _asked(words: str) -> str:
    return getpass.getpass(words) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
