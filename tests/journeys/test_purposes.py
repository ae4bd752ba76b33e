"""A request to a news account reaches who answers it, keeps its clock, and is answered from the right account or not at all."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from sociable.conversations.models import Conversation, Message, Outgoing
from sociable.desk import listing
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection, HoursVersion, PromiseVersion
from sociable.domain.ways import Way
from sociable.due import services as due
from sociable.journeys import answer, claim, join, receive, senders, state, ways
from sociable.people.models import AuditEvent, Role
from sociable.people.permissions import NotAllowed
from sociable.promises import queries as promises
from sociable.promises.counting import count_at_risk, count_open
from sociable.promises.lines import Line
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.channels.conftest import installed, pebble  # noqa: F401 - fixtures

TEN = at(10)
pytestmark = pytest.mark.django_db


@pytest.fixture
def news(cast: Cast) -> Account:
    """The council's news account: answered from its help account, stating nothing itself."""
    account: Account = Account.objects.create(
        partner=cast.council, slug="news", name="Ashby News", address="news@ashby.example.org", purpose="news",
        stage=Account.Stage.LIVE, sends_receipts=False, answered_from=cast.help,
    )  # fmt: skip
    return account


def states(account: Account, *, minutes: int = 30, notation: str = "Mo-Fr 08:00-20:00") -> None:
    HoursVersion.objects.create(account=account, valid_from_on=date(2026, 1, 1), notation=notation, stated_at=at(9))
    PromiseVersion.objects.create(
        account=account, valid_from_on=date(2026, 1, 1), stated_at=at(9), form="open_time", minutes=minutes
    )


def reply(
    cast: Cast, message: Message, *, who: Any = None, sent_from: Any = None, reason: str = "", **how: Any
) -> Message:
    conversation = Conversation.objects.get(pk=message.conversation_id)
    if sent_from is not None:
        how["sent_from"] = senders.From(sent_from.pk, reason)
    return answer.send(
        conversation_id=conversation.pk, person=who or cast.asha, text="On Thursday.",
        against_version=conversation.version, now=at(10, 30), **how,
    )  # fmt: skip


def do(kind: str, now: Any) -> None:
    from sociable.worker.loop import JOURNEYS

    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


# -- Whose clock -----------------------------------------------------------------------------------------------------------


def test_without_a_promise_of_its_own_the_account_that_answers_judges(cast, news):
    asked = cast.mail(account=news)
    wait = Wait.objects.get()
    assert (wait.account, wait.promise.account, wait.due_at) == (news, cast.help, at(12))
    page = promises.fair_page(Line([news]), at(11))
    assert [(place.wait, place.share) for place in page.places] == [(wait, 0.5)]
    assert count_at_risk(Line([news]), at(11, 45)) == 1
    assert asked.conversation.account == news


def test_its_own_promise_judges_where_it_states_hours_and_promise(cast, news):
    states(news)
    cast.mail(account=news)
    wait = Wait.objects.get()
    assert (wait.promise.account, wait.due_at) == (news, at(10, 30))


def test_hours_alone_are_no_promise_so_the_account_that_answers_judges(cast, news):
    HoursVersion.objects.create(account=news, valid_from_on=date(2026, 1, 1), notation="24/7", stated_at=at(9))
    assert directory.stated(news.pk).versions == directory.stated(cast.help.pk).versions
    assert directory.stated_by_account([news])[news.pk].calendar == directory.stated(cast.help.pk).calendar
    assert directory.judging_calendars([news, cast.books])[news.pk] == directory.stated(cast.help.pk).calendar


def test_another_promise_of_the_account_that_answers_moves_what_it_judges(cast, news):
    cast.mail(account=news)
    version = PromiseVersion(valid_from_on=at(9).date(), form="open_time", minutes=60)
    assert [one.due_at for one in state.promise_would_move(cast.help, version)] == [at(11)]
    state.state_promise(account_id=cast.help.pk, version=version, person=cast.lee, now=at(9, 30))
    assert Wait.objects.get().due_at == at(11)


def test_a_request_that_moved_to_an_account_without_hours_still_stands_in_the_queue(cast, news):
    Account.objects.filter(pk=news.pk).update(answered_from=None)
    message = cast.mail()
    news.refresh_from_db()
    join.move(message.conversation_id, news, cast.asha, "", at(10, 5))
    line = Line([news])
    assert [place.wait.conversation_id for place in promises.fair_page(line, at(11)).places] == [
        message.conversation_id
    ]
    assert count_open(line, at(11)) == 1
    assert count_at_risk(line, at(11, 45)) == 1


