"""Makes of a notice the parcel that a route carries: where to, what it says, its links, and what the route needs of the installation.

Whether it may leave is decided in still_wanted, and what became of it is noted by notify.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from sociable.alerts import routes, tokens, usual, words
from sociable.alerts.models import Notice, Route
from sociable.channels import registry
from sociable.channels.base import ChannelError
from sociable.channels.notices.base import Parcel
from sociable.directory import connecting
from sociable.directory.models import Connection
from sociable.journeys import news
from sociable.people.models import Role

Kind = Notice.Kind


class Means:
    """What the routes need of the installation, each found once for a batch of notices."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], Mapping[str, Any] | ChannelError] = {}

    def of(self, route: Route) -> Mapping[str, Any]:
        """This function will return what a route needs.

        Errors: ChannelError with what to set
        """
        key = (route.kind, route.person_id if route.kind in _OF_PERSON else 0)
        if key not in self._found:
            try:
                self._found[key] = MEANS.get(route.kind, _nothing)(route)
            except ChannelError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, ChannelError):
            raise found
        return found


def _nothing(_route: Route) -> Mapping[str, Any]:
    return {}


def _mail_server(_route: Route) -> Mapping[str, Any]:
    return connecting.shared_server(settings.DEFAULT_FROM_EMAIL, "Sociable")


def _push_key(_route: Route) -> Mapping[str, Any]:
    key = usual.push_key()
    return {"private_key": key.private, "contact": f"mailto:{settings.DEFAULT_FROM_EMAIL}"} | routes.allowed()


def _text_line(route: Route) -> Mapping[str, Any]:
    """The line by which a body of the person's sends texts to residents."""
    bodies = Role.objects.filter(person=route.person_id).values("partner")
    for connection in Connection.objects.filter(account__partner__in=bodies).select_related("account").order_by("pk"):
        if registry.adapter_class(connection.account.channel).capabilities.counting == TEXTS:
            secrets = connecting.unseal(connection.sealed_secrets)
            return connecting.whole(connection.account, connection.settings, secrets)
    raise ChannelError("No body of theirs is connected to a service for text messages.")


def _allowed(_route: Route) -> Mapping[str, Any]:
    return routes.allowed()


TEXTS = "sms"  # how the network counts
MEANS: dict[str, Callable[[Route], Mapping[str, Any]]] = {
    Route.Kind.EMAIL: _mail_server,
    Route.Kind.PUSH: _push_key,
    Route.Kind.TEXT: _text_line,
    Route.Kind.APPRISE: _allowed,
}
_OF_PERSON = frozenset({Route.Kind.TEXT})


def parcel(notice: Notice, said: words.Words, means: Means, now: datetime) -> Parcel:
    """This function will make of a notice what its route carries.

    Errors: ChannelError where the route cannot take it, just now or for good
    """
    route = notice.route
    is_on = route is not None and (route.is_on or notice.kind == Kind.NEWS)  # who took all away is still written to
    if route is None or not is_on or not notice.person.is_active:
        raise ChannelError("The route was taken away, or switched off.", permanent=True)
    if notice.kind != Kind.DRILL and (fails := route.fails(now)):
        raise ChannelError(fails)
    address = route.address or (notice.person.email if route.kind == Route.Kind.EMAIL else "")
    if not address:
        raise ChannelError("Its address can no longer be read. Enter it again in your own settings.", permanent=True)
    tap = settings.PUBLIC_URL + reverse("public:told", args=[tokens.token_of(notice.pk)])
    return Parcel(
        key=tokens.mail_key(notice.pk),
        address=address,
        title=said.title,
        text=said.text,
        link=tap if notice.kind == Kind.DRILL else settings.PUBLIC_URL + _about(notice),
        tap="" if notice.kind == Kind.NEWS else tap,
        at=now,
        means=means.of(route),
    )


def _about(notice: Notice) -> str:
    if notice.kind == Kind.NEWS:
        return news.page(notice)
    if notice.chain is not None:
        return reverse("desk:conversation", args=[notice.chain.wait.conversation_id])
    return reverse("desk:desk")
