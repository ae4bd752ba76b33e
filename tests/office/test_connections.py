"""Proves the page of all connections, and the correcting of a limit: counted by at once, told in the trail, set back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.directory import limits
from sociable.directory.models import Account, Connection, Limit
from sociable.people.models import AuditEvent
from tests.cast import Cast
from tests.channels.conftest import installed, pebble  # noqa: F401 - fixtures
from tests.office.conftest import client_of
from tests.pages import Pages


def test_the_connections_that_need_somebody_stand_first(cast: Cast, office: Pages) -> None:
    now = timezone.now()
    well = {"last_heard_at": now, "lag_seconds": 4.0}
    Connection.objects.create(account=cast.books, trouble="The server is down.", trouble_since_at=now, **well)
    Connection.objects.create(account=cast.help, expires_at=now + timedelta(days=60), **well)
    Connection.objects.create(account=cast.clinic, **well)
    page = office.get(reverse("office:connections")).page
    assert page.text.index("Ashby Libraries") < page.text.index("Ashby Help")
    for said in ("The server is down.", "4 seconds", "Log-in ends"):
        assert said in page.text
    assert "Vale Clinic" not in page.text


def test_the_page_of_connections_is_for_those_who_connect(cast: Cast) -> None:
    assert client_of(cast.asha).get(reverse("office:connections")).status_code == 403


def test_a_number_of_connections_is_a_number_of_rows_and_not_of_queries(
    cast: Cast, office: Pages, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        account = Account.objects.create(partner=cast.council, slug=f"more-{number}", name=f"More {number}")
        Connection.objects.create(account=account)
    with django_assert_max_num_queries(10):
        office.get(reverse("office:connections"))


def test_what_is_known_of_a_connection_stands_on_its_page(cast: Cast, office: Pages) -> None:
    now = timezone.now()
    Connection.objects.create(
        account=cast.help, last_heard_at=now, lag_seconds=75.0, network_id="n-1", begins_at=now - timedelta(days=3)
    )
    text = office.get(reverse("office:connection", args=[cast.help.pk])).page.text
    for said in ("Lag, network to here", "75 seconds, for the newest message", "n-1", "Complete since"):
        assert said in text


# -- Limits ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def account(cast: Cast, pebble: type) -> Any:  # noqa: F811
    """The council's help account on an invented network, whose server says 180 where the network publishes 200."""
    Account.objects.filter(pk=cast.help.pk).update(channel="pebble")
    cast.help.refresh_from_db()
    Connection.objects.create(account=cast.help, settings={"folder": "/nowhere"})
    limits.read_from_server(cast.help, {"longest_text": 180}, "what its server says", timezone.now().date())
    return cast.help


def limit_page(account: Any, name: str = "longest_text") -> str:
    return reverse("office:limit", args=[account.pk, name])


def test_each_limit_says_where_it_is_known_from_and_as_of_when(account: Any, office: Pages) -> None:
    text = office.get(reverse("office:connection", args=[account.pk])).page.text
    for said in ("180 characters", "What its server says", "5 messages", "it is invented", "27 November 2026"):
        assert said in text


def test_a_limit_is_corrected_and_counts_at_once_until_it_is_set_back(account: Any, office: Pages) -> None:
    form = office.get(limit_page(account)).page.form(button="Let it count")
    assert form.fields["value"] == "180"
    done = office.submit(form, value="150", source="Their letter of May")
    assert done["Location"] == reverse("office:connection", args=[account.pk])
    assert limits.capabilities_of(account).longest_text == 150
    assert "Their letter of May" in office.get(done["Location"]).page.text
    told = AuditEvent.objects.get(verb="corrected a limit")
    assert (told.before, told.after, told.reason) == (
        {"longest_text": 180},
        {"longest_text": 150},
        "Their letter of May",
    )
    limits.read_from_server(account, {"longest_text": 170}, "what its server says", timezone.now().date())
    assert limits.capabilities_of(account).longest_text == 150  # an administrator's word stands before the server's
    office.submit(office.get(limit_page(account)).page.form(button="Set back to the network's own"))
    assert limits.capabilities_of(account).longest_text == 170
    assert AuditEvent.objects.get(verb="set a limit back").after == {"longest_text": 170}


def test_a_window_is_given_in_hours(account: Any, office: Pages) -> None:
    form = office.get(limit_page(account, "reply_window")).page.form(button="Let it count")
    office.submit(form, value="24", source="tried")
    assert limits.capabilities_of(account).reply_window == timedelta(hours=24)
    assert "24 hours after they last wrote" in office.get(limit_page(account, "reply_window")).page.text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"value": "0", "source": "x"}, "greater than or equal to 1"),
        ({"value": "many", "source": "x"}, "whole number"),
        ({"value": "5", "source": " "}, "Say how you know"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_and_nothing_is_lost(
    account: Any, office: Pages, typed: dict[str, str], says: str
) -> None:
    page = office.submit(office.get(limit_page(account)).page.form(button="Let it count"), **typed).page
    assert any(says in error for error in page.errors), page.errors
    assert page.form(button="Let it count").fields["value"] == typed["value"]
    assert not Limit.objects.exclude(set_by=None).exists()
    assert not AuditEvent.objects.exists()


def test_there_is_no_limit_of_another_name_and_none_for_who_may_not(cast: Cast, account: Any, office: Pages) -> None:
    assert office.get(limit_page(account, "counting")).status_code == 404
    assert client_of(cast.asha).post(limit_page(account), {"value": "1", "source": "x"}).status_code == 404
    assert not Limit.objects.exclude(set_by=None).exists()


def test_an_account_says_what_it_lives_on_and_what_is_still_to_be_stated(cast: Cast, office: Pages) -> None:
    new = Account.objects.create(partner=cast.council, slug="sky", name="Ashby on Bluesky", channel="bluesky")
    text = office.get(reverse("office:account", args=[new.pk])).page.text
    for said in ("Lives on", "Bluesky", "State its hours", "State its promise"):
        assert said in text
    assert office.get(reverse("office:connection", args=[new.pk])).page.h1 == "Connection to Bluesky"
    text = office.get(reverse("office:account", args=[cast.help.pk])).page.text
    assert "State other hours" in text
    assert "State another promise" in text
