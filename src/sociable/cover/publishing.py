"""Publishes the drafts of a stretch of weeks in one step: from then on they hold, and everybody sees them.

Only what was looked at is published: where somebody changed a draft meanwhile, nothing is, and it is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise

from django.db import transaction

from sociable.cover import around
from sociable.cover.checking import ShiftRefused, Stale, check_may_plan, lock, wanted_as
from sociable.cover.models import RotaChange, Shift, Shifts
from sociable.cover.rota_changes import facts, publish_change, record, take_off, told
from sociable.people.models import Person


@dataclass(frozen=True, slots=True)
class Published:
    """What came of publishing: how many changes, and whose rota is another now."""

    changes: int
    people: tuple[Person, ...]


def drafts_between(begins_at: datetime, ends_at: datetime) -> list[Shift]:
    """This function will list the drafts that lie in a stretch, or change what lies there, by when they begin."""
    drafts = Shift.objects.filter(state=Shift.State.DRAFT)
    within = drafts.filter(starts_at__lt=ends_at, ends_at__gt=begins_at) | drafts.filter(
        replaces__starts_at__lt=ends_at, replaces__ends_at__gt=begins_at
    )
    return list(_whole(within))


def mark_of(drafts: Iterable[Shift]) -> str:
    """This function will return a mark of drafts as they are; another one, and something about them has changed."""
    said = sorted(
        (
            draft.pk, draft.person_id, draft.starts_at.isoformat(), draft.ends_at.isoformat(), draft.only_removes,
            draft.replaces_id or 0, draft.note, *sorted(account.pk for account in draft.accounts.all()),
        )
        for draft in drafts
    )  # fmt: skip
    return sha256(repr(said).encode()).hexdigest()[:32]


def publish(draft_ids: Sequence[int], *, mark: str, by: Person, now: datetime) -> Published:
    """This function will publish drafts, all of them or none.

    Shape:  `mark` is that of the drafts as they were looked at
    Errors: Stale where they are not as they were, or what they change is not; ShiftRefused where somebody would be on two
            shifts at once, or has left; NotAllowed
    """
    with transaction.atomic():
        lock(_concerned(draft_ids))
        drafts = _locked_drafts(draft_ids)
        if not drafts or len(drafts) != len(set(draft_ids)) or mark_of(drafts) != mark:
            raise Stale("The drafts have changed since you looked at them. Look at them again, then publish.")
        for draft in drafts:
            check_may_plan(by, wanted_as(draft))
        _check_unchanged(drafts)
        for draft in drafts:
            _take_place(draft, by, now)
        people = list({draft.person_id: draft.person for draft in drafts}.values())
        _check_nobody_twice(people, since=min(draft.starts_at for draft in drafts))
    return Published(len(drafts), tuple(people))


def _concerned(draft_ids: Sequence[int]) -> list[Person]:
    """Whoever has one of the drafts, or the shift that one of them replaces."""
    drafts = Shift.objects.filter(pk__in=draft_ids).select_related("person", "replaces__person")
    return [
        person for draft in drafts for person in (draft.person, *([draft.replaces.person] if draft.replaces else []))
    ]


def _locked_drafts(draft_ids: Sequence[int]) -> list[Shift]:
    rows = Shift.objects.select_for_update().filter(pk__in=draft_ids, state=Shift.State.DRAFT).order_by("pk")
    list(rows.values_list("pk", flat=True))
    return list(_whole(Shift.objects.filter(pk__in=draft_ids, state=Shift.State.DRAFT)))


def _whole(rows: Shifts) -> Shifts:
    return (
        rows.distinct().select_related("person", "replaces__person")
        .prefetch_related("accounts", "replaces__accounts").order_by("starts_at", "pk")
    )  # fmt: skip


def _check_unchanged(drafts: Iterable[Shift]) -> None:
    """What a draft changes must still stand; it may have been cancelled or swapped since."""
    for draft in drafts:
        if draft.replaces is not None and draft.replaces.state != Shift.State.PUBLISHED:
            when = around.when_words(draft.replaces)
            raise Stale(
                f"{draft.replaces.person.first_name}'s shift {when} was cancelled or swapped since its change was drafted. "
                "Remove that draft, then publish."
            )


def _take_place(draft: Shift, by: Person, now: datetime) -> None:
    """The draft holds from now on, and what it replaces goes."""
    was = draft.replaces
    if was is not None:
        moved = draft.only_removes or was.person_id != draft.person_id
        take_off(was, reason="Taken off" if draft.only_removes else "Replaced", by=by, now=now, tell=moved)
    if draft.only_removes:
        draft.delete()
        return
    draft.state, draft.published_at, draft.published_by, draft.changed_at = Shift.State.PUBLISHED, now, by, now
    draft.save(update_fields=["state", "published_at", "published_by", "changed_at"])
    record("published a shift", draft, by=by, now=now, after=facts(draft), reason=draft.override_reason)
    same = was is not None and was.person_id == draft.person_id
    told(draft, RotaChange.What.CHANGED if same else RotaChange.What.ADDED, now)
    publish_change(draft, now)


def _check_nobody_twice(people: Iterable[Person], since: datetime) -> None:
    """Drafts were checked when they were made; what was published since may stand in their way."""
    by_person: dict[int, list[Shift]] = defaultdict(list)
    theirs = Shift.objects.published().filter(person__in=people, ends_at__gt=since).select_related("person")
    for shift in theirs.order_by("starts_at"):
        by_person[shift.person_id].append(shift)
    for shifts in by_person.values():
        if not Person.objects.filter(pk=shifts[0].person_id, is_active=True).exists():
            raise ShiftRefused(f"{shifts[0].person.name} has left, and can be on no rota. Remove their drafts.")
        for one, other in pairwise(shifts):
            if one.ends_at > other.starts_at:
                name = one.person.first_name
                raise ShiftRefused(
                    f"{name} would be on two shifts at once: {around.when_words(one)}, and {around.when_words(other)}."
                )
