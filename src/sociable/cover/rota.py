"""Makes, changes, removes and cancels shifts. What is made is a draft that few see, until publishing makes it hold.

What speaks against a shift is told by around; telling people by their routes belongs to alerts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from sociable.cover import around
from sociable.cover.around import Wanted
from sociable.cover.models import RotaChange, Shift, ShiftPattern, Swap
from sociable.cover.queries import rosters
from sociable.cover.rota_file import FIRST_YEAR, LAST_YEAR, YEAR_WORDS
from sociable.directory.models import Account
from sociable.domain.cover import making
from sociable.domain.cover.limits import Concern, span_words
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.live import services as live
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person
from sociable.people.permissions import NotAllowed

MOST_WEEKS = 26
LONGEST = timedelta(days=31)
CHANGES_TOGETHER = timedelta(minutes=2)  # what changes within it is told in one notice


class ShiftRefused(DomainError):
    """A shift cannot be: it overlaps another, ends before it begins, covers nothing."""


class Unwise(DomainError):
    """Something speaks against a shift; whoever plans may make it all the same and say why. `concerns` holds each sentence."""

    def __init__(self, concerns: Sequence[Concern]) -> None:
        super().__init__(" ".join(each.words for each in concerns))
        self.concerns = tuple(concerns)


class Stale(DomainError):
    """What was looked at has changed meanwhile."""


def make(
    wanted: Wanted,
    *,
    by: Person,
    now: datetime,
    reason: str = "",
    made_by: str = Shift.MadeBy.HAND,
    **more: Any,
) -> Shift:
    """This function will make a draft of a shift.

    Shape:  `reason` says why it is made against what was warned of; `more` are other columns of the shift
    Errors: NotAllowed; ShiftRefused; Unwise where something is warned of and no reason given
    """
    check_may_plan(by, wanted)
    with transaction.atomic():
        lock([wanted.person])
        check(wanted, reason)
        shift = _save(wanted, now, made_by=made_by, is_fixed=made_by == Shift.MadeBy.HAND, override=reason, **more)
        record("drafted a shift", shift, by=by, now=now, after=facts(shift), reason=reason)
    return shift


def make_from(
    pattern: ShiftPattern,
    person: Person,
    first_on: date,
    weeks: int,
    *,
    by: Person,
    now: datetime,
    reason: str = "",
    without: Collection[date] = (),
) -> list[Shift]:
    """This function will make the drafts of a pattern for some weeks: all of them, or none.

    Shape:  what is there already, made from this pattern for this person at this time, is left alone
    Errors: NotAllowed; ShiftRefused; Unwise
    """
    wanted = wanted_of(pattern, person, first_on, weeks, without)
    with transaction.atomic():
        lock([person])
        had = set(Shift.objects.filter(pattern=pattern, person=person).exclude(state=Shift.State.CANCELLED).values_list(
            "starts_at", flat=True
        ))  # fmt: skip
        fresh = [each for each in wanted if each.starts_at not in had]
        return make_all(fresh, by=by, now=now, reason=reason, made_by=Shift.MadeBy.PATTERN, pattern=pattern)


def make_all(wanted: Iterable[Wanted], *, by: Person, now: datetime, reason: str = "", **more: Any) -> list[Shift]:
    """This function will make several drafts, or none: what speaks against any of them is told at once.

    Shape:  call it inside a transaction: what was made before a refusal must go with it
    Errors: NotAllowed; ShiftRefused; Unwise
    """
    made: list[Shift] = []
    warned: list[Concern] = []
    for each in wanted:
        try:
            made.append(make(each, by=by, now=now, reason=reason, **more))
        except Unwise as unwise:
            warned += unwise.concerns
            make(each, by=by, now=now, reason="-", **more)  # so that what comes after it counts it
    if warned:
        raise Unwise(list(dict.fromkeys(warned)))
    return made


def wanted_of(
    pattern: ShiftPattern, person: Person, first_on: date, weeks: int, without: Collection[date] = ()
) -> list[Wanted]:
    """This function will work out the shifts of a pattern for some weeks, in the local time of its body."""
    kind = making.Kind(frozenset(pattern.weekdays), pattern.begins, pattern.ends, pattern.every_weeks)
    accounts = tuple(pattern.accounts.select_related("partner", "answered_from"))
    made = making.stretches(kind, first_on, min(weeks, MOST_WEEKS), ZoneInfo(pattern.partner.zone), without)
    return [Wanted(person, begins_at, ends_at, accounts) for begins_at, ends_at in made]


def change(shift: Shift, wanted: Wanted, *, by: Person, now: datetime, reason: str = "") -> Shift:
    """This function will change a shift: a draft at once, a published one by a draft that replaces it once that is published.

    Errors: NotAllowed; ShiftRefused; Unwise; Stale where it was cancelled or is being changed by somebody else already
    """
    check_may_plan(by, wanted_as(shift))
    check_may_plan(by, wanted)
    with transaction.atomic():
        lock([shift.person, wanted.person])
        shift = _fresh(shift)
        gone = [shift.pk, *([shift.replaces_id] if shift.replaces_id else [])]
        check(wanted, reason, gone)
        if shift.state == Shift.State.PUBLISHED:
            return _draft_instead_of(shift, wanted, by=by, now=now, reason=reason)
        before = facts(shift)
        _set(shift, wanted, now, override_reason=reason, only_removes=False)
        record("changed a draft", shift, by=by, now=now, before=before, after=facts(shift), reason=reason)
    return shift


def _draft_instead_of(shift: Shift, wanted: Wanted, *, by: Person, now: datetime, reason: str) -> Shift:
    same = shift.person_id == wanted.person.pk
    draft = _save(
        wanted, now, made_by=Shift.MadeBy.HAND, is_fixed=True, override=reason, replaces=shift,
        began_as=(shift.began_as or shift.pk) if same else None, revision=shift.revision + 1 if same else 0, uid=shift.uid,
    )  # fmt: skip
    record("drafted a change of a shift", draft, by=by, now=now, before=facts(shift), after=facts(draft), reason=reason)
    return draft


def remove(shift: Shift, *, by: Person, now: datetime) -> Shift | None:
    """This function will remove a draft, or draft the removal of a published shift; None where nothing is left of it.

    Errors: NotAllowed; Stale
    """
    check_may_plan(by, wanted_as(shift))
    with transaction.atomic():
        lock([shift.person])
        shift = _fresh(shift)
        if shift.state == Shift.State.PUBLISHED:
            draft = _save(wanted_as(shift), now, made_by=Shift.MadeBy.HAND, replaces=shift, only_removes=True)
            record("drafted the removal of a shift", draft, by=by, now=now, before=facts(shift))
            return draft
        record("removed a draft", shift, by=by, now=now, before=facts(shift))
        shift.delete()
    return None


def cancel(shift: Shift, *, reason: str, by: Person, now: datetime) -> None:
    """This function will cancel a published shift at once, with a reason.

    Errors: NotAllowed; Stale; ShiftRefused without a reason, and where it is over
    """
    check_may_plan(by, wanted_as(shift))
    if not reason.strip():
        raise ShiftRefused("Say why it is cancelled: they will read it.")
    with transaction.atomic():
        lock([shift.person])
        shift = Shift.objects.select_related("person").get(pk=shift.pk)
        if shift.state != Shift.State.PUBLISHED:
            raise Stale("It is not on the published rota any more.")
        if shift.ends_at <= now:
            raise ShiftRefused("It is over: what was worked stays on the rota.")
        take_off(shift, reason=reason, by=by, now=now)


# -- What every verb of the rota uses ---------------------------------------------------------------------------------------


def check_may_plan(by: Person, wanted: Wanted) -> None:
    """This function will raise unless somebody plans both the person and every account of a shift.

    Errors: NotAllowed
    """
    for account in wanted.accounts:
        permissions.check_can_plan(by, account.place)
    if not rosters(by, wanted.person):
        raise NotAllowed(f"You do not plan the rota of {wanted.person.name}. Ask whoever leads them.")


def check(wanted: Wanted, reason: str, besides: Collection[int] = ()) -> None:
    """This function will raise where a shift cannot be, or where something speaks against it and no reason is given.

    Errors: ShiftRefused; Unwise
    """
    if wanted.ends_at <= wanted.starts_at:
        raise ShiftRefused("It ends before it begins. Where it goes on over midnight, give the day on which it ends.")
    if not FIRST_YEAR <= wanted.starts_at.year <= wanted.ends_at.year <= LAST_YEAR:
        raise ShiftRefused(YEAR_WORDS)
    if wanted.ends_at - wanted.starts_at > LONGEST:
        raise ShiftRefused("It lasts longer than a month. Look once more at the day on which it ends.")
    if not wanted.accounts:
        raise ShiftRefused("Choose at least one account that the shift covers.")
    if not Person.objects.filter(pk=wanted.person.pk, is_active=True).exists():
        raise ShiftRefused(f"{wanted.person.name} has left, and can be on no rota.")
    concerns = around.against(wanted, besides)
    refused = [each.words for each in concerns if each.refuses]
    if refused:
        raise ShiftRefused(" ".join(refused))
    if concerns and not reason.strip():
        raise Unwise(concerns)


def lock(whom: Iterable[Person]) -> None:
    """This function will lock people for the running transaction, so that of two shifts at one time only one is made.

    PostgreSQL locks the rows, in one order for all; SQLite lets one transaction write at a time as it is.
    """
    ids = sorted({person.pk for person in whom})
    list(Person.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def wanted_as(shift: Shift) -> Wanted:
    """This function will describe a shift as it is."""
    accounts = tuple(shift.accounts.select_related("partner", "answered_from"))
    return Wanted(shift.person, shift.starts_at, shift.ends_at, accounts, shift.note)


def take_off(shift: Shift, *, reason: str, by: Person | None, now: datetime, tell: bool = True) -> None:
    """This function will take a published shift off the rota, in the transaction and under the lock of whoever calls."""
    before = facts(shift)
    shift.state, shift.cancelled_at, shift.cancelled_reason = Shift.State.CANCELLED, now, reason[:300]
    shift.changed_at, shift.revision = now, shift.revision + 1
    shift.save(update_fields=["state", "cancelled_at", "cancelled_reason", "changed_at", "revision"])
    open_swaps = Swap.objects.filter(Q(shift=shift) | Q(in_return=shift), state=Swap.State.ASKED)
    open_swaps.update(state=Swap.State.LAPSED, decided_at=now)
    record("took a shift off the rota", shift, by=by, now=now, before=before, reason=reason)
    if tell:
        told(shift, RotaChange.What.TAKEN_OFF, now, words=reason)
    publish_change(shift, now)


def told(shift: Shift, what: str, now: datetime, *, words: str = "") -> None:
    """This function will leave for somebody what changed on their rota; what is over is not worth telling."""
    if shift.ends_at > now:
        RotaChange.objects.create(person_id=shift.person_id, shift=shift, what=what, words=words[:300], at=now)
        person = shift.person_id
        due.ask([due.Due("rota-told", f"rota-told:{person}", person, now + CHANGES_TOGETHER)])


def publish_change(shift: Shift, now: datetime) -> None:
    """This function will tell open screens that the rota of a shift's accounts changed."""
    for account_id in shift.accounts.values_list("pk", flat=True):
        live.publish(kind="rota", account_id=account_id, conversation_id=None, now=now)


