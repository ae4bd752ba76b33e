"""Decides where example people and data may be: only in an installation that says it is one."""

from __future__ import annotations

from django.conf import settings

from sociable.domain.errors import DomainError
from sociable.people.models import Partner, Person


class NotHere(DomainError):
    """Example data was asked for where it has no place."""


def refusal() -> str | None:
    """This function will say why a real installation should not start on this database, or None where it may."""
    if settings.MODE == "example" or not (Person.objects.filter(is_example=True).exists() or _partners()):
        return None
    return (
        "This database holds example people and data, and SOCIABLE_MODE is “real”. Start with an empty database "
        "(another DATA_DIR or DATABASE_URL), or set SOCIABLE_MODE to “example”."
    )


def _partners() -> bool:
    return Partner.objects.filter(is_example=True).exists()


def check_may_load() -> None:
    """This function will raise NotHere unless this is an example installation with nothing in it.

    Errors: NotHere
    """
    if settings.MODE != "example":
        raise NotHere(
            "Example people and data are refused in a real installation. Set SOCIABLE_MODE to “example” to try them."
        )
    if Partner.objects.exists() or Person.objects.exists():
        raise NotHere("There are already people or partners in this database, so the example was not loaded over them.")
