"""Decides how an account is shown to residents: open or not, what it promises, and when they can expect an answer if they ask now.

How hours and promises are counted is left to the domain; how the page looks, to its template.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse

from sociable.channels import registry
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.directory.queries import Stated, division_of, promise_on, promise_rule, zone_of
from sociable.domain.promise import in_words
from sociable.domain.saying import moment_soon
from sociable.domain.worktime import NeverCloses, NeverOpen, StatedHours, holidays
from sociable.domain.worktime.plan import Because, Plan
from sociable.domain.worktime.wording import WEEKDAYS, date_words, spans_words
from sociable.promises.kept import FEW, Kept, Record, Times

NO_PROMISE = "A person reads everything and answers as soon as they can."
MINUTE = timedelta(minutes=1)
PURPOSES = {
    Account.Purpose.HELP: "For questions of every kind.",
    Account.Purpose.NEWS: "For news.",
    Account.Purpose.SERVICE: "For questions about one service.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One account at one instant, in the words of a page."""

    stated: Stated
    now: datetime

    @property
    def account(self) -> Account:
        return self.stated.account

    @property
    def zone(self) -> str:
        return zone_of(self.account)

    @property
    def answering(self) -> Account | None:
        """The account whose people answer what is asked here; None where its own do."""
        return directory.answering(self.account) if self.is_answered else None

    @property
    def purpose_words(self) -> str:
        """What it is for, in a sentence."""
        said = PURPOSES[Account.Purpose(self.account.purpose)]
        other = self.answering
        return f"{said} Questions to it are answered from {other.name}." if other is not None else said

    @property
    def takes_form(self) -> bool:
        """Whether it can be asked with the form now."""
        return self.account.takes_form and self.account.stage in (Account.Stage.LEARNING, Account.Stage.LIVE)

    @property
    def takes_chat(self) -> bool:
        """Whether it can be asked by web chat, in its hours."""
        return self.account.takes_chat and self.is_answered

    @property
    def promises_first(self) -> bool:
        """Whether a first answer in web chat is promised."""
        return self.takes_chat and self.promise is not None and self.promise.first_answer_seconds is not None

    @property
    def is_answered(self) -> bool:
        """Whether anybody answers here at all."""
        return self.account.stage in (Account.Stage.LEARNING, Account.Stage.LIVE)

    @property
    def is_open(self) -> bool | None:
        """Open, closed, or None where no hours are stated or nobody answers."""
        if self.stated.calendar is None or not self.is_answered:
            return None
        return self.stated.calendar.is_open(self.now)

    @property
    def opens_at(self) -> datetime | None:
        """The next opening of an account that is closed now."""
        if self.stated.calendar is None or self.is_open is not False:
            return None
        try:
            return self.stated.calendar.next_open(self.now)
        except NeverOpen:
            return None

    @property
    def closes_at(self) -> datetime | None:
        """The next closing of an account that is open now."""
        if self.stated.calendar is None or not self.is_open:
            return None
        try:
            return self.stated.calendar.next_close(self.now)
        except NeverCloses:
            return None

    @property
    def answer_by_at(self) -> datetime | None:
        """When an answer is due to somebody who asks now; None where nothing is promised."""
        return self.stated.clock(self.now)[0].due_at if self.is_answered else None

    @property
    def state_words(self) -> str:
        """Open, closed or neither, and until when."""
        if self.account.stage == Account.Stage.RESTING:
            return "Resting: nobody reads it for now"
        if self.account.stage == Account.Stage.CLOSED:
            return "Closed for good: please ask elsewhere"
        if self.is_open is None:
            return "No opening hours stated"
        if self.is_open:
            return f"Open until {self._soon(self.closes_at)}" if self.closes_at else "Open all day, every day"
        return f"Opens at {self._soon(self.opens_at)}" if self.opens_at else "Closed until further notice"

    @property
    def expect_words(self) -> str:
        """When somebody can expect an answer if they ask now."""
        if not self.is_answered:
            return ""
        if self.answer_by_at is None:
            return "We cannot promise a time here"
        return f"Ask now and we will answer by {self._soon(self.answer_by_at)}"

    @property
    def stage_words(self) -> str:
        """The honest stage of an account whose team is still learning."""
        if self.account.stage != Account.Stage.LEARNING:
            return ""
        until = self.account.learning_until_on
        if until is None or until < self.today:
            return "Still learning"
        year = f" {until.year}" if until.year != self.today.year else ""
        return f"Learning until {until.day} {until:%B}{year}"

    @property
    def learning_words(self) -> str:
        """The same within a sentence: "learning until 12 January", "still learning"."""
        return self.stage_words[:1].lower() + self.stage_words[1:]

    @property
    def promise_words(self) -> str:
        """The promise in force, as a sentence."""
        rule = promise_rule(self.promise) if self.stated.calendar else None
        return f"{rule.sentence()}." if rule else NO_PROMISE

    @property
    def promise(self) -> Any:
        """The version of the promise in force now."""
        return promise_on(self.stated.versions, self.account, self.now)

    @property
    def hours(self) -> StatedHours | None:
        """The hours in force today."""
        return self.stated.calendar.plan.hours_on(self.today) if self.stated.calendar else None

    @property
    def hours_words(self) -> str:
        """The usual hours in force today, in the GOV.UK wording."""
        return self.hours.sentence() if self.hours else ""

    @property
    def special_words(self) -> list[str]:
        """The special days of the next 60 days."""
        if self.hours is None:
            return []
        coming = [(on, spans) for on, spans in self.hours.dated if self.today <= on <= self.today + timedelta(days=60)]
        return StatedHours((), None, tuple(coming)).special_sentences()

    @property
    def today(self) -> date:
        """The date where the account is."""
        return self.now.astimezone(self._local_zone).date()

    @property
    def _local_zone(self) -> Any:
        return self.stated.calendar.zone if self.stated.calendar else self.now.tzinfo

    def week(self) -> list[dict[str, Any]]:
        """This function will list the seven days from today with their hours, for components/hours_table.html."""
        if self.stated.calendar is None:
            return []
        return [self._day(self.stated.calendar.plan, self.today + timedelta(days=ahead)) for ahead in range(7)]

    def _day(self, plan: Plan, on: date) -> dict[str, Any]:
        spans, because = plan.day(on)
        words = spans_words(spans)
        if because is Because.BANK_HOLIDAY:
            words += f" ({holidays.name_of(division_of(self.account), on)})"
        elif because is Because.SPECIAL:
            words += " (special hours)" if spans else " (special closure)"
        return {
            "name": WEEKDAYS[on.weekday()],
            "words": words[0].upper() + words[1:],
            "closed": not spans,
            "today": on == self.today,
        }

    def to_come(self) -> list[str]:
        """This function will say the hours and promises that are stated for days to come."""
        hours = [
            (on, f"From {date_words(on)}: {StatedHours.parse(notation).sentence()}.")
            for on, notation in directory.stated_hours(self.account)
            if on > self.today
        ]
        promises = [
            (version.valid_from_on, f"From {date_words(version.valid_from_on)}: {rule.sentence()}.")
            for version in self.stated.versions
            if version.valid_from_on > self.today and (rule := promise_rule(version))
        ]
        return [sentence for _, sentence in sorted(hours + promises)]

    def card(self, record: Record | None = None) -> dict[str, Any]:
        """This function will give what components/account_card.html shows."""
        account = self.account
        return {
            "name": account.name,
            "url": reverse("public:account", args=[account.slug]),
            "about": account.about,
            "purpose": self.purpose_words,
            "partner_name": account.partner.name,
            "brand": account.partner.brand,
            "icon": registry.icon_of(account.channel) if account.handle else "",
            "handle": account.handle,
            "hours": self.hours_words if self.is_answered else "",
            "promise": self.promise_words if self.is_answered else "",
            "open": self.is_open,
            "open_words": self.state_words,
            "expect_words": self.expect_words,
            "stage_words": self.stage_words,
            "kept_words": kept_words(record.live) if record and record.live.judged else "",
        }

    def _soon(self, at: datetime | None) -> str:
        return moment_soon(at, self.now, self.zone) if at else ""


