"""Hands notices over to the routes of their people: many in one transaction before, the network outside, many in one after.

A notice says before it leaves that it is leaving. One found so belongs to a worker that died: it may have left, so it is not
sent again, and the next route of its person is used. What a route would not take goes by the next at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sociable.alerts import routes
from sociable.alerts.models import Notice
from sociable.asking.keeping import keep
from sociable.asking.question import Among, Question, together
from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.notices.base import Parcel
from sociable.domain import alerting
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import parcels, routes_left, still_wanted

State, Kind = Notice.State, Notice.Kind
DIED = "Sociable was stopped while handing it over; it may or may not have arrived."


@dataclass(frozen=True, slots=True)
class Errand:
    """One notice that is leaving: its due row and what the route carries."""

    row: DueRow
    notice_id: int
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an errand: what the route said, or why it did not take it."""

    errand: Errand
    said: str = ""
    error: ChannelError | None = None


def begin(rows: Sequence[DueRow], now: datetime) -> list[Errand]:
    """This function will note of the notices of one claim that they are leaving, and return what is to be carried.

    Shape:  what needs no telling any more, and what a route cannot take now, is settled here and not returned
    """
    errands: list[Errand] = []
    with transaction.atomic():
        notices, ours = _locked(_TO_CARRY, rows)
        means = parcels.Means()
        later = still_wanted.later(list(notices.values()), now)
        settled: list[DueRow] = []
        onward = _Onward([], [])
        for row in ours:
            notice = notices.get(row.subject_id)
            if notice is not None and notice.pk in later and notice.state == State.QUEUED:
                _put_off(notice, row, later[notice.pk])
                continue
            parcel = _look(notice, means, onward, now) if notice is not None else None
            if notice is None or parcel is None:
                settled.append(row)
            else:
                errands.append(Errand(row, notice.pk, parcel))
        _write(list(notices.values()))
        routes_left.send_onward(onward.for_good, now)
        left = {notice.pk: notice for notice in routes_left.send_onward(onward.for_now, now)}
        for row in [row for row in settled if row.subject_id in left]:
            routes_left.again(left[row.subject_id], row, now)
        due.close_all([row for row in settled if row.subject_id not in left], now)
    return errands


@dataclass(frozen=True, slots=True)
class _Onward:
    """Notices that their route cannot take: for good, or only just now. Where there is no other route, these are tried again."""

    for_good: list[Notice]
    for_now: list[Notice]


def _notices(*known: str) -> Question[Notice]:
    """The notices of rows, locked, with what is to be known of them."""
    found = Notice.objects.filter(Among("pk", "notices")).select_for_update(of=("self",)).order_by("pk")
    return Question(lambda: found.select_related(*known))


_TO_CARRY = _notices("route", "person", "chain__wait__account__partner", "shift")
_TO_NOTE = _notices("route")


def _locked(notices: Question[Notice], rows: Sequence[DueRow]) -> tuple[dict[int, Notice], list[DueRow]]:
    """The notices of rows, by their ids, and those rows that are still ours."""
    found, ours = together(notices.given(notices={row.subject_id for row in rows}), due.still_held(rows))
    return {notice.pk: notice for notice in found}, ours


def _write(notices: Sequence[Notice]) -> None:
    keep(notices, ["state", "detail", "handed_at", "late_because", "acknowledged_at"])


def _look(notice: Notice, means: parcels.Means, onward: _Onward, now: datetime) -> Parcel | None:
    """What is to be carried for a notice; None where it is settled. The notice says from here on that it is leaving."""
    if notice.state == State.HANDING:
        notice.state, notice.detail = State.UNKNOWN, DIED
        onward.for_good.append(notice)
        return None
    if notice.state != State.QUEUED:
        return None
    notice.late_because = (notice.late_because or alerting.lateness(notice.due_at, now, _why_late(notice)))[:300]
    said = still_wanted.said(notice, now)
    if said is None:
        notice.state, notice.acknowledged_at = State.SKIPPED, now
        return None
    try:
        parcel = parcels.parcel(notice, said, means, now)
    except ChannelError as error:
        notice.state, notice.detail = State.FAILED, error.message[:500]
        (onward.for_good if error.permanent else onward.for_now).append(notice)
        return None
    notice.state = State.HANDING
    return parcel


def _why_late(notice: Notice) -> str:
    return f"{notice.route.name} did not take it at first: {notice.detail}" if notice.route and notice.detail else ""


def _put_off(notice: Notice, row: DueRow, until: datetime) -> None:
    notice.late_because = notice.late_because or (
        "Sociable was not running, or was behind, when it came due, and then it was no time to ring"
    )
    due.renew(row, until)


# -- What became of it -----------------------------------------------------------------------------------------------------


def finish(outcomes: Sequence[Outcome], now: datetime) -> None:
    """This function will note what became of errands in one transaction, and send what was not taken by the next route."""
    with transaction.atomic():
        notices, ours = _locked(_TO_NOTE, [one.errand.row for one in outcomes])
        held = {row.pk for row in ours}
        onward: list[Notice] = []
        done: list[DueRow] = []
        for outcome in outcomes:
            notice = notices.get(outcome.errand.notice_id)
            if notice is None or outcome.errand.row.pk not in held:
                continue
            if _note(notice, outcome, now):
                onward.append(notice)
            done.append(outcome.errand.row)
        _write(list(notices.values()))
        rows = {one.errand.notice_id: one.errand.row for one in outcomes}
        left = routes_left.send_onward(onward, now)
        again = {rows[notice.pk].pk: notice for notice in left if notice.state == State.FAILED}
        for row in [row for row in done if row.pk in again]:
            routes_left.again(again[row.pk], row, now)
        due.close_all([row for row in done if row.pk not in again], now)


def take_back(errands: Sequence[Errand], now: datetime) -> None:
    """This function will queue again what was to leave and did not begin to, so that whoever looks next takes it up."""
    with transaction.atomic():
        notices, held = _locked(_TO_NOTE, [errand.row for errand in errands])
        ours = [notices[row.subject_id] for row in held if row.subject_id in notices]
        for notice in ours:
            if notice.state == State.HANDING:
                notice.state = State.QUEUED
        keep(ours, ["state"])
        due.give_back(held, now)


def _note(notice: Notice, outcome: Outcome, now: datetime) -> bool:
    """Keep what the route said; True where the next route is to be used."""
    error = outcome.error
    if error is None:
        notice.state, notice.handed_at, notice.detail = State.HANDED, now, outcome.said[:500]
        if notice.route is not None:
            routes.went_well(notice.route)
        return False
    unknown = isinstance(error, OutcomeUnknown)
    notice.state, notice.detail = State.UNKNOWN if unknown else State.FAILED, error.message[:500]
    if notice.route is not None:
        routes.went_badly(notice.route, error, now)
    return True
