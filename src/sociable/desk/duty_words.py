"""Says what somebody covers now and next, what was left for them, what their rota became, and who takes the next request where.

Who is on the rota is decided in planning; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sociable.cover import around, duty, handing, swaps, wishes
from sociable.cover.models import HandOver, Readiness, Shift, Swap
from sociable.desk.asked import Asked
from sociable.directory.models import Account
from sociable.directory.queries import zone_of
from sociable.domain.cover.limits import span_words
from sociable.domain.saying import moment_near
from sociable.domain.worktime.wording import and_words
from sociable.people import permissions
from sociable.people.models import Person

MOST_NAMED = 5


def my_day(person: Person, answering: list[Account], now: datetime) -> dict[str, Any]:
    """This function will return what the rota has to say on somebody's day."""
    on = duty.of_person(person, now)
    zone = around.zone_of(person)
    changes = duty.unseen_changes(person, now)
    return {
        "covering": [
            {"accounts": _names(shift), "until": moment_near(shift.ends_at, now, zone), "note": shift.note}
            for shift in on.now
        ],
        "next_shift": _next_shift(on.next, person, zone) if on.next else None,
        "hand_overs": _hand_overs(on.accounts or answering, person, now),
        "leaves_for": _may_leave(on, answering),
        "swaps": [
            {"swap": swap, "when": _when(swap.shift, zone), "hint": _hint(swap, zone)}
            for swap in swaps.offered_to(person, now)
        ],
        "rota_changes": [
            {"change": change, "when": _when(change.shift, zone), "accounts": _names(change.shift)} for change in changes
        ],
        "changes_until": max((change.pk for change in changes), default=0),
    }  # fmt: skip


def _next_shift(shift: Shift, person: Person, zone: str) -> dict[str, str]:
    falling = wishes.falling([person], shift.starts_at, shift.ends_at).get(person.pk, [])
    return {"when": _when(shift, zone), "accounts": _names(shift), "wished": wishes.of_shift_words(shift, falling)}


def _hint(swap: Swap, zone: str) -> str:
    back = f"; in return for yours, {_when(swap.in_return, zone)}" if swap.in_return else ""
    words = f". “{swap.words}”" if swap.words else ""
    return f"{_names(swap.shift)}{back}{words}"


def _may_leave(on: duty.Duty, answering: list[Account]) -> list[Account]:
    """Where somebody can leave word: what they cover, or did just before; who is on no rota, wherever they answer."""
    covered = list({account.pk: account for shift in (*on.now, *on.over) for account in shift.accounts.all()}.values())
    return covered or ([] if on.next else answering)


def _hand_overs(accounts: Iterable[Account], person: Person, now: datetime) -> list[dict[str, Any]]:
    return [_hand_over(each, now) for each in handing.to_read(accounts, person, now)]


def _hand_over(each: HandOver, now: datetime) -> dict[str, Any]:
    at = moment_near(each.written_at, now, zone_of(each.account))
    return {"left": each, "at": at, "who": each.written_by.first_name, "account": each.account.name}


def _when(shift: Shift, zone: str) -> str:
    return span_words((shift.starts_at, shift.ends_at), ZoneInfo(zone))


def _names(shift: Shift) -> str:
    return and_words([account.name for account in shift.accounts.all()] or ["no account"])


# -- Where one account's list is shown --------------------------------------------------------------------------------------


def at_account(asked: Asked, now: datetime) -> dict[str, Any]:
    """This function will return what stands atop the list of one account: what was left there, who is on, who takes the next."""
    if not asked.account_slug or len(asked.accounts) != 1:
        return {}
    account = asked.accounts[0]
    on = duty.on_now([account.pk], now).get(account.pk, [])
    return {
        "hand_overs": _hand_overs([account], asked.person, now),
        "on_now": and_words([person.first_name for person in on]) if on else "",
        "next_goes_to": _next_goes_to(asked, account, now),
    }


def _next_goes_to(asked: Asked, account: Account, now: datetime) -> str:
    """Why the next fair one passes somebody over here; for whoever plans, to whom it goes. Nothing where anybody takes it."""
    rows = Readiness.objects.standing(now).filter(
        account=account.answered_from_id or account.pk, person__is_active=True
    )
    ready = [row.person for row in rows.select_related("person").order_by("person__name")]
    if not ready:
        return ""
    names = [person.first_name for person in ready[:MOST_NAMED]]
    names += [f"{len(ready) - MOST_NAMED} more"] if len(ready) > MOST_NAMED else []
    goes = f"The next fair one here goes to whoever is signed off: {and_words(names)}."
    if permissions.can_plan(asked.person, account.place):
        return goes
    passed_over = account in asked.answering and account not in asked.offered
    return f"{goes} You are not, so it passes you over; you can answer all the same." if passed_over else ""
