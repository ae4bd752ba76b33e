"""The queue as a question: the pages together are exactly the fair order, whatever the number of accounts and pages."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from sociable.conversations.models import Contact, Conversation, Message
from sociable.directory import queries as directory
from sociable.directory.models import Account, HoursVersion, PromiseVersion
from sociable.domain.ordering import in_fair_order
from sociable.promises import counting, lines, queries, services
from sociable.promises.models import Wait
from tests.cast import MONDAY_10, Cast, at

FORMS: list[dict[str, Any]] = [
    {"form": "open_time", "minutes": 120}, {"form": "open_time", "minutes": 30}, {"form": "working_days", "days": 2},
    {"form": "same_or_next_day"}, {},
]  # fmt: skip
NOW = at(15, day=25)


@pytest.fixture
def many(cast: Cast) -> list[Account]:
    """Five accounts of different promises, one without, and 120 waits of 50 people, some late, some moved for need."""
    dice, accounts = random.Random(4), []
    people = [Contact.objects.create(partner=cast.council, name=f"Person {n}", created_at=MONDAY_10) for n in range(50)]
    for number, form in enumerate(FORMS):
        account = Account.objects.create(partner=cast.council, slug=f"a{number}", name=f"A{number}", stage="live")
        hours = ["Mo-Fr 09:00-17:00; PH off", "Mo-Su 08:00-20:00", "Mo-Fr 22:00-26:00"][number % 3]
        HoursVersion.objects.create(
            account=account, valid_from_on=date(2026, 1, 1), notation=hours, stated_at=MONDAY_10
        )
        if form:
            PromiseVersion.objects.create(account=account, valid_from_on=date(2026, 1, 1), stated_at=MONDAY_10, **form)
        accounts.append(account)
    stated = {account.pk: directory.stated(account.pk) for account in accounts}
    for number in range(120):
        account, when = dice.choice(accounts), NOW - timedelta(minutes=dice.randrange(8000))
        conversation = Conversation.objects.create(
            account=account, contact=dice.choice(people), started_at=when, last_message_at=when
        )
        message = Message.objects.create(
            conversation=conversation,
            partner=cast.council,
            direction="in",
            channel="form",
            sent_at=when,
            fetched_at=when,
            stored_at=when,
        )
        wait = services.begin(message=message, conversation=conversation, stated=stated[account.pk])
        if number % 40 == 0:
            services.move_ahead(wait, need=1 + number % 2, reason="Alone and unwell", person=cast.lee, now=when)
    return accounts


def whole_order(accounts: list[Account]) -> list[int]:
    """The order by the rule alone, over every open wait."""
    calendars = directory.calendars_of(accounts)
    waits = Wait.objects.open().filter(account__in=accounts)
    entries = [lines.entry_of(wait, lines.share_of(wait, calendars[wait.account_id], NOW)) for wait in waits]
    return [place.entry.wait_id for place in in_fair_order(entries)]


@pytest.mark.parametrize("size", [1, 7, 50, 500])
def test_pages_together_are_the_fair_order(many: list[Account], size: int) -> None:
    seen: list[int] = []
    after = None
    while True:
        page = queries.fair_page(lines.Line(many), NOW, limit=size, after=after)
        seen += [place.wait.pk for place in page.places]
        after = page.after
        if after is None:
            break
        assert len(page.places) <= size
    assert seen == whole_order(many)


def test_a_page_costs_the_same_number_of_questions_however_many_wait(
    many: list[Account], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        queries.fair_page(lines.Line(many), NOW, limit=10)


def test_at_risk_is_the_head_of_the_order(many: list[Account]) -> None:
    calendars = directory.calendars_of(many)
    line = lines.Line(many, anyone=True)
    expected = {
        wait.pk for wait in Wait.objects.open().filter(account__in=many, due_at__isnull=False)
        if lines.share_of(wait, calendars[wait.account_id], NOW) >= queries.AT_RISK
    }  # fmt: skip
    assert counting.count_at_risk(line, NOW) == len(expected)
    assert counting.count_at_risk(line, NOW, at_most=5) == 5
    shown = queries.at_risk(line, NOW, limit=500).places
    assert {place.wait.pk for place in shown} <= expected
    assert len(shown) + sum(place.others_of_person for place in shown) >= len(expected) > 10


def test_those_moved_ahead_with_time_left_do_not_end_the_list_of_those_at_risk(cast: Cast) -> None:
    for number in range(2):
        moved = cast.ask(f"Moved {number}", when=at(10, 40 + number), email=f"moved{number}@example.org")
        wait = Wait.objects.get(began_with=moved)
        services.move_ahead(wait, need=1, reason="Alone and unwell", person=cast.lee, now=at(10, 45))
    late = cast.ask("Nearly late", when=at(9), email="late@example.org")
    line = lines.Line([cast.help])
    page = queries.at_risk(line, at(10, 50), limit=2)
    assert [place.wait.began_with_id for place in page.places] == [late.pk]
    assert counting.count_at_risk(line, at(10, 50)) == 1


def test_the_badge_counts_every_open_wait_up_to_its_most(many: list[Account]) -> None:
    Wait.objects.filter(pk=Wait.objects.open().filter(need=0).first().pk).update(ended_at=NOW, ended="answered")
    line = lines.Line(many)
    assert counting.count_open(line, NOW) == Wait.objects.open().filter(account__in=many).count() == 119
    assert counting.count_open(line, NOW, at_most=30) == 30


def test_what_somebody_else_holds_is_left_out(cast: Cast) -> None:
    message = cast.ask()
    line, mine = lines.Line([cast.help]), lines.Line([cast.help], holder=cast.asha)
    Conversation.objects.filter(pk=message.conversation_id).update(held_by=cast.asha, held_until_at=at(10, 15))
    assert queries.fair_page(line, at(10, 5)).places == []
    assert len(queries.fair_page(mine, at(10, 5)).places) == 1
    assert len(queries.fair_page(lines.Line([cast.help], anyone=True), at(10, 5)).places) == 1
    assert len(queries.fair_page(line, at(10, 15)).places) == 1  # the hold is over


def test_what_was_put_off_or_set_aside_is_left_out(cast: Cast) -> None:
    message = cast.ask()
    conversation = Conversation.objects.filter(pk=message.conversation_id)
    conversation.update(snoozed_until_at=at(11))
    assert counting.count_open(lines.Line([cast.help]), at(10, 30)) == 0
    assert counting.count_open(lines.Line([cast.help]), at(11)) == 1
    conversation.update(snoozed_until_at=None, state="kept_aside")
    assert queries.fair_page(lines.Line([cast.help]), at(11)).places == []


def test_one_person_on_two_channels_holds_one_place(cast: Cast) -> None:
    cast.ask("By the form")
    cast.mail("And by email", when=at(10, 30), subject="Same thing")
    cast.ask("From somebody else", when=at(10, 15), email="else@example.org", name="Else")
    page = queries.fair_page(lines.Line([cast.help]), at(11))
    assert [place.wait.contact.name for place in page.places] == ["Dev Patel", "Else"]
    assert page.places[0].others_of_person == 1
    assert "2 requests of this person share this place" in page.places[0].reason


def test_nobody_and_nothing(cast: Cast) -> None:
    assert queries.fair_page(lines.Line([]), MONDAY_10).places == []
    assert counting.count_open(lines.Line([]), MONDAY_10) == 0
    assert queries.fair_page(lines.Line([cast.help]), MONDAY_10).places == []


def test_more_lines_than_a_statement_takes(many: list[Account], monkeypatch: pytest.MonkeyPatch) -> None:
    line = lines.Line(many, anyone=True)
    expected, counted = whole_order(many), counting.count_at_risk(line, NOW)
    monkeypatch.setattr(lines, "MOST_TERMS", 2)
    assert [place.wait.pk for place in queries.fair_page(line, NOW, limit=500).places] == expected
    assert counting.count_at_risk(line, NOW) == counted
