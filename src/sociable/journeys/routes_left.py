"""Tells by the next route what one would not take, and tries the last one again where there is no other.

What a route said is noted by notify; which route is next is decided in domain/alerting.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sociable.alerts import queries as alerts
from sociable.alerts import routes, writing
from sociable.alerts.models import Notice
from sociable.due import services as due
from sociable.due.models import DueRow


def send_onward(notices: Sequence[Notice], now: datetime) -> list[Notice]:
    """This function will tell by the next route of each person, and return those for whom there is none."""
    wanted = [one for one in notices if one.kind != Notice.Kind.DRILL]
    if not wanted:
        return []
    people = alerts.People.read({one.person_id for one in wanted}, now)
    left = []
    for one in wanted:
        somebody = people.known(one.person_id)
        because = f"{one.route.name if one.route else 'A route'} did not take it: {one.detail}"
        if somebody is not None and writing.next_route(one, because, somebody, now) is None:
            left.append(one)
    return left


def again(notice: Notice, row: DueRow, now: datetime) -> None:
    """This function will try the last route there is again with growing pauses, for as long as somebody is to be told."""
    if notice.route is None or routes.is_gone(notice.route):
        due.close(row, now)
        return
    Notice.objects.filter(pk=notice.pk).update(state=Notice.State.QUEUED)
    # With its route, and not a pause of its own after that.
    until = routes.rests_until(notice.route, now)
    due.postpone(row, now, notice.detail, tries=None, longest=routes.LONGEST_REST, until=until)
