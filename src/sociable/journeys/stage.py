"""An account moves to another stage: what is missing is found out, the rule asked, and the move kept with its reason.

What may move where is decided by domain/cover/stages; whether hours are covered is counted by cover/board.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from sociable.channels import registry
from sociable.cover import board, days
from sociable.cover.models import Readiness
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection
from sociable.domain.cover import stages
from sociable.domain.cover.stages import Facts, Missing, Stage
from sociable.journeys import fetch
from sociable.live import services as live
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import AuditEvent, Person
from sociable.promises.models import Wait

VERB = "moved"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where an account is to move, as a person asks for it."""

    to: Stage
    until_on: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Last:
    """The last move of an account: when, who, why, and what was missing then."""

    at: datetime
    by: str
    reason: str
    although: str


def facts_of(account: Account, now: datetime) -> Facts:
    """This function will find out all that the rule of stages asks of an account."""
    calendar = directory.calendar_of(account)
    promise = directory.promise_on(directory.promise_versions(account), account, now)
    elsewhere = directory.answering(account) is not None
    counted = board.Uncovered(0, 0) if elsewhere else board.uncovered(account, now, now + timedelta(weeks=stages.WEEKS))
    return Facts(
        ready=Readiness.objects.standing(now).filter(account=account, person__is_active=True).count(),
        uncovered=counted.half_hours,
        needed=counted.needed,
        states_hours=calendar is not None or elsewhere,
        promises=promise is not None or elsewhere,
        is_connected=not registry.needs_connection(account.channel)
        or Connection.objects.filter(account=account).exists(),
        has_other_ways=bool(account.other_ways.strip()),
        waiting=Wait.objects.filter(account=account, ended_at=None).count(),
        answers_for=tuple(account.answers_for.order_by("name").values_list("name", flat=True)),
        today=days.day_of(now, directory.zone_of(account)),
        covered_elsewhere=elsewhere,
    )


def missing_by_move(account: Account, facts: Facts) -> dict[Stage, tuple[Missing, ...]]:
    """This function will say for each stage to which an account may move what is missing, in the order they are offered."""
    return {to: stages.missing(to, facts) for to in stages.moves(Stage(account.stage))}


def move(account: Account, wanted: Wanted, *, person: Person, now: datetime) -> Account:
    """This function will move an account to another stage; open waits stay counted as they began, learning or not.

    Errors: NotAllowed; MoveRefused
    """
    with transaction.atomic():
        account = (
            Account.objects.select_for_update(of=("self",))
            .select_related("partner", "answered_from")
            .get(pk=account.pk)
        )
        permissions.check_can_change_account(person, account.place)
        facts = facts_of(account, now)
        stages.check_move(Stage(account.stage), wanted.to, facts, until_on=wanted.until_on, reason=wanted.reason)
        before = _as_kept(account)
        account.stage = wanted.to
        account.learning_until_on = wanted.until_on if wanted.to is Stage.LEARNING else None
        account.save(update_fields=["stage", "learning_until_on"])
        although = " ".join(one.words for one in stages.missing(wanted.to, facts))
        people.record(
            verb=VERB,
            object_kind="account",
            object_id=account.pk,
            partner_id=account.partner_id,
            now=now,
            person=person,
            before=before,
            after={**_as_kept(account), **({"although": although} if although else {})},
            reason=wanted.reason.strip(),
        )
        live.publish(kind="stated", account_id=account.pk, conversation_id=None, now=now)
        fetch.schedule_missing(now)
    return account


def last_move(account: Account) -> Last | None:
    """This function will tell an account's last move; None where it has stood there since before moves were kept."""
    event = AuditEvent.objects.filter(object_kind="account", object_id=account.pk, verb=VERB).order_by("-pk").first()
    if event is None:
        return None
    return Last(event.at, event.person_name, event.reason, str(event.after.get("although", "")))


def _as_kept(account: Account) -> dict[str, str]:
    until = account.learning_until_on
    return {"stage": account.stage, **({"learning_until_on": until.isoformat()} if until else {})}