def record(verb: str, shift: Shift, *, by: Person | None, now: datetime, **told: Any) -> None:
    """This function will write what was done to a shift into the trail of each body whose account it covers."""
    for partner_id in sorted(set(shift.accounts.values_list("partner_id", flat=True))):
        people.record(
            verb=verb, object_kind="shift", object_id=shift.pk, partner_id=partner_id, now=now, person=by, **told
        )


def facts(shift: Shift) -> dict[str, Any]:
    """This function will say a shift as the audit trail keeps it."""
    zone = ZoneInfo(around.zone_of(shift.person))
    return {
        "who": shift.person.name,
        "when": span_words((shift.starts_at, shift.ends_at), zone),
        "accounts": sorted(shift.accounts.values_list("name", flat=True)),
    }


def _fresh(shift: Shift) -> Shift:
    """The shift as it is now, under the lock: still there, and changed by nobody else already."""
    now_is = Shift.objects.select_related("person", "replaces").filter(pk=shift.pk).first()
    if now_is is None or now_is.state == Shift.State.CANCELLED:
        raise Stale("The shift is gone: somebody removed it meanwhile.")
    if now_is.state == Shift.State.PUBLISHED and now_is.replaced_by.filter(state=Shift.State.DRAFT).exists():
        raise Stale("A draft changes this shift already. Change that draft, or remove it first.")
    return now_is


def _save(wanted: Wanted, now: datetime, *, override: str = "", **columns: Any) -> Shift:
    shift = Shift.objects.create(
        person=wanted.person, starts_at=wanted.starts_at, ends_at=wanted.ends_at, note=wanted.note, made_at=now,
        override_reason=override[:300], **columns,
    )  # fmt: skip
    shift.accounts.set(wanted.accounts)
    return shift


def _set(shift: Shift, wanted: Wanted, now: datetime, **columns: Any) -> None:
    columns |= {
        "person": wanted.person, "starts_at": wanted.starts_at, "ends_at": wanted.ends_at, "note": wanted.note,
        "changed_at": now, "is_fixed": True,
    }  # fmt: skip
    for name, value in columns.items():
        setattr(shift, name, value)
    shift.save(update_fields=list(columns))
    shift.accounts.set(wanted.accounts)


def accounts_planned_by(person: Person) -> list[Account]:
    """This function will list the accounts somebody may put on a rota: those that answer themselves and are not closed."""
    mine = Account.objects.where(person, permissions.Act.PLAN).filter(answered_from=None)
    return list(mine.exclude(stage=Account.Stage.CLOSED).select_related("partner", "service").order_by("name"))
