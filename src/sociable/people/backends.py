"""Lets a person sign in by email address, and keeps example people out of a real installation."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from sociable.asking.question import Given, Question
from sociable.people.models import Person, Role


class PersonBackend(AuthenticationBackend):
    """allauth's sign-in by email; an example person exists only where everybody knows that it is an example."""

    def user_can_authenticate(self, user: Any) -> bool:
        return bool(super().user_can_authenticate(user)) and (settings.EXAMPLE or not user.is_example)

    def get_user(self, user_id: Any) -> Person | None:
        person = _PERSON.first(person=user_id)
        if person is None or not self.user_can_authenticate(person):
            return None
        person.grants = tuple(_ROLES.all(person=user_id))
        return person


_PERSON = Question(lambda: Person.objects.filter(pk=Given("person")).order_by())
_ROLES = Question(lambda: Role.objects.filter(person=Given("person")))
