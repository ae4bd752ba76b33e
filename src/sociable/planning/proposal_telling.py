"""Decides how a proposed rota is told on its page: how far it has come, what it adds up to, its shifts and its holes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sociable.cover.proposal_models import RotaProposal
from sociable.domain.promise import clock_words
from sociable.domain.worktime.wording import and_words, length_words, stretch_words

MOST_HOLES = 100
NEAR = 0.02
NEW = "New"


def hours(number: float) -> str:
    """This function will say a number of hours: "7.5 hours", "1 hour", "none"."""
    if not number:
        return "none"
    return f"{number:,g} hour{'' if number == 1 else 's'}"


def progress(row: RotaProposal, now: datetime, ahead: int) -> dict[str, Any]:
    """This function will say how far a rota has come."""
    if row.state == RotaProposal.State.WAITING:
        others = f"{ahead} other{'' if ahead == 1 else 's'}" if ahead else ""
        return {
            "words": f"It waits until {others} {'is' if ahead == 1 else 'are'} done."
            if ahead
            else "It begins in a moment."
        }
    taken = (now - (row.begun_at or now)) // timedelta(seconds=1)
    stopping = " It stops with the best so far." if row.is_to_stop else ""
    if row.cost is None:
        return {"words": f"Looking for a first rota.{stopping}", "taken": taken, "of": row.seconds}
    open_hours = hours((row.open_half_hours or 0) / 2)
    gap = "" if row.gap is None else f" At most {row.gap:.1%} could still be saved."
    words = f"The best rota so far leaves open: {open_hours}.{gap}{stopping}"
    return {"words": words, "taken": min(taken, row.seconds), "of": row.seconds}


def sums(row: RotaProposal) -> list[dict[str, Any]]:
    """This function will say what the rota adds up to, beside today's."""
    before, after = row.told["before"], row.told["after"]
    rows = (
        ("Open hours", "holes", _figure),
        ("Hours in which an answer would be late", "late", _figure),
        ("Hand-overs", "hand_overs", lambda number: f"{number:,}"),
    )
    told = [
        {"label": label, "figure": say(after[key]), "detail": f"today's rota: {say(before[key])}",
         "tone": _tone(before[key], after[key], key)}
        for label, key, say in rows
    ]  # fmt: skip
    if row.told.get("movable"):
        number = len(row.told["moved"])
        detail = f"of {row.told['movable']:,} that might be"
        told.append({"label": "Published shifts moved", "figure": _figure(number), "detail": detail, "tone": ""})
    return told


def _figure(number: float) -> str:
    return f"{number:,g}" if number else "None"


def _tone(before: float, after: float, key: str) -> str:
    if key == "hand_overs":
        return ""
    return "good" if not after else "warn" if after <= before else "late"


def near(row: RotaProposal) -> str:
    """This function will say how near to the best the rota is."""
    if row.gap is None:
        return ""
    if row.gap == 0:
        return "No better rota is possible within everybody's hours and limits."
    kind = "It is near to the best" if row.gap <= NEAR else "Given longer, a better one might be found"
    return f"{kind}: at most {row.gap:.1%} of its points could still be saved."


def weeks(
    shifts: Iterable[Mapping[str, Any]],
    today: set[tuple[int, str, str]],
    people: Mapping[int, str],
    accounts: Mapping[int, str],
    zone: ZoneInfo,
) -> list[dict[str, Any]]:
    """This function will list the shifts by week and day, new ones before others; the first week with anything new lies open."""
    by_week: dict[date, list[tuple[date, dict[str, Any]]]] = defaultdict(list)
    for each in shifts:
        on = _day(each, zone)
        by_week[on - timedelta(days=on.weekday())].append((on, _shift(each, today, people, accounts, zone)))
    told = [_week(monday, rows) for monday, rows in by_week.items()]
    for week in [each for each in told if each["new"]][:1] or told[:1]:
        week["open"] = True
    return told


def _week(monday: date, rows: list[tuple[date, dict[str, Any]]]) -> dict[str, Any]:
    """What is new is what a lead decides on; what is as today is beneath it, or alone where nothing is new."""
    new = [row for row in rows if row[1]["state"] == NEW]
    others = [row for row in rows if row[1]["state"] != NEW] if new else []
    return {
        "monday": monday, "number": len(rows), "new": len(new), "open": False, "days": _by_day(new or rows),
        "others": _by_day(others), "others_number": len(others),
    }  # fmt: skip


