"""An account goes from learning to live by sign-offs and a published rota, and whoever can act hears when its day has passed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from sociable.cover import signing
from sociable.cover.models import Shift
from sociable.cover.signing import Given
from sociable.directory.health_models import Concern
from sociable.directory.models import Account, Connection
from sociable.domain.cover.stages import Lack, MoveRefused, Stage
from sociable.due.models import DueRow
from sociable.journeys import stage
from sociable.journeys.stage import Wanted
from sociable.people.models import AuditEvent
from sociable.people.permissions import NotAllowed
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.journeys.mail import letters, sends_to
from tests.journeys.test_tell import look
from tests.servers.smtp import Scripted

pytestmark = pytest.mark.django_db


@pytest.fixture
def learning(cast: Cast) -> Account:
    Account.objects.filter(pk=cast.help.pk).update(stage="learning", learning_until_on=date(2026, 12, 18))
    cast.help.refresh_from_db()
    return cast.help


def sign(cast: Cast, *people: Any) -> None:
    for person in people:
        signing.sign_off(person, cast.help, Given(date(2026, 11, 1)), by=cast.lee, now=at(9))


def publish(cast: Cast, person: Any, days: int = 28) -> None:
    """A shift over the stated hours of each day."""
    for number in range(days + 1):
        begins = at(9) + timedelta(days=number)
        made = Shift.objects.create(
            person=person, starts_at=begins, ends_at=begins + timedelta(hours=8), state="published", made_at=at(8)
        )
        made.accounts.add(cast.help)


def lacks(account: Account, to: Stage = Stage.LIVE) -> set[Lack]:
    return {one.lack for one in stage.missing_by_move(account, stage.facts_of(account, at(8)))[to]}


def test_from_learning_to_live_by_sign_offs_and_a_published_rota(cast: Cast, learning: Account) -> None:
    assert lacks(learning) == {Lack.TRAINED, Lack.COVER}
    sign(cast, cast.asha)
    assert lacks(learning) == {Lack.SECOND, Lack.COVER}
    sign(cast, cast.lee)
    assert lacks(learning) == {Lack.COVER}
    publish(cast, cast.asha)
    assert lacks(learning) == set()
    moved = stage.move(learning, Wanted(Stage.LIVE), person=cast.lee, now=at(8))
    assert (moved.stage, moved.learning_until_on) == ("live", None)
    event = AuditEvent.objects.get(verb="moved")
    assert (event.before, event.after) == (
        {"stage": "learning", "learning_until_on": "2026-12-18"},
        {"stage": "live"},
    )


def test_uncovered_half_hours_are_counted_whatever_the_stage(cast: Cast, learning: Account) -> None:
    sign(cast, cast.asha)
    publish(cast, cast.asha, days=0)
    facts = stage.facts_of(learning, at(8))
    assert (facts.needed, facts.uncovered) == (20 * 16, 19 * 16), (
        "four weeks from Monday 8am: twenty days of eight hours"
    )


def test_a_move_although_something_is_missing_keeps_the_reason_with_it(cast: Cast, learning: Account) -> None:
    sign(cast, cast.asha)
    with pytest.raises(MoveRefused, match="Say why"):
        stage.move(learning, Wanted(Stage.LIVE), person=cast.lee, now=at(8))
    stage.move(learning, Wanted(Stage.LIVE, reason="Kal starts on Monday"), person=cast.lee, now=at(8))
    last = stage.last_move(learning)
    assert last is not None
    assert (last.by, last.reason, last.at) == ("Lee Ward", "Kal starts on Monday", at(8))
    assert "Only one person is signed off" in last.although
    assert "for 160 hours of that the published rota has too few" in last.although


def test_nobody_trained_bars_it_whatever_the_reason(cast: Cast, learning: Account) -> None:
    with pytest.raises(MoveRefused, match="Nobody is signed off"):
        stage.move(learning, Wanted(Stage.LIVE, reason="Trust me"), person=cast.lee, now=at(8))
    assert Account.objects.get(pk=learning.pk).stage == "learning"
    assert not AuditEvent.objects.filter(verb="moved").exists()


def test_only_who_may_change_it_moves_it(cast: Cast, learning: Account) -> None:
    for who in (cast.asha, cast.cara, cast.olu):
        with pytest.raises(NotAllowed):
            stage.move(learning, Wanted(Stage.RESTING, reason="x"), person=who, now=at(8))


def test_an_account_that_needs_a_connection_is_not_live_without(cast: Cast, learning: Account) -> None:
    Account.objects.filter(pk=learning.pk).update(channel="mastodon", stage="proposed")
    learning.refresh_from_db()
    sign(cast, cast.asha, cast.lee)
    assert Lack.CONNECTED in lacks(learning)
    made = Connection.objects.create(account=learning)
    assert Lack.CONNECTED not in lacks(learning)
    assert not DueRow.objects.filter(kind="fetch", subject_id=made.pk).exists()
    stage.move(learning, Wanted(Stage.LIVE, reason="Rota to come"), person=cast.lee, now=at(8))
    assert DueRow.objects.filter(kind="fetch", subject_id=made.pk).exists(), "from now on it is heard"


def test_one_that_is_answered_from_another_is_covered_there(cast: Cast) -> None:
    Account.objects.filter(pk=cast.books.pk).update(answered_from=cast.help, stage="proposed")
    books = Account.objects.select_related("partner", "answered_from").get(pk=cast.books.pk)
    assert lacks(books) == set()
    assert lacks(cast.help, Stage.RESTING) == {Lack.OTHER_WAYS, Lack.ANSWERS_FOR}


def test_waits_stay_counted_as_they_began(cast: Cast, learning: Account) -> None:
    cast.ask(when=at(8))
    sign(cast, cast.asha, cast.lee)
    publish(cast, cast.asha)
    assert stage.facts_of(learning, at(8)).waiting == 1
    stage.move(learning, Wanted(Stage.LIVE), person=cast.lee, now=at(8, 30))
    cast.ask("And now?", when=at(9), email="else@example.org")
    assert list(Wait.objects.order_by("started_at").values_list("in_learning", flat=True)) == [True, False]


# -- The day that has passed -------------------------------------------------------------------------------------------------


@pytest.fixture
def outside(settings: Any) -> Iterator[Scripted]:
    """The installation's mail server."""
    with sends_to(settings) as server:
        yield server


def test_when_its_day_has_passed_who_can_act_hears_of_it_once(cast: Cast, learning: Account, outside: Scripted) -> None:
    Account.objects.filter(pk=learning.pk).update(owner=cast.lee, learning_until_on=date(2026, 11, 23))
    look(0)
    assert letters(outside) == [], "the day itself still counts"
    Account.objects.filter(pk=learning.pk).update(learning_until_on=date(2026, 11, 22))
    look(1, 2, 40)
    (mail,) = letters(outside)
    assert (mail["To"], mail["Subject"]) == ("lee@staff.example.org", "Ashby Help was to have finished learning")
    assert "It was learning until Sunday 22 November 2026. Move it to live" in mail.get_content()
    stage.move(learning, Wanted(Stage.LEARNING, date(2026, 12, 24)), person=cast.lee, now=at(11))
    look(61)
    assert Concern.objects.get(kind="learning").over_at == at(11, 1)
    assert len(letters(outside)) == 1
