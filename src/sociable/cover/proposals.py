"""Asks for rotas to be worked out, keeps how far that has come and what came of it, and publishes one in one step.

The working out itself is done by the worker, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sociable.cover import problems, publishing, rota
from sociable.cover.around import Wanted
from sociable.cover.checking import ShiftRefused, Stale
from sociable.cover.models import Shift
from sociable.cover.proposal_models import RotaProposal
from sociable.cover.publishing import Published
from sociable.directory.models import Account
from sociable.domain.cover import proposal
from sociable.domain.cover.proposal import Span
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.live import services as live
from sociable.people import permissions
from sociable.people.models import Person

KIND = "propose"
LONGEST_SECONDS, MOST_WEEKS = 600, 12
State = RotaProposal.State


@dataclass(frozen=True, slots=True)
class Asked:
    """What rota somebody asks for."""

    accounts: Sequence[Account]
    span: Span
    seconds: int = 60
    keeps_published: bool = False
    what_if: dict[str, Any] | None = None
    what_if_words: str = ""


def ask(asked: Asked, *, by: Person, now: datetime) -> RotaProposal:
    """This function will have a rota worked out.

    Errors: NotAllowed where somebody does not plan one of the accounts; ShiftRefused where there is nothing to fill
    """
    if not asked.accounts:
        raise ShiftRefused("Choose at least one account that the rota is to cover.")
    if asked.span.starts_at <= now:
        raise ShiftRefused("Begin with a day that has not begun: what people already work is not moved.")
    if not timedelta(0) < asked.span.length <= timedelta(weeks=MOST_WEEKS, hours=1):
        raise ShiftRefused(f"Ask for 1 to {MOST_WEEKS} weeks.")
    for account in asked.accounts:
        permissions.check_can_plan(by, account.place)
    with transaction.atomic():
        row = RotaProposal.objects.create(
            partner_id=asked.accounts[0].partner_id, starts_at=asked.span.starts_at, ends_at=asked.span.ends_at,
            seconds=min(asked.seconds, LONGEST_SECONDS), keeps_published=asked.keeps_published,
            what_if=asked.what_if or {}, what_if_words=asked.what_if_words, asked_at=now, asked_by=by,
        )  # fmt: skip
        row.accounts.set(asked.accounts)
        due.ask([due.Due(KIND, f"{KIND}:{row.pk}", row.pk, now)])
    return row


def stop(row: RotaProposal, now: datetime) -> None:
    """This function will have the best so far taken; one that has not begun is worked on for a moment."""
    RotaProposal.objects.filter(pk=row.pk, state__in=RotaProposal.OPEN).update(is_to_stop=True, heard_at=now)
    tell(row.pk, now)


# -- While it is worked out ------------------------------------------------------------------------------------------------


def begin(proposal_id: int, now: datetime) -> tuple[RotaProposal, proposal.Problem] | None:
    """This function will note that a rota is being worked out, and read its problem; None where nobody wants it any more.

    Shape:  also one that was begun before, by a worker that is no more: it begins anew
    """
    row = RotaProposal.objects.select_related("asked_by").filter(pk=proposal_id, state__in=RotaProposal.OPEN).first()
    if row is None:
        return None
    read = facts_of(row)
    row.state, row.begun_at, row.heard_at, row.mark = State.WORKING, now, now, read.mark
    row.cost = row.bound = row.open_half_hours = None
    row.save(update_fields=["state", "begun_at", "heard_at", "mark", "cost", "bound", "open_half_hours"])
    tell(row.pk, now)
    return row, supposed(read.problem, row.what_if)


def facts_of(row: RotaProposal) -> problems.Facts:
    """This function will read anew what a rota is worked out from."""
    accounts = list(row.accounts.select_related("partner", "service", "answered_from").order_by("pk"))
    return problems.facts(
        accounts, Span(row.starts_at, row.ends_at), by=row.asked_by, keeps_published=row.keeps_published
    )


def supposed(problem: proposal.Problem, what_if: dict[str, Any]) -> proposal.Problem:
    """This function will make a problem what it would be if something were different."""
    if what_if.get("kind") == "away":
        span = Span(datetime.fromisoformat(what_if["starts_at"]), datetime.fromisoformat(what_if["ends_at"]))
        return proposal.if_away(problem, what_if["person"], span, "away, as is supposed")
    if what_if.get("kind") == "promise":
        return proposal.if_promised(problem, what_if["account"], timedelta(minutes=what_if["minutes"]))
    if what_if.get("kind") == "ready":
        return proposal.if_ready(problem, what_if["person"], what_if["account"])
    return problem


def note(proposal_id: int, step: proposal.Step, now: datetime) -> bool:
    """This function will keep how far a rota has come, and say whether it is to stop."""
    known: dict[str, Any] = {"heard_at": now, "bound": step.progress.bound}
    if step.progress.cost is not None:
        known |= {"cost": step.progress.cost, "open_half_hours": step.hole_half_hours}
    RotaProposal.objects.filter(pk=proposal_id, state=State.WORKING).update(**known)
    tell(proposal_id, now)
    return is_to_stop(proposal_id)


def is_to_stop(proposal_id: int) -> bool:
    """This function will say whether somebody wants the best so far."""
    return RotaProposal.objects.filter(pk=proposal_id, is_to_stop=True).exists()


def finish(row: DueRow, told: dict[str, Any], progress: proposal.Progress, now: datetime) -> None:
    """This function will keep what came of working a rota out, where this claim still holds."""
    with transaction.atomic():
        if due.close(row, now):
            RotaProposal.objects.filter(pk=row.subject_id, state=State.WORKING).update(
                state=State.DONE, told=told, cost=progress.cost, bound=progress.bound, ended_at=now, heard_at=now
            )
            tell(row.subject_id, now)


def fail(row: DueRow, words: str, now: datetime) -> None:
    """This function will keep why no rota could be worked out."""
    with transaction.atomic():
        if due.close(row, now):
            RotaProposal.objects.filter(pk=row.subject_id, state__in=RotaProposal.OPEN).update(
                state=State.FAILED, trouble=words[:300], ended_at=now, heard_at=now
            )
            tell(row.subject_id, now)


def tell(proposal_id: int, now: datetime) -> None:
    """This function will tell the open screens of whoever asked for a rota that there is news of it."""
    named = RotaProposal.accounts.through._base_manager.filter(rotaproposal=proposal_id)
    found = named.values_list("account_id", "rotaproposal__asked_by_id").first()
    if found is not None:
        live.publish_all([live.Event("proposal", found[0], None, person_id=found[1])], now)


# -- When it is agreed -----------------------------------------------------------------------------------------------------


def publish(proposal_id: int, *, by: Person, now: datetime) -> Published:
    """This function will put a proposed rota in the place of today's, in one step: all of it or none.

    Errors: Stale where anything that it was worked out from has changed since; ShiftRefused where it only supposes something,
            has begun, or changes nothing; Unwise; NotAllowed
    """
    with transaction.atomic():
        row = RotaProposal.objects.select_for_update().get(pk=proposal_id)
        read = _check_may_publish(row, now)
        kept = {_key(shift) for shift in read.movable.values()} & {_key(each) for each in proposed_shifts(row)}
        gone = [pk for pk, shift in read.movable.items() if _key(shift) not in kept]
        drafts = [
            *(
                rota.remove(shift, by=by, now=now)
                for shift in Shift.objects.select_related("person").filter(pk__in=gone)
            ),
            *_made(row, kept, by, now),
        ]
        ids = [draft.pk for draft in drafts if draft is not None]
        if not ids:
            raise ShiftRefused("It changes nothing: today's rota is the proposed one.")
        done = publishing.publish(ids, mark=_mark(ids), by=by, now=now)
        row.state, row.published_at, row.published_by = State.PUBLISHED, now, by
        row.save(update_fields=["state", "published_at", "published_by"])
    return done


def _check_may_publish(row: RotaProposal, now: datetime) -> problems.Facts:
    if row.state != State.DONE:
        raise Stale("It has been published already, or was not worked out to the end.")
    if row.what_if:
        raise ShiftRefused("It only shows what would be. Have a rota worked out from how things are, and publish that.")
    if row.starts_at <= now:
        raise ShiftRefused("Its first day has begun. Have it worked out anew for the days to come.")
    read = facts_of(row)
    if read.mark != row.mark:
        raise Stale(
            "The rota, somebody's time away, hours, wishes or sign-off has changed since it was worked out. Have it worked out anew."
        )
    return read


def proposed_shifts(row: RotaProposal) -> list[proposal.Shift]:
    """This function will read the proposed shifts that no hand has set."""
    return [
        proposal.Shift(
            datetime.fromisoformat(each["starts_at"]), datetime.fromisoformat(each["ends_at"]), each["person"],
            tuple(each["accounts"]),
        )
        for each in row.told.get("shifts", []) if not each["is_fixed"]
    ]  # fmt: skip


def _key(shift: proposal.Shift) -> tuple[Any, ...]:
    return shift.starts_at, shift.ends_at, shift.person_id, tuple(sorted(shift.accounts))


def _made(row: RotaProposal, kept: set[tuple[Any, ...]], by: Person, now: datetime) -> list[Shift]:
    people = Person.objects.in_bulk([shift.person_id for shift in proposed_shifts(row)])
    accounts = {each.pk: each for each in row.accounts.select_related("partner", "service", "answered_from")}
    wanted = [
        Wanted(
            people[shift.person_id], shift.starts_at, shift.ends_at, tuple(accounts[each] for each in shift.accounts)
        )
        for shift in proposed_shifts(row) if _key(shift) not in kept
    ]  # fmt: skip
    return rota.make_all(wanted, by=by, now=now, made_by=Shift.MadeBy.PROPOSAL, proposal_id=row.pk)


def _mark(ids: Sequence[int]) -> str:
    rows = Shift.objects.filter(pk__in=ids).prefetch_related("accounts")
    return publishing.mark_of(rows)
