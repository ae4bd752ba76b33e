"""Has rotas worked out in a process of their own, so that neither pages nor warnings wait for it, and keeps how far it has come.

The process dies with its worker; a rota whose worker died is begun anew, here or elsewhere, when its lease ends.
"""

from __future__ import annotations

import logging
import queue
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sociable.cover import proposals
from sociable.domain.cover import proposal
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.worker import proposing_child
from sociable.worker.child import Child
from sociable.worker.proposing_child import Outcome, Task

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.5  # how often it is looked whether somebody wants the best so far
TELL_EVERY = timedelta(seconds=1)
SILENT_SECONDS = 120.0  # a process that says nothing for so long past its time has come to grief
BROKE = "Working it out broke off. Try again; if it does so again, ask whoever looks after Sociable."


def run(row: DueRow, now: datetime) -> None:
    """This function will work out the rota that a row asks for, unless nobody wants it any more."""
    begun = proposals.begin(row.subject_id, now)
    if begun is None:
        due.close(row, now)
        return
    asked, problem = begun
    try:
        outcome = _work_out(row, Task(problem, float(asked.seconds)))
    except DomainError as refusal:
        proposals.fail(row, refusal.message, timezone.now())
        return
    if outcome is None:
        log.error("a rota could not be worked out", extra={"proposal_id": row.subject_id})
        proposals.fail(row, BROKE, timezone.now())
        return
    proposals.finish(row, told_of(outcome), outcome.rota.progress, timezone.now())


def _work_out(row: DueRow, task: Task) -> Outcome | None:
    """What came of it; None where the process broke, or this worker no longer has the row."""
    last = timezone.now() - TELL_EVERY
    with closing(Child(proposing_child)) as child:
        child.say(task)
        silent = 0.0
        while silent < task.seconds + SILENT_SECONDS:
            try:
                said = child.heard.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                silent += LOOK_SECONDS
                if proposals.is_to_stop(row.subject_id):
                    child.say(proposing_child.STOP)
                continue
            silent = 0.0
            if isinstance(said, DomainError):
                raise said
            if not isinstance(said, proposal.Step):
                return said if isinstance(said, Outcome) else None
            if timezone.now() - last >= TELL_EVERY:
                last = timezone.now()
                if proposals.note(row.subject_id, said, last):
                    child.say(proposing_child.STOP)
    return None


# -- What is kept ----------------------------------------------------------------------------------------------------------


def told_of(outcome: Outcome) -> dict[str, Any]:
    """This function will say what came of a rota as it is kept: plain values, with instants as text."""
    found = outcome.rota
    return {
        "shifts": [
            {
                "person": each.shift.person_id, "starts_at": each.shift.starts_at.isoformat(),
                "ends_at": each.shift.ends_at.isoformat(), "accounts": list(each.shift.accounts), "why": each.why,
                "is_fixed": each.is_fixed,
            }
            for each in found.assigned
        ],
        "holes": [
            {
                "account": hole.account_id, "starts_at": hole.span.starts_at.isoformat(),
                "ends_at": hole.span.ends_at.isoformat(), "missing": hole.missing, "late": hole.late, "why": hole.why,
            }
            for hole in found.holes
        ],
        "wishes": [
            {
                "person": each.person_id, "starts_at": each.wish.span.starts_at.isoformat(), "rather": each.wish.rather,
                "kept": each.kept, "words": each.words,
            }
            for each in found.wishes
        ],
        "before": _amount(found.compared.before),
        "after": _amount(found.compared.after),
        "moved": [
            {
                "person": shift.person_id, "starts_at": shift.starts_at.isoformat(), "ends_at": shift.ends_at.isoformat(),
            }
            for shift in found.compared.moved
        ],
        "movable": found.compared.movable,
        "warnings": list(found.warnings),
        "lessons": [lesson.why for lesson in outcome.lessons],
        "clash": outcome.clash.words if outcome.clash else "",
        "clash_is_sure": outcome.clash.is_sure if outcome.clash else True,
    }  # fmt: skip


def _amount(amount: proposal.Amount) -> dict[str, Any]:
    return {
        "holes": amount.hole_hours,
        "late": amount.late_hours,
        "hand_overs": amount.hand_overs,
        "by_account": {str(key): hours for key, hours in amount.holes_by_account.items()},
        "by_person": {str(key): hours for key, hours in amount.hours_by_person.items()},
    }