# -- Whose queue -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def helper(cast: Cast) -> Any:
    """Olu answers the help account and nothing else."""
    Role.objects.create(person=cast.olu, kind="answerer", partner=cast.council, account=cast.help)
    return cast.olu


def test_it_reaches_who_answers_the_account_it_is_answered_from(cast, news, helper):
    asked = cast.mail(account=news)
    assert Conversation.objects.visible_to(helper).get() == asked.conversation
    assert claim.take_next(helper, at(10, 1)) == asked.conversation
    from django.http import QueryDict

    desk = listing.Asked.read(helper, QueryDict("view=mine"))
    [row] = listing.listed(desk, at(10, 2)).rows
    assert {"text": "Answered from Ashby Help", "tone": ""} in row["tags"]


@pytest.mark.parametrize("scope", ["account", "service"])
def test_it_is_the_account_that_answers_that_counts_for_roles_and_no_further(cast, news, scope):
    where = {"account": cast.help} if scope == "account" else {"service": cast.libraries}
    if scope == "service":
        Account.objects.filter(pk=news.pk).update(answered_from=cast.books)
    Role.objects.create(person=cast.olu, kind="service_lead", partner=cast.council, **where)
    asked = cast.mail(account=news)
    news.refresh_from_db()
    from sociable.people import permissions
    from sociable.people.permissions import Act

    assert permissions.can_answer(cast.olu, asked.conversation.place)
    assert permissions.can_jump(cast.olu, asked.conversation.place)
    assert not permissions.can_change_account(cast.olu, news.place)
    assert not permissions.can_answer(cast.olu, news.own_place)
    for act in Act:
        there = news in Account.objects.where(cast.olu, act)
        assert there == permissions.may(cast.olu, act, news.place), act
    assert not permissions.can_answer(cast.cara, news.place)


def test_whoever_answers_the_news_alone_does_not_see_the_help(cast, news):
    Role.objects.create(person=cast.olu, kind="answerer", partner=cast.council, account=news)
    cast.mail()
    assert not Conversation.objects.visible_to(cast.olu).exists()


# -- From which account ------------------------------------------------------------------------------------------------------


def test_from_the_wrong_account_nothing_leaves_and_the_right_one_is_named(cast, news):
    asked = cast.mail(account=news)
    with pytest.raises(senders.WrongAccount, match=r"Ashby News does not answer.*answered from Ashby Help"):
        reply(cast, asked)
    with pytest.raises(senders.WrongAccount, match="Say why"):
        reply(cast, asked, sent_from=news, reason="  ")
    with pytest.raises(senders.WrongAccount):
        reply(cast, asked, sent_from=cast.books)
    assert not Outgoing.objects.exists()
    assert Wait.objects.get().is_open


def test_from_the_right_account_it_leaves_by_that_accounts_own_connection(cast, news):
    from sociable.journeys import deliver, outbox

    asked = cast.mail(account=news)
    said = reply(cast, asked, sent_from=cast.help)
    assert (said.sent_from, said.from_address) == (cast.help, cast.help.address)
    assert outbox.sending_account(said) == cast.help
    parcel = deliver.parcel_of(said)
    assert (parcel.from_address, parcel.in_reply_to) == (cast.help.address, asked.message_id)
    assert parcel.from_name == "Asha Khan, Ashby Help"
    assert Wait.objects.get().ended == "answered"
    assert said.conversation.account == news
    back = cast.mail("Thanks, and the brown one?", when=at(11), account=cast.help, In_Reply_To=said.message_id)
    assert back.conversation == asked.conversation


def test_somebody_who_holds_the_news_account_may_go_on_with_a_reason(cast, news, helper):
    asked = cast.mail(account=news)
    with pytest.raises(NotAllowed):
        reply(cast, asked, who=helper, sent_from=news, reason="It is about the news.")
    said = reply(cast, asked, sent_from=news, reason="It is about the news itself.")
    assert said.from_address == news.address
    event = AuditEvent.objects.get(verb="answered from the wrong account")
    assert (event.reason, event.person_name) == ("It is about the news itself.", "Asha Khan")


def test_who_does_not_answer_for_the_right_account_does_not_speak_for_it(cast, news):
    Role.objects.create(person=cast.olu, kind="answerer", partner=cast.council, account=news)
    asked = cast.mail(account=news)
    with pytest.raises(NotAllowed):
        reply(cast, asked, who=cast.olu, sent_from=cast.help)


