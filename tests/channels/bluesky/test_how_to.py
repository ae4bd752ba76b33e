"""The how-to, followed step by step by an administrator on checked pages, against Bluesky's own servers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.conversations.models import Message
from sociable.directory.models import Account, Connection
from sociable.people.models import Person as Staff
from sociable.people.models import Role
from tests.cast import Cast
from tests.channels.bluesky.test_journey import fetched
from tests.pages import Pages
from tests.servers.bluesky import Bluesky, Person
from tests.servers.bluesky_chat import Chat

pytestmark = [pytest.mark.servers, pytest.mark.django_db]


@pytest.fixture
def office(cast: Cast) -> Pages:
    dana = Staff.objects.create_user("dana@staff.example.org", "a long enough password", name="Dana Fox")
    Role.objects.create(person=dana, kind="administrator", partner=cast.council)
    pages = Pages()
    pages.force_login(dana)
    return pages


def test_an_account_is_connected_and_asked(
    bluesky: Bluesky, council: Person, jerry: Person, chat: Chat, cast: Cast, office: Pages
) -> None:
    form = office.get(reverse("office:add_account")).page.form(button="Propose it")
    proposed = office.submit(
        form, partner=str(cast.council.pk), name="Ashby on Bluesky", slug="bluesky", channel="bluesky"
    )
    assert proposed.status_code == 302
    account = Account.objects.get(slug="bluesky")
    form = office.get(reverse("office:account", args=[account.pk])).page.form(button="Move it")
    soon = timezone.localdate() + timedelta(days=60)
    office.submit(form, to="learning", learning_until_on=soon.isoformat(), reason="Connected and stated next")
    account.refresh_from_db()
    assert account.stage == "learning"
    connection = reverse("office:connection", args=[account.pk])
    assert connection in office.get(reverse("office:account", args=[account.pk])).page.links.values()

    given = {
        "handle": f"@{council.handle}",
        "app_password": council.app_password(),
        "direct_messages": "on",
        "server": council.home,
        "chat_service": bluesky.chat,
    }
    form = office.get(connection).page.form(button="Save")
    tried = office.submit(form, **given, **{"try": "yes"}).page
    assert f"Posts to {council.handle} can be fetched and answered." in tried.text
    assert "does not allow direct messages. Make one that does, or switch them off." in tried.text
    assert not Connection.objects.filter(account=account).exists(), "it was only tried"

    given["app_password"] = council.app_password(direct_messages=True)
    form = office.get(connection).page.form(button="Save")
    tried = office.submit(form, **given, **{"try": "yes"}).page
    assert f"Direct messages to {council.handle} can be fetched and answered." in tried.text
    assert office.submit(form, **given, only_new="on", save="yes")["Location"] == connection
    account.refresh_from_db()
    assert (account.handle, account.link) == (f"@{council.handle}", f"https://bsky.app/profile/{council.handle}")

    jerry.post(f"@{council.handle} When is my bin collected?", mentions=[council])
    jerry.say(council, "And in private?")
    assert {message.visibility for message in fetched(bluesky)} == {"public", "private"}
    assert "Heard" in office.get(connection).page.text


def test_what_was_typed_wrong_is_said_and_nothing_typed_is_lost(council: Person, cast: Cast, office: Pages) -> None:
    Account.objects.filter(pk=cast.help.pk).update(channel="bluesky", address="")
    connection = reverse("office:connection", args=[cast.help.pk])
    form = office.get(connection).page.form(button="Save")
    page = office.submit(form, handle="not a handle", app_password="x", server="http://pds.example", save="yes").page
    assert any("full handle" in error for error in page.errors)
    assert any("must begin with https" in error for error in page.errors)
    assert page.form(button="Save").fields["server"] == "http://pds.example"
    page = office.submit(form, handle=council.handle, app_password="wrong", server=council.home, save="yes").page
    assert any("do not belong together" in error for error in page.errors)
    assert not Connection.objects.filter(account=cast.help).exists()
    assert not Message.objects.exists()
