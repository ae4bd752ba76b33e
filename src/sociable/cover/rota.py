"""Makes, changes, removes and cancels shifts. What is made is a draft that few see, until publishing makes it hold.

Whether a shift can be is decided by checking; what changed is kept, and told, by rota_changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from sociable.cover.around import Wanted
from sociable.cover.checking import ShiftRefused, Stale, Unwise, check, check_may_plan, lock, wanted_as
from sociable.cover.models import Shift, ShiftPattern
from sociable.cover.rota_changes import facts, record, take_off
from sociable.domain.cover import making
from sociable.domain.cover.limits import Concern
from sociable.people.models import Person

MOST_WEEKS = 26


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


# -- Rows ------------------------------------------------------------------------------------------------------------------


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
