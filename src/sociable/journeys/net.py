"""The safety net: looks whether anybody at work has what is near its time, and has it handed on where nobody does.

Whether that is so is decided in domain/net, and putting it into somebody's hands is left to handing_on. Each wait has a due row
that looks again until it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from sociable.alerts import queries as alerts
from sociable.alerts.models import AlertPolicy
from sociable.alerts.queries import Facts
from sociable.conversations.models import Conversation, Presence
from sociable.conversations.presence import GONE_AFTER
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain import net
from sociable.domain.net import Holder
from sociable.domain.promise import used_at
from sociable.domain.worktime import Calendar
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import alert
from sociable.journeys.handing_on import Near, hand_on
from sociable.promises.models import Wait


def look(row: DueRow, now: datetime) -> None:
    """This function will hand one request on, if it is near its time and nobody at work has it."""
    look_all([row], now)


def look_all(rows: Sequence[DueRow], now: datetime) -> int:
    """This function will look after many requests in one transaction, and return how many rows were still ours."""
    with transaction.atomic():
        waits = locked({row.subject_id for row in rows})
        ours = due.held(rows)
        facts = alert.facts_of(waits.values(), now)
        alerted = alerts.alerted(one.account for one in waits.values())
        calendars = _calendars(waits.values())
        near = []
        for row in ours:
            wait = waits.get(row.subject_id)
            at = _near_at(wait, calendars, facts) if wait is not None and wait.account_id in alerted else None
            if wait is None or at is None:
                due.close(row, now)
                continue
            if at <= now and (found := _unheld(wait, max(at, row.due_at), facts, now)) is not None:
                near.append(found)
            due.renew(row, at if at > now else _again_at(wait, calendars[_judge(wait).pk], now))
        hand_on(near, facts, now)
    return len(ours)


def locked(ids: set[int]) -> dict[int, Wait]:
    """This function will return the open waits of these, with their conversations: locked first, as whoever answers locks them."""
    theirs = Conversation.objects.filter(pk__in=Wait.objects.open().filter(pk__in=ids).values("conversation"))
    list(theirs.select_for_update().order_by("pk").values_list("pk", flat=True))
    wanted = Wait.objects.open().filter(pk__in=ids, conversation__state=Conversation.State.OPEN)
    wanted = wanted.select_related(
        "account__partner", "account__answered_from__partner", "promise__account__partner",
        "conversation__held_by", "conversation__account__partner", "conversation__account__service",
    )  # fmt: skip
    return {wait.pk: wait for wait in wanted.select_for_update(of=("self",)).order_by("pk")}


def _judge(wait: Wait) -> Account:
    return (wait.promise or wait).account


def _calendars(waits: Iterable[Wait]) -> dict[int, Calendar | None]:
    return directory.calendars_of({_judge(wait).pk: _judge(wait) for wait in waits}.values())


def _near_at(wait: Wait, calendars: dict[int, Calendar | None], facts: Facts) -> datetime | None:
    """From when it is near its time; None where its account hands nothing on, or promised no time."""
    share = facts.policies[wait.account_id].net_percent
    return used_at(wait.clock, calendars[_judge(wait).pk], share) if share else None


def _again_at(wait: Wait, calendar: Calendar | None, now: datetime) -> datetime:
    return net.again_at(now, wait.due_at, calendar, wait.conversation.snoozed_until_at)


def _unheld(wait: Wait, seen_at: datetime, facts: Facts, now: datetime) -> Near | None:
    """The request, where nobody at work has it and nobody has put it off."""
    conversation = wait.conversation
    if conversation.snoozed_until_at is not None and conversation.snoozed_until_at > now:
        return None
    holder = _holder(wait, facts, now)
    return None if holder is not None and holder.is_at_work else Near(wait, seen_at, holder)


def _holder(wait: Wait, facts: Facts, now: datetime) -> Holder | None:
    conversation = wait.conversation
    person, until = conversation.held_by, conversation.held_until_at
    if person is None or until is None or until <= now:
        return None
    on_duty = any(one.key == person.pk for one in facts.situations[wait.account_id].duty)
    writes = Presence.objects.filter(
        conversation=conversation, person=person, seen_at__gte=now - GONE_AFTER, writing=True
    )
    away = not person.is_active or facts.somebody(person).hours.is_away(now)
    return Holder(person.name, on_duty, away, not on_duty and writes.exists())


def look_anew(policy: AlertPolicy, now: datetime) -> None:
    """This function will have the open requests of an account looked at by what it says now; call it inside a transaction."""
    account = policy.account_id
    open_ones = Wait.objects.open().exclude(due_at=None)
    there = open_ones.filter(account=account) | open_ones.filter(account__answered_from=account)
    due.ask(due.Due("net", f"net:{pk}", pk, now) for pk in there.values_list("pk", flat=True))
