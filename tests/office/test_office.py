"""Proves the pages of the office: one good way and one refusal for each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.conversations.models import RawInbound
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.office import health
from sociable.people.models import AuditEvent, Partner, Person, Role, Service
from tests.cast import MONDAY_10, Cast
from tests.office.conftest import client_of
from tests.pages import Pages


def test_the_register_tells_what_each_account_states_and_who_owns_it(cast: Cast, office: Pages) -> None:
    Account.objects.filter(pk=cast.help.pk).update(owner=cast.asha, deputy=cast.lee)
    text = office.get(reverse("office:accounts")).page.text
    for said in (
        "Ashby Help",
        "Monday to Friday, 9am to 5pm",
        "within 2 hours",
        "Asha Khan, deputy Lee Ward",
        "within 2 working days",
    ):
        assert said in text
    assert "Vale Clinic" not in text


def test_the_register_warns_that_bank_holidays_end(cast: Cast, office: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "known bank holidays" not in office.get(reverse("office:accounts")).page.text
    from sociable.domain.worktime import holidays

    soon = timezone.now().date() + timedelta(days=60)
    monkeypatch.setattr(holidays, "ends_on", lambda division: soon)
    from sociable.directory import queries

    queries.calendar_from.cache_clear()
    try:
        assert "The known bank holidays end on" in office.get(reverse("office:accounts")).page.text
    finally:
        queries.calendar_from.cache_clear()


def test_a_number_of_accounts_is_a_number_of_rows_and_not_of_queries(
    cast: Cast, office: Pages, django_assert_max_num_queries: Any
) -> None:
    office.get(reverse("office:accounts"))
    for number in range(12):
        Account.objects.create(partner=cast.council, slug=f"more-{number}", name=f"More {number}")
    with django_assert_max_num_queries(14):
        office.get(reverse("office:accounts"))


def test_an_account_is_proposed_then_changed_and_the_trail_tells(cast: Cast, office: Pages) -> None:
    form = office.get(reverse("office:add_account")).page.form(button="Propose it")
    done = office.submit(form, partner=str(cast.council.pk), name="Ashby Parks", slug="parks")
    account = Account.objects.get(slug="parks")
    assert (account.stage, done["Location"]) == ("proposed", reverse("office:edit_account", args=[account.pk]))
    form = office.get(done["Location"]).page.form(button="Save")
    office.submit(form, stage="live", about="Swings and ponds", owner=str(cast.asha.pk))
    account.refresh_from_db()
    assert (account.stage, account.about, account.owner) == ("proposed", "Swings and ponds", cast.asha)
    trail = office.get(reverse("office:trail")).page.text
    assert "Dana Fox" in trail
    assert "Added: Ashby Parks" in trail
    assert "Swings and ponds" in trail


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"zone": "Mars/Olympus"}, "is not a time zone"),
        ({"signs_with": "account"}, "Give the words with which the account signs"),
        ({"address": "libraries@ashby.example.org"}, "address"),
        ({"name": ""}, "required"),
    ],
)
def test_an_account_that_cannot_be_is_refused(cast: Cast, office: Pages, typed: dict[str, str], says: str) -> None:
    form = office.get(reverse("office:edit_account", args=[cast.help.pk])).page.form(button="Save")
    page = office.submit(form, about="Typed in vain", **typed).page
    assert any(says in error for error in page.errors), page.errors
    assert page.form(button="Save").fields["about"] == "Typed in vain"
    assert not AuditEvent.objects.exists()


def test_how_an_account_signs_and_by_which_ways_it_answers_is_set_there(cast: Cast, office: Pages) -> None:
    form = office.get(reverse("office:edit_account", args=[cast.help.pk])).page.form(button="Save")
    assert form.fields["answers_by"] == ["thread", "private", "link", "email"]
    done = office.submit(form, signs_with="account", sign_off="Ashby Help", answers_by=["private", "email"])
    assert done.status_code == 302
    cast.help.refresh_from_db()
    assert (cast.help.signs_with, cast.help.sign_off, cast.help.answers_by) == (
        "account",
        "Ashby Help",
        ["private", "email"],
    )
    event = AuditEvent.objects.get(object_kind="account")
    assert event.after == {"signs_with": "account", "sign_off": "Ashby Help", "answers_by": "private, email"}


def test_an_account_is_not_proposed_for_another_partner(cast: Cast, office: Pages) -> None:
    form = office.get(reverse("office:add_account")).page.form(button="Propose it")
    page = office.submit(form, partner=str(cast.trust.pk), name="Theirs", slug="theirs").page
    assert len(page.errors) == 1
    assert not Account.objects.filter(slug="theirs").exists()


# -- Connections ---------------------------------------------------------------------------------------------------------


def connection_page(cast: Cast) -> str:
    return reverse("office:connection", args=[cast.help.pk])


WORKING = {
    "imap_host": "127.0.0.1",
    "imap_port": "1",
    "imap_security": "none",
    "imap_user": "help",
    "imap_password": "s3cret words",
}


def test_a_connection_is_kept_sealed_and_fetched_at_once(cast: Cast, office: Pages) -> None:
    form = office.get(connection_page(cast)).page.form(button="Save")
    done = office.submit(form, **WORKING, save="yes")
    connection = Connection.objects.get(account=cast.help)
    assert connecting.unseal(connection.sealed_secrets) == {"imap_password": "s3cret words"}
    assert "s3cret" not in str(connection.settings)
    assert DueRow.objects.filter(kind="fetch", subject_id=connection.pk, done_at=None).exists()
    assert "s3cret" not in office.get(done["Location"]).content.decode()
    assert "s3cret" not in str(AuditEvent.objects.get(verb="connected").after)
    assert "s3cret" not in connection.sealed_secrets


def test_an_empty_password_is_the_one_kept_and_a_server_that_goes_takes_it_along(cast: Cast, office: Pages) -> None:
    office.submit(office.get(connection_page(cast)).page.form(button="Save"), **WORKING, save="yes")
    office.submit(office.get(connection_page(cast)).page.form(button="Save"), folder="Residents", save="yes")
    connection = Connection.objects.get(account=cast.help)
    assert connection.settings["folder"] == "Residents"
    assert connecting.unseal(connection.sealed_secrets) == {"imap_password": "s3cret words"}
    gone = {"imap_host": "", "imap_port": "", "imap_user": ""}
    office.submit(office.get(connection_page(cast)).page.form(button="Save"), **gone, save="yes")
    connection.refresh_from_db()
    assert connection.sealed_secrets == ""


@pytest.mark.parametrize("button", ["try", "save"])
def test_a_kept_password_is_shown_to_no_other_server(cast: Cast, office: Pages, button: str) -> None:
    office.submit(office.get(connection_page(cast)).page.form(button="Save"), **WORKING, save="yes")
    form = office.get(connection_page(cast)).page.form(button="Save")
    page = office.submit(form, imap_host="localhost", **{button: "yes"}).page
    assert any("kept for another server" in error for error in page.errors), page.errors
    assert "could not" not in page.text
    assert Connection.objects.get(account=cast.help).settings["imap_host"] == "127.0.0.1"
    office.submit(form, imap_host="localhost", imap_password="an0ther", save="yes")
    assert connecting.unseal(Connection.objects.get().sealed_secrets) == {"imap_password": "an0ther"}


def test_every_server_that_is_shown_secrets_says_so() -> None:
    from sociable.channels import registry

    for adapter in registry.kinds().values():
        hosts = [one for one in adapter.settings if one.name in ("server", "api_url") or one.name.endswith("_host")]
        assert all(one.told_secrets for one in hosts), adapter.kind


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"imap_host": "mail.example.org"}, "imap_security", "cross the network in the open"),
        ({"imap_user": ""}, "imap_user", "user name"),
        ({"imap_password": ""}, "imap_password", "password"),
        ({"imap_port": "70000"}, "imap_port", "whole number"),
        ({"ca_file": "/no/such/file"}, "ca_file", "no certificate file"),
    ],
)
def test_settings_that_cannot_work_are_refused_beside_their_field(
    cast: Cast, office: Pages, changed: dict[str, str], field: str, says: str
) -> None:
    form = office.get(connection_page(cast)).page.form(button="Save")
    page = office.submit(form, **{**WORKING, **changed}, save="yes").page
    assert any(says in error for error in page.errors), page.errors
    assert field in page.html
    assert not Connection.objects.exists()


def test_trying_says_what_does_not_work_and_keeps_nothing(cast: Cast, office: Pages) -> None:
    form = office.get(connection_page(cast)).page.form(button="Save")
    page = office.submit(form, **WORKING, **{"try": "yes"}).page
    assert "Check the IMAP server, user and password" in page.text
    assert not Connection.objects.exists()


def test_connecting_is_for_those_who_may(cast: Cast) -> None:
    for person in (cast.asha, cast.lee, cast.cara, cast.olu):
        assert client_of(person).get(connection_page(cast)).status_code == 404
        assert client_of(person).post(connection_page(cast), {**WORKING, "save": "yes"}).status_code == 404
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("stored", "word", "says"),
    [
        (None, "Not connected", "door"),
        (None, "Not connected", "Nothing is heard"),
        ({"fetches": False}, "Not fetched", "switched off"),
        ({}, "Not heard yet", "not answered yet"),
        (
            {"last_heard_at": timedelta(seconds=40), "lag_seconds": 3.0},
            "Heard",
            "Last heard 40 seconds ago; the newest message was here 3 seconds",
        ),
        ({"last_heard_at": timedelta(hours=3)}, "Silent", "3 hours ago"),
        (
            {"last_heard_at": timedelta(seconds=9), "recovered_at": timedelta(minutes=10)},
            "Recovered",
            "It recovered 10 minutes ago",
        ),
        (
            {"last_heard_at": timedelta(seconds=9), "limited_until_at": timedelta(minutes=-4)},
            "Paused",
            "asked for a pause until 10:04",
        ),
        ({"expires_at": timedelta(days=-15), "last_heard_at": timedelta(seconds=9)}, "Heard", "9 seconds"),
        ({"expires_at": timedelta(days=-14), "last_heard_at": timedelta(seconds=9)}, "Log-in ends soon", "in 14 days"),
        ({"expires_at": timedelta(hours=1)}, "Log-in ended", "Connect it anew"),
        (
            {"account": Account(channel="whatsapp"), "fetches": False},
            "Not called yet",
            "has not called our webhook yet",
        ),
        (
            {"account": Account(channel="whatsapp"), "fetches": False, "called_at": timedelta(minutes=5)},
            "Heard",
            "Last called 5 minutes ago",
        ),
        (
            {"fetches": True, "called_at": timedelta(hours=5), "missed_at": timedelta(hours=4)},
            "Webhook quiet",
            "only because we asked",
        ),
        (
            {"trouble": "The password was refused.", "trouble_since_at": timedelta(minutes=5)},
            "Trouble",
            "The password was refused.",
        ),
    ],
)
def test_health_is_said_in_words(stored: dict[str, Any] | None, word: str, says: str) -> None:
    connection = None
    if stored is not None:
        stored = {"account": Account(channel="email"), **stored}
        connection = Connection(
            **{key: MONDAY_10 - value if isinstance(value, timedelta) else value for key, value in stored.items()}
        )
    told = health.of(connection, MONDAY_10, "Europe/London", is_all=says.startswith("Nothing"))
    assert told.word == word
    assert says in told.sentence


# -- People, partners ----------------------------------------------------------------------------------------------------


def test_a_person_is_added_with_a_role_and_sent_a_link(
    cast: Cast, office: Pages, monkeypatch: pytest.MonkeyPatch, settings: Any, mailoutbox: Any
) -> None:
    form = office.get(reverse("office:add_person")).page.form(button="Add them")
    where = f"{cast.council.pk}.{cast.libraries.pk}.0"
    done = office.submit(form, name="Ivy Stone", email="Ivy@Staff.example.org", kind="answerer", where=where)
    ivy = Person.objects.get(email="ivy@staff.example.org")
    assert done["Location"] == reverse("office:person", args=[ivy.pk])
    assert not ivy.has_usable_password()
    assert [(role.kind, role.service) for role in ivy.roles.all()] == [("answerer", cast.libraries)]
    assert mailoutbox[0].to == ["ivy@staff.example.org"]
    assert "/sign-in/password/new/" in mailoutbox[0].body


def test_a_place_elsewhere_or_no_name_is_refused(cast: Cast, office: Pages) -> None:
    form = office.get(reverse("office:add_person")).page.form(button="Add them")
    page = office.submit(
        form, name="", email="ivy@staff.example.org", kind="answerer", where=f"{cast.trust.pk}.0.0"
    ).page
    assert len(page.errors) == 2
    assert page.form(button="Add them").fields["email"] == "ivy@staff.example.org"
    assert not Person.objects.filter(email="ivy@staff.example.org").exists()


def test_somebody_of_another_body_is_given_a_role_and_stays_who_they_are(cast: Cast, office: Pages) -> None:
    form = office.get(reverse("office:add_person")).page.form(button="Add them")
    typed = {"name": "Mallory", "email": "CARA@staff.example.org", "kind": "answerer"}
    elsewhere = office.submit(form, **typed, where=f"{cast.trust.pk}.0.0").page
    assert elsewhere.errors
    office.submit(form, **typed, where=f"{cast.council.pk}.0.0")
    assert Role.objects.filter(person=cast.cara, partner=cast.council).count() == 1
    assert Person.objects.get(pk=cast.cara.pk).name == "Cara Moss"
    refused = office.submit(
        office.get(reverse("office:person", args=[cast.ben.pk])).page.form(button="Save"),
        email="asha@staff.example.org",
    )
    assert "Somebody else signs in" in refused.page.errors[0]


def test_roles_are_given_and_taken_where_one_may(cast: Cast, office: Pages) -> None:
    ben = reverse("office:person", args=[cast.ben.pk])
    form = office.get(ben).page.form(button="Give the role")
    office.submit(form, kind="champion", where=f"{cast.council.pk}.0.{cast.books.pk}")
    assert Role.objects.filter(person=cast.ben, kind="champion", account=cast.books).count() == 1
    office.submit(form, kind="champion", where=f"{cast.council.pk}.0.{cast.books.pk}")
    assert Role.objects.filter(person=cast.ben).count() == 2, "given twice is held once"
    answering = Role.objects.get(person=cast.ben, kind="answerer")
    office.post(reverse("office:remove_role", args=[cast.ben.pk, answering.pk]))
    assert not Role.objects.filter(pk=answering.pk).exists()
    assert {event.verb for event in AuditEvent.objects.filter(object_kind="person")} == {
        "gave a role",
        "took a role away",
    }


def test_who_also_works_elsewhere_is_renamed_and_switched_off_elsewhere(cast: Cast, office: Pages) -> None:
    Role.objects.create(person=cast.ben, kind="answerer", partner=cast.trust)
    page = office.get(reverse("office:person", args=[cast.ben.pk])).page
    assert "also works for a body" in page.text
    assert office.post(reverse("office:switch_person", args=[cast.ben.pk])).status_code == 403
    office.post(reverse("office:person", args=[cast.ben.pk]), {"name": "Mallory", "email": "m@example.org"})
    cast.ben.refresh_from_db()
    assert (cast.ben.is_active, cast.ben.name) == (True, "Ben Hall")
    theirs = Role.objects.get(person=cast.ben, partner=cast.trust)
    assert office.post(reverse("office:remove_role", args=[cast.ben.pk, theirs.pk])).status_code == 404


def test_sign_in_ends_and_is_restored_but_never_ones_own(cast: Cast, office: Pages, dana: Any) -> None:
    switch = reverse("office:switch_person", args=[cast.ben.pk])
    ben = client_of(cast.ben)
    office.post(switch)
    assert ben.get(reverse("office:me")).status_code == 302
    office.post(switch)
    assert Person.objects.get(pk=cast.ben.pk).is_active
    assert office.post(reverse("office:switch_person", args=[dana.pk])).status_code == 403


def test_an_administrator_of_a_service_reaches_no_further(cast: Cast) -> None:
    Role.objects.create(person=cast.olu, kind="administrator", partner=cast.council, service=cast.libraries)
    pages = client_of(cast.olu)
    people = pages.get(reverse("office:people")).page.text
    assert "Ben Hall" in people
    assert "Asha Khan" not in people
    form = pages.get(reverse("office:person", args=[cast.ben.pk])).page.form(button="Give the role")
    assert len(pages.submit(form, kind="administrator", where=f"{cast.council.pk}.0.0").page.errors) == 1
    assert not Role.objects.filter(person=cast.ben, kind="administrator").exists()
    assert pages.get(reverse("office:partners")).status_code == 403


def test_partners_and_services_are_changed(cast: Cast, office: Pages) -> None:
    form = office.get(reverse("office:partner", args=[cast.council.pk])).page.form(button="Save")
    office.submit(form, name="City of Ashby", brand="plum")
    assert Partner.objects.get(pk=cast.council.pk).name == "City of Ashby"
    assert "is not a time zone" in office.submit(form, zone="Nowhere").page.errors[0]
    form = office.get(reverse("office:add_service", args=[cast.council.pk])).page.form(button="Save")
    office.submit(form, name="Parks", slug="parks")
    assert Service.objects.get(slug="parks").partner == cast.council
    assert len(office.submit(form, name="Parks again", slug="parks").page.errors) == 1


def test_the_trail_goes_back_a_stretch_at_a_time(cast: Cast, office: Pages) -> None:
    from sociable.people import services as people

    for number in range(60):
        people.record(
            verb=f"did thing {number:02}",
            object_kind="account",
            object_id=cast.help.pk,
            partner_id=cast.council.pk,
            now=MONDAY_10,
        )
    people.record(
        verb="did elsewhere", object_kind="account", object_id=cast.clinic.pk, partner_id=cast.trust.pk, now=MONDAY_10
    )
    first = office.get(reverse("office:trail")).page
    assert "thing 59" in first.text
    assert "thing 09" not in first.text
    assert "elsewhere" not in first.text
    older = office.get(first.links["Older"]).page
    assert "thing 09" in older.text
    assert "thing 10" not in older.text
    assert office.get(reverse("office:trail"), {"before": "x", "kind": "person"}).page.text.count("did thing") == 0


# -- Set aside -----------------------------------------------------------------------------------------------------------


def test_what_was_set_aside_is_shown_and_done_again(cast: Cast, office: Pages) -> None:
    cast.ask()
    row = DueRow.objects.filter(kind="warn").first()
    assert row is not None
    DueRow.objects.filter(pk=row.pk).update(set_aside_at=MONDAY_10, last_error="ValueError: odd", attempts=12)
    assert "ValueError: odd" in office.get(reverse("office:trouble")).page.text
    office.post(reverse("office:again", args=[row.pk]))
    row.refresh_from_db()
    assert (row.set_aside_at, row.attempts) == (None, 0)
    assert row in due.claim(timezone.now() + timedelta(seconds=1), limit=100)
    assert office.post(reverse("office:again", args=[row.pk])).status_code == 404


def test_an_unreadable_message_is_shown_downloaded_and_read_again(cast: Cast, office: Pages) -> None:
    raw = RawInbound.objects.create(
        account=cast.help, channel="email", remote_id="r", content=b"<script>alert(1)</script>\xff", size_bytes=26,
        fetched_at=MONDAY_10, state="unreadable", error="KeyError: x",
    )  # fmt: skip
    assert "KeyError: x" in office.get(reverse("office:trouble")).page.text
    shown = office.get(reverse("office:raw", args=[raw.pk]))
    assert "&lt;script&gt;" in shown.content.decode()
    file = office.get(reverse("office:download_raw", args=[raw.pk]))
    assert file.content == bytes(raw.content)
    assert file["Content-Type"] == "application/octet-stream"
    assert file["Content-Disposition"].startswith("attachment")
    office.post(reverse("office:read_again", args=[raw.pk]))
    raw.refresh_from_db()
    assert raw.state == "new"
    assert DueRow.objects.filter(kind="receive", subject_id=raw.pk, done_at=None).exists()


# -- One's own page ------------------------------------------------------------------------------------------------------


def test_shortcuts_are_off_until_switched_on_and_can_be_mapped(cast: Cast) -> None:
    pages = client_of(cast.asha)
    form = pages.get(reverse("office:me")).page.form(button="Save")
    pages.submit(form, name="Asha Khan", sign_off="All the best, Asha")
    cast.asha.refresh_from_db()
    assert (cast.asha.sign_off, cast.asha.shortcuts) == ("All the best, Asha", {})
    pages.submit(form, use_shortcuts="on", key_next="g", key_open="")
    cast.asha.refresh_from_db()
    assert cast.asha.shortcuts["next"] == "g"
    assert "open" not in cast.asha.shortcuts
    page = pages.submit(form, use_shortcuts="on", key_next="r").page
    assert "is already the key for" in page.errors[0]


def test_each_sees_the_parts_their_roles_open(cast: Cast, office: Pages) -> None:
    assert "People and roles" in office.get(reverse("office:me")).page.links
    asha = client_of(cast.asha).get(reverse("office:me")).page.links
    assert "Your own settings" in asha
    assert "People and roles" not in asha
    assert client_of(cast.olu).get(reverse("office:settings"))["Location"] == reverse("office:me")


def test_an_account_is_answered_from_another_of_its_body(cast: Cast, office: Pages) -> None:
    news = Account.objects.create(partner=cast.council, slug="news", name="Ashby News", purpose="news", stage="live")
    address = reverse("office:edit_account", args=[news.pk])
    form = office.get(address).page.form(address)
    refused = office.submit(form, answered_from=str(cast.clinic.pk))
    assert refused.page.errors
    assert office.submit(form, answered_from=str(cast.help.pk)).status_code == 302
    assert Account.objects.get(pk=news.pk).answered_from == cast.help
    assert "Answered from Ashby Help" in office.get(reverse("office:account", args=[news.pk])).page.text
    helping = reverse("office:edit_account", args=[cast.help.pk])
    circle = office.submit(office.get(helping).page.form(helping), answered_from=str(cast.books.pk))
    assert "Other accounts are answered from this one, so it must answer itself." in circle.page.errors


def test_whoever_leaves_is_taken_off_the_rota_in_the_same_step(cast: Cast, office: Pages) -> None:
    from sociable.cover.models import Shift

    soon = timezone.now() + timedelta(days=1)
    shift = Shift.objects.create(
        person=cast.asha,
        starts_at=soon,
        ends_at=soon + timedelta(hours=4),
        state="published",
        made_at=soon,
        published_at=soon,
    )
    shift.accounts.add(cast.help)
    done = office.post(reverse("office:switch_person", args=[cast.asha.pk]))
    assert "One shift of theirs is cancelled" in office.get(done["Location"]).page.text
    shift.refresh_from_db()
    assert (shift.state, shift.cancelled_reason) == ("cancelled", "Asha Khan has left")