@pytest.mark.parametrize("how", ["resting", "nobody", "form"])
def test_an_account_that_answers_itself_is_left_alone(cast, news, how):
    if how == "resting":
        Account.objects.filter(pk=cast.help.pk).update(stage="resting")
    if how == "nobody":
        Account.objects.filter(pk=news.pk).update(answered_from=None)
    asked = cast.ask(account=news, email="") if how == "form" else cast.mail(account=news)
    assert reply(cast, asked).sent_from is None


# -- On a network --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def on_pebble(cast: Cast, news: Account, pebble: type, tmp_path: Any) -> Account:  # noqa: F811
    """Both accounts on the invented network; each has a folder of its own."""
    for number, account in enumerate((news, cast.help)):
        folder = tmp_path / account.slug
        folder.mkdir()
        Account.objects.filter(pk=account.pk).update(channel="pebble", address="")
        account.refresh_from_db()
        Connection.objects.create(account=account, settings={"folder": str(folder)}, network_id=f"pebble-{number}")
    return news


def tell(account: Account, when: Any = TEN, **event: Any) -> Message:
    from sociable.channels.base import RawItem

    content = json.dumps({"type": "note", "from": "dev", "name": "Dev Patel", **event}).encode()
    done = receive.read_all(
        receive.store(account, "pebble", [RawItem(f"note:{event['id']}", content, when)], fetched_at=when), when
    )
    assert done[0] is not None
    return done[0]


def test_the_right_account_answers_the_residents_own_post(cast, on_pebble, tmp_path):
    asked = tell(on_pebble, id="1", text="Bins?")
    said = reply(cast, asked, sent_from=cast.help)
    do("deliver", at(10, 30) + timedelta(seconds=11))
    note = json.loads(next((tmp_path / "help").glob("out-*")).read_text())
    assert (note["answers"], note["to"], note["visibility"]) == ("1", ["dev"], "public")
    assert not list((tmp_path / "news").glob("out-*"))
    again = tell(
        cast.help, at(11), id="2", text="Thanks, and the garden?", answers=Message.objects.get(pk=said.pk).message_id
    )
    assert again.conversation == asked.conversation
    assert Wait.objects.filter(conversation=asked.conversation).count() == 2


def test_where_the_right_account_cannot_answer_it_goes_there_with_its_clock_and_by_email(cast, on_pebble, tmp_path):
    asked = tell(on_pebble, id="1", text="Bins?", private=True)
    with pytest.raises(senders.CannotThere) as stopped:
        reply(cast, asked, sent_from=cast.help)
    senders.hand_to(asked.conversation, stopped.value.right, cast.asha, at(10, 20))
    conversation = Conversation.objects.get()
    wait = Wait.objects.get()
    assert (conversation.account, wait.account, wait.started_at, wait.due_at) == (cast.help, cast.help, at(10), at(12))
    for sent_from in (None, cast.help):  # the network would take it for a message out of nowhere
        with pytest.raises(senders.CannotThere):
            reply(cast, asked, sent_from=sent_from)
    said = reply(cast, asked, sent_from=cast.help, chosen=ways.Chosen(Way.EMAIL, "dev@example.org"))
    assert (said.channel, said.to_addresses, said.sent_from) == ("email", ["dev@example.org"], cast.help)
    assert Message.objects.filter(direction="out").count() == 1
    assert Wait.objects.get().ended == "answered"


def test_by_email_no_line_for_onlookers_leaves_from_an_account_that_cannot_say_it(cast, on_pebble):
    Account.objects.filter(pk=cast.help.pk).update(channel="email", address="help@ashby.example.org")
    asked = tell(on_pebble, id="1", text="Bins?")
    said = reply(cast, asked, sent_from=cast.help, chosen=ways.Chosen(Way.EMAIL, "dev@example.org"))
    assert [one.channel for one in Message.objects.filter(direction="out")] == ["email"]
    assert said.sent_from == cast.help


# -- What may be set -----------------------------------------------------------------------------------------------------------


def test_no_account_is_answered_in_circles_or_by_another_body(cast, news):
    for account, other in ((news, news), (news, cast.clinic), (cast.books, news), (cast.help, cast.books)):
        account.answered_from = other
        with pytest.raises(state.AnsweredInCircles):
            state.change_account(account, changes={"answered_from": None}, person=cast.lee, now=at(9))
