"""Proves that the example is whole, the same each time, real in its ways, and kept out of real installations."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sociable.config import example
from sociable.config.example import council, partnership, trusts
from sociable.conversations.models import Attachment, Conversation, Mention, Message, Outgoing, RawInbound, SavedAnswer
from sociable.directory.models import Account, HoursVersion, PromiseVersion
from sociable.domain.errors import DomainError
from sociable.due.models import DueRow
from sociable.people.models import Partner, Person, Role, Service
from sociable.promises import queries as promises
from sociable.promises.models import Wait, Warned
from tests.cast import Cast

TUESDAY = datetime(2026, 11, 24, 14, 10, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def place(now: datetime) -> list[tuple[str, float]]:
    page = promises.fair_page(promises.Line(list(Account.objects.select_related("partner"))), now, limit=100)
    return [(found.wait.conversation.subject, round(found.share, 3)) for found in page.places]


def test_the_partnership_is_as_promised() -> None:
    loaded = example.load(TUESDAY)
    assert (loaded.partners, loaded.people) == (4, 6 + 30 + len(partnership.OTHERS))
    assert len(partnership.SERVICE_STAFF) == 30
    assert {person.name.split()[0] for person in Person.objects.filter(name__in=[p.name for p in partnership.HELP_TEAM])} == {
        "Hannah", "Sam", "Kal", "Jen", "Paul", "Mel",
    }  # fmt: skip
    assert Counter(partner.kind for partner in Partner.objects.all()) == {"council": 1, "nhs_trust": 3}
    assert set(Role.objects.values_list("kind", flat=True)) == set(Role.Kind.values)
    assert set(Account.objects.values_list("stage", flat=True)) == set(Account.Stage.values)
    assert set(Account.objects.values_list("purpose", flat=True)) == set(Account.Purpose.values)
    assert set(PromiseVersion.objects.values_list("form", flat=True)) == set(PromiseVersion.Form.values)
    assert PromiseVersion.objects.filter(acknowledge_minutes__isnull=False).exists()
    assert HoursVersion.objects.filter(valid_from_on__gt=TUESDAY.date()).exists(), "other hours from a coming day"
    assert Account.objects.filter(hours_versions=None, stage="live").exists(), "one that promises nothing"
    assert SavedAnswer.objects.count() >= 10
    assert not Person.objects.filter(is_example=False).exists()
    addresses = [*Person.objects.values_list("email", flat=True), *Account.objects.values_list("address", flat=True)]
    assert all(address.endswith(".example") for address in addresses)


def test_what_happened_is_of_every_kind() -> None:
    example.load(TUESDAY)
    assert Conversation.objects.count() >= 60
    states = Counter(Conversation.objects.values_list("state", flat=True))
    assert {"open", "closed", "not_request", "kept_aside"} <= set(states)
    kept = Counter(wait.kept(TUESDAY) for wait in Wait.objects.all())
    assert min(kept[True], kept[False], kept[None]) >= 5
    assert set(Message.objects.values_list("automatic", flat=True)) >= {"", "auto_reply", "bounce", "list", "own"}
    assert Outgoing.objects.filter(state="bounced").count() == 1
    assert not Outgoing.objects.filter(state="queued").exists(), "nothing of the past is sent now"
    assert not DueRow.objects.filter(kind="deliver", done_at=None).exists()
    assert Wait.objects.filter(need__gt=0).exclude(need_reason="").exists()
    assert Conversation.objects.filter(snoozed_until_at__gt=TUESDAY).exists()
    assert Conversation.objects.filter(held_until_at__gt=TUESDAY).exists()
    assert Mention.objects.exists()
    assert Attachment.objects.filter(content_type="image/png").exists()
    assert any(
        found.others_of_person
        for found in promises.fair_page(
            promises.Line(list(Account.objects.select_related("partner"))), TUESDAY, limit=100
        ).places
    )
    assert not RawInbound.objects.exclude(state="read").exists()
    assert set(Message.objects.values_list("channel", flat=True)) >= {"email", "form", "note"}


def test_warnings_of_the_past_were_told_at_their_instants() -> None:
    example.load(TUESDAY)
    assert not DueRow.objects.filter(kind="warn", done_at=None, due_at__lte=TUESDAY).exists()
    fetched = timedelta(seconds=15)  # what comes on a network is read so much later
    assert all(one.told_at - one.due_at in (timedelta(), fetched) for one in Warned.objects.filter(kind="arrival"))
    assert all(one.told_at == one.due_at for one in Warned.objects.exclude(kind="arrival"))


def test_it_is_the_same_for_the_same_instant() -> None:
    example.load(TUESDAY)
    first = place(TUESDAY)
    raws = sorted(RawInbound.objects.values_list("remote_id", flat=True))
    for table in (DueRow, Wait, Outgoing, Message, RawInbound, Conversation):
        assert table._default_manager.exists()
    _empty()
    example.load(TUESDAY)
    assert place(TUESDAY) == first
    assert sorted(RawInbound.objects.values_list("remote_id", flat=True)) != []
    # Our own Message-IDs name rows, so what answers them differs; what residents wrote first does not.
    assert len(set(raws) & set(RawInbound.objects.values_list("remote_id", flat=True))) > 60


def _empty() -> None:
    """Away with all of it, in an order the foreign keys allow."""
    from sociable.cover.models import HandOver, Shift

    for table in (Warned, Wait, DueRow, HandOver, Shift):
        table._default_manager.all().delete()
    for table in (RawInbound, Conversation):
        table._default_manager.all().delete()
    from sociable.conversations.models import Contact

    for table in (Contact, SavedAnswer, Role, Account, Service, Partner, Person):
        table._default_manager.all().delete()


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
        datetime(2027, 3, 29, 10, 0, tzinfo=UTC),
        datetime(2026, 12, 28, 23, 59, tzinfo=UTC),
    ],
    ids=["a Sunday night", "Easter Monday after the clocks changed", "between Christmas and new year"],
)
def test_it_can_be_loaded_at_any_hour(now: datetime) -> None:
    example.load(now)
    assert not Message.objects.filter(sent_at__gt=now).exists()
    assert Wait.objects.open().count() >= 20


def test_every_story_happens_at_an_account_and_is_told_by_staff_who_may() -> None:
    stories = (*council.STORIES, *trusts.STORIES)
    assert {story.account for story in stories} <= {each.slug for each in partnership.ACCOUNTS}
    keys = {each.key for each in partnership.PEOPLE}
    assert {step.by for story in stories for step in story.steps if hasattr(step, "by")} <= keys


def test_log_ins_are_real_and_open_the_door(client: Any) -> None:
    example.load(TUESDAY)
    logins = example.logins()
    assert len(logins) >= 6
    for address, words in logins:
        person = Person.objects.get(email=address)
        assert words.startswith(person.name)
    assert "service lead of Customer help" in dict(logins)["hannah@aireborough.example"]
    assert client.login(email=logins[0][0], password=example.PASSWORD)


def test_a_real_installation_takes_no_example_and_does_not_start_on_one(settings: Any) -> None:
    settings.MODE = "real"
    assert example.refusal() is None
    with pytest.raises(DomainError, match="refused in a real installation"):
        example.load(TUESDAY)
    assert not Partner.objects.exists()
    settings.MODE = "example"
    example.load(TUESDAY)
    assert example.refusal() is None
    settings.MODE = "real"
    assert "holds example people and data" in (example.refusal() or "")
    Partner.objects.update(is_example=False)
    assert example.refusal(), "people alone are enough"


def test_what_is_there_already_is_not_loaded_over(cast: Cast) -> None:
    with pytest.raises(DomainError, match="already"):
        example.load(TUESDAY)
    assert Partner.objects.count() == 2
