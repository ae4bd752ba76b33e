"""Decides which parts of a room of screens a person sees, by their roles; and guards every page of staff.

What a part shows is its room's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from sociable.people.models import Person
from sociable.people.permissions import MAY, Act


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a room: the name of its first page, and the acts of which any one opens it; none: everybody."""

    key: str
    name: str
    icon: str
    acts: frozenset[Act]

    def open_to(self, person: Person) -> bool:
        """This function will say whether any role of the person opens this part."""
        return not self.acts or any(self.acts & MAY[role.kind] for role in person.grants)


def beside(person: Person, parts: Iterable[Part], room: str, current: str) -> list[dict[str, Any]]:
    """This function will list the parts a person sees, as components/views.html shows them.

    Shape:  `room` is the namespace of the room's addresses, `current` the key of the part that is open
    """
    return [
        {"name": each.name, "icon": each.icon, "url": reverse(f"{room}:{each.key}"), "current": each.key == current}
        for each in parts
        if each.open_to(person)
    ]


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