def _by_day(rows: Iterable[tuple[date, dict[str, Any]]]) -> list[dict[str, Any]]:
    days: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for on, shift in rows:
        days[on].append(shift)
    return [{"on": on, "shifts": shifts} for on, shifts in days.items()]


def changes(told: Mapping[str, Any], weeks: Iterable[Mapping[str, Any]]) -> bool:
    """This function will say whether a rota differs from today's at all."""
    return any(week["new"] for week in weeks) or told["before"]["by_person"] != told["after"]["by_person"]


def _shift(
    each: Mapping[str, Any],
    today: set[tuple[int, str, str]],
    people: Mapping[int, str],
    accounts: Mapping[int, str],
    zone: ZoneInfo,
) -> dict[str, Any]:
    stands = (each["person"], each["starts_at"], each["ends_at"]) in today
    state = "Stays" if each["is_fixed"] else "As today" if stands else NEW
    return {
        "who": people.get(each["person"], "Somebody"),
        "times": _times(each, zone),
        "accounts": and_words([accounts[pk] for pk in each["accounts"] if pk in accounts] or ["other accounts"]),
        "why": each["why"],
        "state": state,
        "tone": {"Stays": "outline", "As today": "neutral", NEW: "good"}[state],
    }


def moved(told: Mapping[str, Any], people: Mapping[int, str], zone: ZoneInfo) -> list[dict[str, str]]:
    """This function will list the published shifts that do not stay, each with what their person has that day instead."""
    on: dict[tuple[int, date], list[str]] = defaultdict(list)
    for each in told["shifts"]:
        on[each["person"], _day(each, zone)].append(_times(each, zone))
    rows = []
    for each in told.get("moved", []):
        day, times = _day(each, zone), _times(each, zone)
        instead = on[each["person"], day]
        now = (
            "with other accounts"
            if times in instead
            else f"now {and_words(instead)}"
            if instead
            else "now free that day"
        )
        rows.append({
            "who": people.get(each["person"], "Somebody"), "when": f"{day:%a} {day.day} {day:%b}, {times}", "now": now,
        })  # fmt: skip
    return rows


def _day(each: Mapping[str, Any], zone: ZoneInfo) -> date:
    return datetime.fromisoformat(each["starts_at"]).astimezone(zone).date()


def _times(each: Mapping[str, Any], zone: ZoneInfo) -> str:
    begins, ends = (datetime.fromisoformat(each[key]).astimezone(zone) for key in ("starts_at", "ends_at"))
    return stretch_words(begins, ends)


def holes(rows: Iterable[Mapping[str, Any]], accounts: Mapping[int, str], zone: ZoneInfo) -> list[dict[str, Any]]:
    """This function will list the holes that are left, each with why."""
    told = []
    for each in rows:
        begins = datetime.fromisoformat(each["starts_at"]).astimezone(zone)
        length = datetime.fromisoformat(each["ends_at"]) - datetime.fromisoformat(each["starts_at"])
        told.append({
            "iso": begins.isoformat(),
            "when": f"{begins:%a} {begins.day} {begins:%b}, {clock_words(begins.time())}",
            "length": length_words(length),
            "account": accounts.get(each["account"], "An account"),
            "why": each["why"],
            "late": each["late"],
        })  # fmt: skip
    return told


def wishes(told: Mapping[str, Any]) -> dict[str, Any]:
    """This function will say which wishes a rota keeps and which it could not, and how many of how many."""
    every = told.get("wishes", [])
    kept = [each["words"] for each in every if each["kept"]]
    number = f"{len(every)} wish{'' if len(every) == 1 else 'es'}"
    return {
        "summary": f"{len(kept)} of {number} {'is' if len(kept) == 1 else 'are'} kept." if every else "",
        "kept": kept,
        "not_kept": [each["words"] for each in every if not each["kept"]],
    }


def side_by_side(told: Mapping[str, Any], key: str, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """This function will put hours of today's rota and the proposed one side by side, by name."""
    before, after = told["before"][key], told["after"][key]
    rows = [
        {"name": names[int(pk)], "before": before.get(pk, 0), "after": after.get(pk, 0)}
        for pk in {**before, **after}
        if int(pk) in names and (before.get(pk) or after.get(pk))
    ]
    return sorted(rows, key=lambda row: str(row["name"]))
