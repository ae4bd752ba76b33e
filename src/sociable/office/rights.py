"""Decides which parts of the office a person sees, by their roles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from sociable.people.models import Person
from sociable.people.permissions import MAY, Act


class View(Protocol):
    """A page of the office."""

    def __call__(self, request: HttpRequest, /, **kwargs: Any) -> HttpResponse: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the office: its first page, and the acts of which any one opens it."""

    key: str
    name: str
    icon: str
    acts: frozenset[Act]

    def open_to(self, person: Person) -> bool:
        """This function will say whether any role of the person opens this part."""
        return not self.acts or any(self.acts & MAY[role.kind] for role in person.grants)


PARTS = (
    Part("accounts", "Accounts", "list", frozenset({Act.SEE, Act.CHANGE_ACCOUNT, Act.CONNECT, Act.SEE_FIGURES})),
    Part("connections", "Connections", "refresh", frozenset({Act.CONNECT})),
    Part("partners", "Partners and services", "globe", frozenset({Act.MANAGE_PEOPLE})),
    Part("people", "People and roles", "people", frozenset({Act.MANAGE_PEOPLE})),
    Part("trouble", "Set aside", "alert", frozenset({Act.CONNECT})),
    Part("trail", "What was changed", "clock", frozenset({Act.MANAGE_PEOPLE})),
    Part("me", "Your own settings", "person", frozenset()),
)


def parts(person: Person) -> list[Part]:
    """This function will list the parts a person sees."""
    return [part for part in PARTS if part.open_to(person)]


def staff(view: Any) -> Any:
    """This function will let a page be seen by people who signed in, and never be kept by a browser."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return cast("HttpResponse", view(request, **kwargs))

    return guarded


def signed_in(request: HttpRequest) -> Person:
    """This function will return who asks; `staff` has made sure that somebody does."""
    return cast("Person", request.user)


def page(request: HttpRequest, part: str, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """This function will show a page of the office with the parts its reader sees beside it."""
    views = [
        {"name": each.name, "icon": each.icon, "url": reverse(f"office:{each.key}"), "current": each.key == part}
        for each in parts(signed_in(request))
    ]
    return render(
        request,
        f"office/{template}",
        {"section": "accounts" if part == "accounts" else "settings", "parts": views, **context},
        status=status,
    )
