"""Follows docs/how-to/connect-mastodon.md as a new administrator would, in a real browser, up to the answer under the question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sociable.config.example import loading
from sociable.conversations.models import Outgoing
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.journeys import answer
from sociable.people.models import Person
from tests.browser.conftest import look
from tests.conftest import require
from tests.servers.mastodon import Mastodon, private_mastodon, token_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.servers,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


@pytest.fixture
def mastodon() -> Iterator[Mastodon]:
    with private_mastodon(require("mastodon")) as server:
        yield server


@pytest.fixture
def alex(page: Any, live_server: Any) -> Any:
    """The example's administrator, signed in."""
    loading.load(timezone.now())
    client = Client()
    client.force_login(Person.objects.get(email="alex@aireborough.example"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return page


def do(kind: str, later: timedelta = timedelta()) -> None:
    from sociable.worker.loop import JOURNEYS

    now = timezone.now() + later
    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


def test_as_a_new_administrator(alex: Any, mastodon: Mastodon) -> None:
    mastodon.post("jerry", "@help from before we were here")
    _propose(alex)
    _let_it_learn(alex)
    _connect(alex, mastodon)
    account = Account.objects.get(slug="help-on-mastodon")
    assert account.handle == f"@help@localhost:{mastodon.port}"
    do("fetch")
    assert not account.conversations.exists()  # what was there already is left out
    mastodon.post("jerry", "@help When is my bin collected?")
    alex.get_by_role("button", name="Fetch now").click()
    do("fetch")
    alex.reload()
    alex.get_by_text("Heard").first.wait_for()
    _answer_it(alex, account, mastodon)


def _propose(alex: Any) -> None:
    alex.goto("/office/accounts/")
    alex.get_by_role("link", name="Propose an account").click()
    alex.get_by_label("Partner").select_option(label="Aireborough City Council")
    alex.get_by_label("Name", exact=True).fill("Help on Mastodon")
    alex.get_by_label("Short name in addresses").fill("help-on-mastodon")
    alex.get_by_label("Where it can be asked").select_option(label="Mastodon")
    look(alex, "mastodon-propose")
    alex.get_by_role("button", name="Propose it").click()


def _let_it_learn(alex: Any) -> None:
    account = Account.objects.get(slug="help-on-mastodon")
    alex.goto(f"/office/accounts/{account.pk}/")
    alex.get_by_text("Move it to another stage").click()
    alex.get_by_label("Move it to").select_option(label="Learning, until a day")
    alex.get_by_label("Learning until").fill((timezone.localdate() + timedelta(days=60)).isoformat())
    alex.get_by_role("button", name="Move it").click()
    alex.get_by_text("Say why it is to move all the same").first.wait_for()
    look(alex, "mastodon-stage")
    alex.get_by_label("Why").fill("It is connected next")
    alex.get_by_role("button", name="Move it").click()
    alex.get_by_text("has moved. Now: Learning until").wait_for()


def _connect(alex: Any, mastodon: Mastodon) -> None:
    alex.get_by_role("link", name="Settings of the connection").click()
    look(alex, "mastodon-connection")
    alex.get_by_label("Server").fill("mastodon")
    alex.get_by_label("Access token").fill("wrong")
    alex.get_by_label("Server").fill("http://mastodon.example")
    alex.get_by_role("button", name="Try it without saving").click()
    alex.get_by_text("in the open").first.wait_for()
    look(alex, "mastodon-refused")
    alex.get_by_label("Server").fill(mastodon.url)
    alex.get_by_label("Access token").fill("wrong")
    alex.get_by_role("button", name="Try it without saving").click()
    alex.get_by_text("no longer takes the access token").first.wait_for()
    look(alex, "mastodon-token-refused")
    alex.get_by_label("Access token").fill(token_of("help"))
    alex.get_by_label("Leave out what is there already").check()
    alex.get_by_role("button", name="Try it without saving").click()
    alex.get_by_text("knows the account as @help").wait_for()
    look(alex, "mastodon-tried")
    alex.get_by_label("Access token").fill(token_of("help"))
    alex.get_by_role("button", name="Save").click()
    alex.get_by_text("One is kept and not shown").wait_for()
    assert token_of("help") not in alex.content()
    assert Connection.objects.get(account__slug="help-on-mastodon").settings == {"server": mastodon.url}


def _answer_it(alex: Any, account: Account, mastodon: Mastodon) -> None:
    conversation = account.conversations.get()
    alex.goto(reverse("desk:conversation", args=[conversation.pk]))
    alex.get_by_text("When is my bin collected?").first.wait_for()
    look(alex, "mastodon-conversation")
    answer.send(
        conversation_id=conversation.pk,
        person=Person.objects.get(email="hannah@aireborough.example"),
        text="On Friday.",
        against_version=conversation.version,
        now=timezone.now(),
        send_anyway=True,
    )
    do("deliver", timedelta(seconds=30))
    assert Outgoing.objects.get(message__conversation=conversation).state == "accepted"
    (posted,) = mastodon.statuses("help")
    assert posted["content"] == "<p>@jerry On Friday.</p>"
    told = json.loads(mastodon.ask("GET", "/api/v1/notifications", "jerry"))
    assert [each["status"]["id"] for each in told] == [posted["id"]]
    alex.goto(reverse("desk:conversation", args=[conversation.pk]))
    alex.get_by_text("On Friday.").first.wait_for()
    look(alex, "mastodon-answered")
