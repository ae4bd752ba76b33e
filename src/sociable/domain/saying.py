"""Decides how instants are said to people, in the GOV.UK way and in the account's own time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sociable.domain.promise import clock_words


def moment_words(at: datetime, zone: str) -> str:
    """This function will say an instant as "2:10pm on Tuesday 24 November 2026"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{clock_words(local.time())} on {local:%A} {local.day} {local:%B} {local.year}"


def moment_near(at: datetime, now: datetime, zone: str) -> str:
    """This function will say an instant near now as "14:10", "Tue 10:40" or "Tue 3 Dec 10:40"."""
    return f"{_day_near(at, now, zone)}{at.astimezone(ZoneInfo(zone)):%H:%M}"


def time_near(at: datetime, now: datetime, zone: str) -> str:
    """This function will say it as hours of work are said: "2pm", "Tue 10am" or "Thu 3 Dec 8:30am"."""
    return f"{_day_near(at, now, zone)}{clock_words(at.astimezone(ZoneInfo(zone)).time())}"


def _day_near(at: datetime, now: datetime, zone: str) -> str:
    """Nothing for today, the day of the week for the days around, else the date too."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    days = abs((local.date() - today.date()).days)
    if days == 0:
        return ""
    return f"{local:%a} " if days < 7 else f"{local:%a} {local.day} {local:%b} "


def moment_soon(at: datetime, now: datetime, zone: str) -> str:
    """This function will say an instant to come, or just gone, as "2:10pm today", "11am tomorrow" or "11am on Monday 30 November".

    Source: GOV.UK style guide: nobody is sure which day "midnight" belongs to, so it is 11:59pm
    """
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) == (0, 0):
        local -= timedelta(minutes=1)
    days = (local.date() - today.date()).days
    if days in _NEAR_DAYS:
        return f"{clock_words(local.time())} {_NEAR_DAYS[days]}"
    year = f" {local.year}" if local.year != today.year else ""
    return f"{clock_words(local.time())} on {local:%A} {local.day} {local:%B}{year}"


_NEAR_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}