def shown(account: Account, now: datetime) -> Shown:
    """This function will show one account as it stands now."""
    return Shown(directory.stated(account.pk), now)


def shown_all(accounts: Iterable[Account], now: datetime) -> list[Shown]:
    """This function will show many accounts, in the order given; they come with their partner."""
    given = list(accounts)
    stated = directory.stated_by_account(given)
    return [Shown(stated[account.pk], now) for account in given]


def kept_words(kept: Kept) -> str:
    """This function will say how a promise was kept: small numbers as they are, and no percentage of nothing."""
    if not kept.judged:
        return "Nothing fell due in the last 30 days"
    if kept.percent is None:
        return f"{kept.kept} of {kept.judged} answered in time in the last 30 days"
    return f"{kept.percent}% answered in time in the last 30 days"


def kept_details(kept: Kept) -> list[str]:
    """This function will say what the figure is made of, a line each, with those nobody answered by name."""
    lines = [f"{_people(kept.kept)} answered in time", f"{_people(kept.late)} answered late"]
    if kept.waiting_late:
        lines.append(f"{_people(kept.waiting_late)} still waiting past the promise, counted as late")
    if kept.closed:
        lines.append(f"{_people(kept.closed)} closed without an answer, counted as late")
    if kept.not_yet_due:
        lines.append(
            f"{_people(kept.not_yet_due)} asked and {'is' if kept.not_yet_due == 1 else 'are'} not due an answer yet"
        )
    if 0 < kept.judged < FEW:
        lines.append("These are few, so we give the numbers and no percentage")
    return lines


def _people(number: int) -> str:
    return f"{number} {'person' if number == 1 else 'people'}"


def times_words(times: Times) -> str:
    """This function will say how long the person in the middle waited, open time never without clock time."""
    said = f"Half of {_people(times.number)} waited {in_words(_minutes(times.clock))} or less by the clock"
    if times.open is None:
        return f"{said}."
    return f"{said}, and {in_words(_minutes(times.open))} or less counting opening hours only."


def _minutes(length: timedelta) -> timedelta:
    """Whole minutes, rounded up: nobody waited for nothing."""
    return max(MINUTE, MINUTE * -(-length // MINUTE))
