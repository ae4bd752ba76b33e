"""Gives what is there without asking: everybody's usual two routes, and the installation's key for browser push.

What people add themselves is kept by routes.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.fernet import InvalidToken

from sociable.alerts.models import PushKey, Route
from sociable.asking.question import Question
from sociable.channels.notices import push
from sociable.people.models import Person
from sociable.people.sealing import box


def give_usual_routes(now: datetime) -> None:
    """This function will give everybody who has none the two routes that need no asking: the desk, and their email address."""
    without = [pk for (pk,) in _WITHOUT.all()]
    if not without:
        return
    usual = ((Route.Kind.DESK, "The desk", 0), (Route.Kind.EMAIL, "Email", 9))
    Route.objects.bulk_create(
        (
            Route(person_id=pk, kind=kind, name=name, position=position, added_at=now)
            for pk in without
            for kind, name, position in usual
        ),
        ignore_conflicts=True,
    )


_WITHOUT = Question(
    lambda: Person.objects.filter(is_active=True).exclude(routes__kind=Route.Kind.DESK).values_list("pk").order_by()
)


def push_key() -> PushKey:
    """This function will return the installation's key for browser push, made when it is first needed.

    Shape:  one that cannot be unsealed any more is made anew; browsers that trust the old one are asked again
    """
    key = PushKey.objects.first()
    if key is not None:
        try:
            _ = key.private
        except InvalidToken:
            key.delete()
        else:
            return key
    private, public = push.new_key()
    sealed = box("push").encrypt(private.encode()).decode()
    return PushKey.objects.get_or_create(pk=1, defaults={"public": public, "sealed_private": sealed})[0]
