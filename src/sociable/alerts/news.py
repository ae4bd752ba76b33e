"""Writes the notices of what is no request, one a person: by the first of their routes that tells them in time, in their hours.

When that is, is decided in domain/news; what is said is worked out when it leaves, by the journey that asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sociable.alerts import usual, writing
from sociable.alerts.models import Notice, Route
from sociable.alerts.queries import People, way_of
from sociable.domain import news
from sociable.domain.alerting import By


def ask(
    people_ids: Iterable[int], about: Mapping[str, Any], now: datetime, *, key: str, before: datetime | None = None
) -> None:
    """This function will have people told of something; call it inside the transaction that makes it true.

    Shape:  `about` names what it is `of`, and ids; lists of ids join a notice of the same that has not left yet. `before` is
            when it begins, by which they should know
    """
    wanted = sorted(set(people_ids))
    usual.give_usual_routes(now)
    people = People.read(set(wanted), now)
    for pk in wanted:
        somebody = people.known(pk)
        if somebody is not None and not _joined(pk, about, before):
            by = news.by_which(somebody, now, before) or _letterbox(pk, now)
            writing.queue(
                key=f"{key}:{pk}:{by.way.key}", kind=Notice.Kind.NEWS, by=by, person_id=pk, at=by.at, now=now,
                about=dict(about), before_at=before,
            )  # fmt: skip


def _joined(person_id: int, about: Mapping[str, Any], before: datetime | None) -> bool:
    """Whether a notice that waits for its time takes this along: its person is told of both at once."""
    lists = {name: ids for name, ids in about.items() if isinstance(ids, list)}
    waiting = Notice.objects.filter(
        person=person_id, kind=Notice.Kind.NEWS, state=Notice.State.QUEUED, about__of=about["of"]
    )
    for notice in waiting.select_for_update().order_by("pk") if lists else ():
        if before is not None and notice.due_at >= before:
            continue
        kept = notice.about or {}
        notice.about = kept | {name: list(dict.fromkeys([*kept.get(name, []), *ids])) for name, ids in lists.items()}
        notice.save(update_fields=["about"])
        return True
    return False


def _letterbox(person_id: int, now: datetime) -> By:
    """Whoever took all routes away, or has none that works, is still written to where they sign in."""
    mail = Route.objects.filter(person=person_id, kind=Route.Kind.EMAIL).order_by("position", "pk")
    route = mail.first() or Route.objects.create(
        person_id=person_id, kind=Route.Kind.EMAIL, name="Email", position=9, is_on=False, added_at=now
    )
    return By(way_of(route, now), now)


def later(notices: Sequence[Notice], now: datetime) -> dict[int, datetime]:
    """This function will say which of these may not leave now and from when: their time went by while nobody could hand them over."""
    people = People.read({one.person_id for one in notices}, now)
    found = {}
    for one in notices:
        somebody = people.known(one.person_id)
        if somebody is not None and one.route is not None:
            found[one.pk] = news.from_when(somebody, way_of(one.route, now, people.zone_of(one.person_id)), now)
    return {pk: at for pk, at in found.items() if at > now}
