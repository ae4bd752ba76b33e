"""Tells the people of an account that a request needs them, one after another, until somebody acknowledges.

Who is next, and why, is decided in domain/alerting; a route is used by notify, after commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from sociable.alerts import queries as alerts
from sociable.alerts import routes, services, usual
from sociable.alerts.models import Chain, Notice
from sociable.alerts.queries import Facts
from sociable.alerts.services import Came
from sociable.asking.question import Given, Question
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.live import services as live
from sociable.people.models import Person
from sociable.promises.models import Wait


def begin(came: Sequence[Came], now: datetime) -> None:
    """This function will say to open screens that instants have come, and begin their chains where the account's people are told at all.

    Shape:  inside the transaction that notes the instants; the waits come with their accounts and who has them in hand
    """
    said = [live.Event(f"warn:{one.kind}", one.wait.account_id, one.wait.conversation_id) for one in came]
    told_at_all = alerts.alerted(one.wait.account for one in came)
    begun = [one for one in came if one.wait.account_id in told_at_all]
    if begun:
        services.begin(begun, facts_of([one.wait for one in begun], now), now, said)
    else:
        live.publish_all(said, now)


def facts_of(waits: Iterable[Wait], now: datetime) -> Facts:
    """This function will read how things stand for the accounts of waits, and for whoever has their requests in hand."""
    given = list(waits)
    accounts = {wait.account_id: wait.account for wait in given}
    holders = {wait.conversation.held_by_id: wait.conversation.held_by for wait in given}
    besides = [one for one in holders.values() if one is not None]
    found = alerts.facts(accounts.values(), now, besides)
    if found.everybody.new:
        usual.give_usual_routes(now)
        found = alerts.facts(accounts.values(), now, besides)
    return found


def climb(row: DueRow, now: datetime) -> None:
    """This function will take one chain a step further, if nobody has acknowledged."""
    climb_all([row], now)


def climb_all(rows: Sequence[DueRow], now: datetime) -> int:
    """This function will take chains a step further in one transaction; whoever waits no more is told of to nobody."""
    with transaction.atomic():
        chains = _running(rows)
        ours = due.held(rows)
        mine = {row.subject_id for row in ours}
        going = [chain for chain in chains if chain.pk in mine and chain.next_at is not None]
        over = [chain.pk for chain in going if not chain.wait.is_open]
        _end(over, now)
        due.close_all(ours, now)
        open_ones = [chain for chain in going if chain.wait.is_open]
        services.climb(open_ones, facts_of([chain.wait for chain in open_ones], now), now)
    return len(ours)


def _running(rows: Sequence[DueRow]) -> list[Chain]:
    wanted = Chain.objects.filter(pk__in={row.subject_id for row in rows}, ended_at=None).select_related(
        "wait__account__partner", "wait__account__answered_from__partner", "wait__conversation__held_by"
    )
    return list(wanted.select_for_update(of=("self",)).order_by("pk"))


def _end(chain_ids: Sequence[int], now: datetime) -> None:
    Chain.objects.filter(pk__in=chain_ids).update(ended_at=now, ended=Chain.Ended.OVER, next_at=None)


# -- Acknowledgement -------------------------------------------------------------------------------------------------------


_RUNNING = Question(
    lambda: Chain.objects.filter(wait__conversation=Given("conversation"), ended_at=None).values_list("pk")[:1]
)


def acknowledge(conversation_id: int, person: Person, now: datetime) -> int:
    """This function will silence what runs for a conversation, because somebody took or answered it; 0: nothing ran."""
    if not _RUNNING.all(conversation=conversation_id):
        return 0
    running = Chain.objects.filter(wait__conversation=conversation_id, ended_at=None)
    with transaction.atomic():
        silenced = services.silence(running, person, now)
        _publish(conversation_id, now)
    return silenced


def acknowledge_notice(notice: Notice, now: datetime) -> None:
    """This function will take a tap on a notice for the word of its person: they have it, and with a batch all that it counts."""
    with transaction.atomic():
        Notice.objects.filter(pk=notice.pk, acknowledged_at=None).update(acknowledged_at=now)
        routes.proved(notice, now)
        about = Chain.objects.filter(pk__in=_chains_of(notice), ended_at=None)
        conversations = list(about.values_list("wait__conversation_id", flat=True))
        services.silence(about, notice.person, now)
        for conversation_id in conversations:
            _publish(conversation_id, now)


def _chains_of(notice: Notice) -> list[int]:
    own = [notice.chain_id] if notice.chain_id else []
    return own + list(notice.members.exclude(chain=None).values_list("chain_id", flat=True))


def _publish(conversation_id: int, now: datetime) -> None:
    account_id = Wait.objects.filter(conversation=conversation_id).values_list("account_id", flat=True).first()
    if account_id is not None:
        live.publish(kind="acknowledged", account_id=account_id, conversation_id=conversation_id, now=now)
