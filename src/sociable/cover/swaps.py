"""Passes a published shift from one person to another: asked by the first, agreed by the second, done at once.

Whether the second is ready and within their limits is asked again when they agree: a week may lie between.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from sociable.cover import around
from sociable.cover.around import Wanted
from sociable.cover.checking import ShiftRefused, Stale, check, lock, wanted_as
from sociable.cover.models import RotaChange, Shift, Swap, TimeAway
from sociable.cover.rota_changes import facts, publish_change, record, take_off, told
from sociable.domain.cover.limits import Kind
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.people.models import Person
from sociable.people.permissions import NotAllowed


def ask(
    shift: Shift,
    *,
    by: Person,
    now: datetime,
    to: Person | None = None,
    in_return: Shift | None = None,
    words: str = "",
) -> Swap:
    """This function will ask that somebody takes a shift: one person, or anybody who is ready for it.

    Shape:  `in_return` is a shift of the other's that the asker takes for it
    Errors: NotAllowed where it is not theirs; ShiftRefused; Stale
    """
    if shift.person_id != by.pk:
        raise NotAllowed("Only whoever works a shift can ask that somebody else takes it.")
    with transaction.atomic():
        lock([by])
        shift = _published(shift.pk, now)
        if shift.swaps.filter(state=Swap.State.ASKED).exists():
            raise ShiftRefused("You have asked for this shift already. Take that back first.")
        _check_offer(shift, to, in_return)
        swap = Swap.objects.create(
            shift=shift, asked_by=by, offered_to=to, in_return=in_return, words=words.strip()[:300], asked_at=now
        )
        due.ask([due.Due("swap", f"swap:{swap.pk}", swap.pk, shift.starts_at)])
        record("asked for a swap", shift, by=by, now=now, after={"to": to.name if to else "anybody"}, reason=words)
        publish_change(shift, now)
    return swap


def _check_offer(shift: Shift, to: Person | None, in_return: Shift | None) -> None:
    if to is not None and to.pk not in {person.pk for person in could_take(shift)}:
        raise ShiftRefused(f"{to.first_name} is not signed off for all that this shift covers.")
    if in_return is None:
        return
    if to is None or in_return.person_id != to.pk or in_return.state != Shift.State.PUBLISHED:
        raise ShiftRefused("What you take in return must be a published shift of the person you ask.")


def could_take(shift: Shift) -> list[Person]:
    """This function will list who is ready for all of a shift, without whoever has it; whether they are free is asked when they agree."""
    wanted = wanted_as(shift)
    people = Person.objects.filter(is_active=True).exclude(pk=shift.person_id)
    for account in wanted.accounts:
        lasts = Q(readiness__expires_at=None) | Q(readiness__expires_at__gte=shift.ends_at)
        people = people.filter(
            lasts,
            readiness__account=account,
            readiness__withdrawn_at=None,
            readiness__ready_from_at__lte=shift.starts_at,
        )
    return list(people.distinct().order_by("name"))


def offered_to(person: Person, now: datetime) -> list[Swap]:
    """This function will list the swaps somebody can agree to: offered to them, or to anybody who is ready and free as they are."""
    rows = open_swaps(now).filter(Q(offered_to=person) | Q(offered_to=None)).exclude(asked_by=person)
    theirs = [swap for swap in rows if not around.not_ready(_as_theirs(swap.shift, person))]
    return [swap for swap in theirs if swap.offered_to_id or is_free(person, swap.shift)]


def is_free(person: Person, shift: Shift) -> bool:
    """This function will say whether somebody has neither a shift of their own nor time away while a shift lasts."""
    on_duty = Shift.objects.published().filter(person=person).touching(shift.starts_at, shift.ends_at)
    away = TimeAway.objects.counted().filter(person=person).touching(shift.starts_at, shift.ends_at)
    return not on_duty.exists() and not away.exists()


def asked_by(person: Person, now: datetime) -> list[Swap]:
    """This function will list what somebody has asked and nobody has decided."""
    return list(open_swaps(now).filter(asked_by=person))


def open_swaps(now: datetime) -> QuerySet[Swap]:
    """This function will return the swaps that can still be agreed: asked, and the shift has not begun."""
    rows = Swap.objects.filter(state=Swap.State.ASKED, shift__starts_at__gt=now)
    whole = rows.select_related("shift__person", "asked_by", "offered_to", "in_return__person")
    return whole.prefetch_related("shift__accounts", "in_return__accounts").order_by("shift__starts_at", "pk")


def agree(swap: Swap, *, by: Person, now: datetime, reason: str = "") -> Shift:
    """This function will give the shift to whoever agrees, and theirs in return where that was asked; of two at once, one has it.

    Shape:  the shift as it is theirs now. `reason` says why it is taken against a limit that was warned of
    Errors: Stale where somebody was faster, it was taken back, or the shift has begun; ShiftRefused; Unwise; NotAllowed
    """
    if swap.offered_to_id not in (None, by.pk) or swap.asked_by_id == by.pk:
        raise NotAllowed("This swap was not offered to you.")
    with transaction.atomic():
        lock([swap.asked_by, by])
        _decide(swap, Swap.State.AGREED, by, now)
        shift = _published(swap.shift_id, now)
        back = _published(swap.in_return_id, now) if swap.in_return_id else None
        _check_taking(shift, by, back, reason)
        if back is not None:
            _check_taking(back, swap.asked_by, shift, reason or "Asked for by themselves")
        taken = _give(shift, by, now, reason)
        if back is not None:
            _give(back, swap.asked_by, now, reason)
    return taken


def _check_taking(shift: Shift, taker: Person, gives: Shift | None, reason: str) -> None:
    """Errors: ShiftRefused where they are not ready or not free; Unwise where a limit speaks against it"""
    wanted = _as_theirs(shift, taker)
    besides = [shift.pk, *([gives.pk] if gives else [])]
    hard = [each.words for each in around.against(wanted, besides) if each.kind in {Kind.NOT_READY, Kind.AWAY}]
    if hard:
        raise ShiftRefused(" ".join(hard))
    check(wanted, reason, besides)


def _as_theirs(shift: Shift, person: Person) -> Wanted:
    return Wanted(person, shift.starts_at, shift.ends_at, tuple(shift.accounts.all()), shift.note)


def _give(shift: Shift, to: Person, now: datetime, reason: str) -> Shift:
    """The shift goes from the one, and stands for the other as published."""
    was = facts(shift)
    accounts = list(shift.accounts.all())
    take_off(shift, reason=f"Swapped with {to.first_name}", by=to, now=now)
    given = Shift.objects.create(
        person=to, starts_at=shift.starts_at, ends_at=shift.ends_at, state=Shift.State.PUBLISHED, note=shift.note,
        made_by=Shift.MadeBy.SWAP, is_fixed=True, made_at=now, published_at=now, published_by=to, replaces=shift,
        override_reason=reason[:300],
    )  # fmt: skip
    given.accounts.set(accounts)
    record("took a shift by a swap", given, by=to, now=now, before=was, after=facts(given), reason=reason)
    told(given, RotaChange.What.ADDED, now, words=f"Swapped with {shift.person.first_name}")
    publish_change(given, now)
    return given


def decline(swap: Swap, *, by: Person, now: datetime) -> None:
    """This function will decline a swap that was offered to one person alone.

    Errors: NotAllowed; Stale
    """
    if swap.offered_to_id != by.pk:
        raise NotAllowed("This swap was not offered to you alone: whoever wants it agrees, the others need do nothing.")
    with transaction.atomic():
        _decide(swap, Swap.State.DECLINED, by, now)
        record("declined a swap", swap.shift, by=by, now=now)
        publish_change(swap.shift, now)


def take_back(swap: Swap, *, by: Person, now: datetime) -> None:
    """This function will take back what somebody asked.

    Errors: NotAllowed; Stale
    """
    if swap.asked_by_id != by.pk:
        raise NotAllowed("Only whoever asked can take it back.")
    with transaction.atomic():
        _decide(swap, Swap.State.WITHDRAWN, by, now)
        record("took a swap back", swap.shift, by=by, now=now)
        publish_change(swap.shift, now)


def lapse(row: DueRow, now: datetime) -> None:
    """This function will end a swap that nobody agreed to before its shift began."""
    with transaction.atomic():
        swap = Swap.objects.select_related("shift").filter(pk=row.subject_id, state=Swap.State.ASKED).first()
        if swap is not None and swap.shift.starts_at > now:
            due.renew(row, swap.shift.starts_at)
            return
        if swap is not None:
            Swap.objects.filter(pk=swap.pk, state=Swap.State.ASKED).update(state=Swap.State.LAPSED, decided_at=now)
            publish_change(swap.shift, now)
        due.close(row, now)


def _decide(swap: Swap, state: str, by: Person, now: datetime) -> None:
    """The conditional update is what lets one of two who agree in the same instant have it."""
    asked = Swap.objects.filter(pk=swap.pk, state=Swap.State.ASKED)
    if not asked.update(state=state, decided_at=now, decided_by=by):
        raise Stale(_why_not(Swap.objects.select_related("decided_by").get(pk=swap.pk)))
    due.withdraw("swap", [swap.pk])


def _why_not(swap: Swap) -> str:
    who = swap.decided_by.first_name if swap.decided_by else "Somebody"
    return {
        Swap.State.AGREED: f"{who} has taken it already.",
        Swap.State.WITHDRAWN: f"{who} took it back.",
        Swap.State.DECLINED: f"{who} declined it.",
    }.get(Swap.State(swap.state), "It came too late: the shift has begun, or is on the rota no more.")


def _published(shift_id: int, now: datetime) -> Shift:
    shift = Shift.objects.select_related("person").prefetch_related("accounts").get(pk=shift_id)
    if shift.state != Shift.State.PUBLISHED:
        raise Stale("The shift is on the rota no more.")
    if shift.starts_at <= now:
        raise Stale("It came too late: the shift has begun.")
    return shift
