"""Finds the accounts that the words of a command name, and makes what strangers wrote safe to print on a terminal.

What is done with them is decided by the commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db.models import Q

from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.people.models import Partner


class NotKnown(DomainError):
    """A command named an account or partner that is not here."""


def account(name: str) -> Account:
    """This function will find an account by its slug or its address.

    Errors: NotKnown
    """
    wanted = name.strip().lower()
    by_address = Q(address__iexact=wanted) & ~Q(address="")
    found = Account.objects.select_related("partner").filter(Q(slug=wanted) | by_address).order_by("pk").first()
    if found is None:
        raise NotKnown(f"There is no account “{line(name)}” here. Give its slug or its address. {_some_accounts()}")
    return found


def _some_accounts() -> str:
    names = list(Account.objects.order_by("slug").values_list("slug", flat=True)[:20])
    return f"There is: {', '.join(names)}." if names else "There is none yet."


def accounts(names: Sequence[str], partners: Sequence[str]) -> list[Account]:
    """This function will find the accounts named, and all of the partners named; all there are, where none is named.

    Errors: NotKnown
    """
    if not names and not partners:
        return list(Account.objects.select_related("partner").order_by("pk"))
    chosen = {found.pk: found for found in map(account, names)}
    for slug in partners:
        of_partner = Account.objects.select_related("partner").filter(partner=_partner(slug)).order_by("pk")
        chosen |= {found.pk: found for found in of_partner}
    return list(chosen.values())


def _partner(slug: str) -> Partner:
    found = Partner.objects.filter(slug=slug.strip().lower()).first()
    if found is None:
        there = ", ".join(Partner.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise NotKnown(
            f"There is no partner “{line(slug)}” here. {f'There is: {there}.' if there else 'There is none yet.'}"
        )
    return found


def line(text: str, longest_chars: int = 100) -> str:
    """This function will put text on one line of a terminal, without the marks that would move or colour it."""
    shown = "".join(mark if mark.isprintable() else " " for mark in text)
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest_chars else shown[: longest_chars - 1] + "…"


def instant(at: datetime | None) -> str | None:
    """This function will write an instant for JSON, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
