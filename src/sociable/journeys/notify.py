"""Hands notices over to the routes of their people: many in one transaction before, the network outside, many in one after.

A notice says before it leaves that it is leaving. One found so belongs to a worker that died: it may have left, so it is not
sent again, and the next route of its person is used. What a route would not take goes by the next at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from sociable.alerts import news as waiting_news
from sociable.alerts import queries as alerts
from sociable.alerts import routes, services, tokens, words
from sociable.alerts.models import Chain, Notice, Route
from sociable.asking.keeping import keep
from sociable.asking.question import Among, Question, together
from sociable.channels import registry
from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.notices.base import Parcel
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.domain import alerting
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import news
from sociable.people.models import Role
from sociable.promises.models import Wait

State, Kind = Notice.State, Notice.Kind
OF_REQUESTS = frozenset({Kind.REQUEST, Kind.BATCH})
STALE = timedelta(minutes=15)  # what is later than this is decided anew: its person may have gone home
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
        means = _Means()
        later = _later(list(notices.values()), now)
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
        send_onward(onward.for_good, now)
        left = {notice.pk: notice for notice in send_onward(onward.for_now, now)}
        for row in [row for row in settled if row.subject_id in left]:
            _again(left[row.subject_id], row, now)
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


def _look(notice: Notice, means: _Means, onward: _Onward, now: datetime) -> Parcel | None:
    """What is to be carried for a notice; None where it is settled. The notice says from here on that it is leaving."""
    if notice.state == State.HANDING:
        notice.state, notice.detail = State.UNKNOWN, DIED
        onward.for_good.append(notice)
        return None
    if notice.state != State.QUEUED:
        return None
    notice.late_because = (notice.late_because or alerting.lateness(notice.due_at, now, _why_late(notice)))[:300]
    said = _words(notice, now)
    if said is None:
        notice.state, notice.acknowledged_at = State.SKIPPED, now
        return None
    try:
        parcel = _parcel(notice, said, means, now)
    except ChannelError as error:
        notice.state, notice.detail = State.FAILED, error.message[:500]
        (onward.for_good if error.permanent else onward.for_now).append(notice)
        return None
    notice.state = State.HANDING
    return parcel


def _why_late(notice: Notice) -> str:
    return f"{notice.route.name} did not take it at first: {notice.detail}" if notice.route and notice.detail else ""


# -- Whether it is still wanted, and may ring now --------------------------------------------------------------------------


def _words(notice: Notice, now: datetime) -> words.Words | None:
    """What the notice says; None where nobody needs to be told any more."""
    if notice.kind == Kind.REQUEST and notice.chain is not None:
        running = notice.chain.ended_at is None and notice.chain.wait.is_open
        return words.of_request(notice, notice.chain, now) if running else None
    if notice.kind == Kind.BATCH:
        chains = _running_members(notice)
        return words.of_batch(notice, chains, now) if chains else None
    if notice.kind == Kind.SHIFT:
        waits = _waits_of_shift(notice)
        return words.of_shift(waits, now) if waits else None
    return news.said(notice, now) if notice.kind == Kind.NEWS else words.of_drill(notice)


def _running_members(notice: Notice) -> list[Chain]:
    members = Chain.objects.filter(notices__batch=notice, ended_at=None, wait__ended_at=None)
    return list(members.select_related("wait__account__partner").distinct())


def _waits_of_shift(notice: Notice) -> list[Wait]:
    """What waits where the shift covers, and what else was told with it: of an account that they lead, say."""
    if notice.shift is None:
        return []
    accounts, waits = notice.shift.accounts.values("pk"), Wait.objects.open()
    with_it = Chain.objects.filter(notices__batch=notice, ended_at=None).values("wait")
    open_ones = waits.filter(Q(account__in=accounts) | Q(account__answered_from__in=accounts) | Q(pk__in=with_it))
    return list(open_ones.select_related("account__partner").order_by("due_at", "pk"))


def _quiet(notices: Sequence[Notice], now: datetime) -> dict[int, datetime]:
    """Which of these take a route that keeps quiet now, by the clock of its person, and until when."""
    some = [(one, one.route) for one in notices if one.route is not None and one.route.quiet_from]
    people = alerts.People.read({one.person_id for one, _ in some}, now) if some else None
    found = {}
    for one, route in some:
        zone = people.zone_of(one.person_id) if people is not None else ""
        if (until := alerts.way_of(route, now, zone).quiet_until(now)) is not None:
            found[one.pk] = until
    return found


def _later(notices: Sequence[Notice], now: datetime) -> dict[int, datetime]:
    """Which of these may not ring now, and from when: their route keeps quiet, or they are so late that nobody may be there."""
    later = _quiet([one for one in notices if one.kind != Kind.DRILL], now)
    later |= waiting_news.later([one for one in notices if one.kind == Kind.NEWS and now - one.due_at > STALE], now)
    later |= _over(notices, now)
    stale = [one for one in notices if one.kind in OF_REQUESTS and one.account_id and now - one.due_at > STALE]
    if not stale:
        return later
    of = Account.objects.select_related("partner", "answered_from__partner")
    accounts = of.filter(pk__in={one.account_id for one in stale})
    facts = alerts.facts(accounts, now, [one.person for one in stale])
    for one in stale:
        somebody = facts.somebody(one.person)
        at = alerting.rings_at(facts.situations[one.account_id or 0], somebody, one.standing, now)
        if at > now:
            later[one.pk] = max(at, later.get(one.pk, at))
    return later


def _over(notices: Sequence[Notice], now: datetime) -> dict[int, datetime]:
    """What was to be told as a shift began that is over by now: from when its person is next there."""
    over = [one for one in notices if one.kind == Kind.SHIFT and one.shift is not None and one.shift.ends_at <= now]
    people = alerts.People.read({one.person_id for one in over}, now) if over else None
    known = {one.pk: people.known(one.person_id) for one in over} if people is not None else {}
    back = {pk: somebody.hours.next_in(now) for pk, somebody in known.items() if somebody is not None}
    return {pk: at for pk, at in back.items() if at is not None and at > now}


def _put_off(notice: Notice, row: DueRow, until: datetime) -> None:
    notice.late_because = notice.late_because or (
        "Sociable was not running, or was behind, when it came due, and then it was no time to ring"
    )
    due.renew(row, until)


# -- What is carried -------------------------------------------------------------------------------------------------------


class _Means:
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
    key = services.push_key()
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


def _parcel(notice: Notice, said: words.Words, means: _Means, now: datetime) -> Parcel:
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
        left = send_onward(onward, now)
        again = {rows[notice.pk].pk: notice for notice in left if notice.state == State.FAILED}
        for row in [row for row in done if row.pk in again]:
            _again(again[row.pk], row, now)
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


def send_onward(notices: Sequence[Notice], now: datetime) -> list[Notice]:
    """This function will tell by the next route of each person, and return those for whom there is none."""
    wanted = [one for one in notices if one.kind != Kind.DRILL]
    if not wanted:
        return []
    people = alerts.People.read({one.person_id for one in wanted}, now)
    left = []
    for one in wanted:
        somebody = people.known(one.person_id)
        because = f"{one.route.name if one.route else 'A route'} did not take it: {one.detail}"
        if somebody is not None and services.next_route(one, because, somebody, now) is None:
            left.append(one)
    return left


def _again(notice: Notice, row: DueRow, now: datetime) -> None:
    """The last route there is: it is tried again with growing pauses, for as long as somebody is to be told."""
    if notice.route is None or routes.is_gone(notice.route):
        due.close(row, now)
        return
    Notice.objects.filter(pk=notice.pk).update(state=State.QUEUED)
    # With its route, and not a pause of its own after that.
    until = routes.rests_until(notice.route, now)
    due.postpone(row, now, notice.detail, tries=None, longest=routes.LONGEST_REST, until=until)
