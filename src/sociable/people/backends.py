"""Lets a person sign in by email address, and keeps example people out of a real installation."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from sociable.people.models import Person


class PersonBackend(AuthenticationBackend):
    """allauth's sign-in by email; an example person exists only where everybody knows that it is an example."""

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user)) and (settings.EXAMPLE or not user.is_example)

    def get_user(self, user_id: Any) -> Person | None:
        person = Person.objects.filter(pk=user_id).prefetch_related("roles").first()
        return person if person is not None and self.user_can_authenticate(person) else None
