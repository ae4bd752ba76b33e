"""Names the parts of the office, and shows its pages with the parts their reader sees beside them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sociable.people.models import Person
from sociable.people.parts import Part, beside, signed_in
from sociable.people.permissions import Act

PARTS = (
    Part("accounts", "Accounts", "list", frozenset({Act.SEE, Act.CHANGE_ACCOUNT, Act.CONNECT, Act.SEE_FIGURES})),
    Part("connections", "Connections", "refresh", frozenset({Act.CONNECT})),
    Part("partners", "Partners and services", "globe", frozenset({Act.MANAGE_PEOPLE})),
    Part("people", "People and roles", "people", frozenset({Act.MANAGE_PEOPLE})),
    Part("trouble", "Set aside", "alert", frozenset({Act.CONNECT})),
    Part("trail", "What was changed", "clock", frozenset({Act.MANAGE_PEOPLE})),
    Part("me", "Your own settings", "person", frozenset()),
    Part("alerts", "Your alerts", "bell", frozenset()),
)


def parts(person: Person) -> list[Part]:
    """This function will list the parts a person sees."""
    return [part for part in PARTS if part.open_to(person)]


def page(request: HttpRequest, part: str, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """This function will show a page of the office with the parts its reader sees beside it."""
    return render(
        request,
        f"office/{template}",
        {
            "section": "accounts" if part == "accounts" else "settings",
            "parts": beside(signed_in(request), PARTS, "office", part),
            **context,
        },
        status=status,
    )
