"""The box stops an answer from the wrong account, offers the right one with one press, and loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from sociable.conversations.models import Conversation, Draft, Message
from sociable.people.models import Role
from sociable.promises.models import Wait
from tests.cast import at
from tests.channels.conftest import installed, pebble  # noqa: F401 - fixtures
from tests.journeys.test_purposes import news, on_pebble, tell  # noqa: F401 - fixtures
from tests.pages import Pages

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_half_past_ten")]


def box(pages: Pages, conversation: Conversation) -> Any:
    page = pages.get(reverse("desk:conversation", args=[conversation.pk])).page
    return page, page.form(reverse("desk:compose", args=[conversation.pk]))


def test_one_press_answers_from_the_right_account(asha, cast, news):  # noqa: F811
    asked = cast.mail(account=news)
    page, form = box(asha, asked.conversation)
    assert "They wrote to Ashby News, which does not answer: it is answered from Ashby Help." in page.text
    assert "Answered from Ashby Help" in page.text
    assert "Send from Ashby Help" in form.buttons
    done = asha.submit(form, text="On Thursday.")
    assert done.status_code == 302
    said = Message.objects.get(direction="out")
    assert said.sent_from == cast.help
    assert "Sent from Ashby Help" in asha.get(done["Location"]).page.text


def test_a_page_from_before_is_stopped_and_nothing_is_lost(asha, cast, news):  # noqa: F811
    asked = cast.mail(account=news)
    _, form = box(asha, asked.conversation)
    stopped = asha.submit(form, text="On Thursday.", **{"from": None})
    assert stopped.status_code == 409
    assert "Ashby News does not answer" in stopped.page.text
    again = stopped.page.form(reverse("desk:compose", args=[asked.conversation_id]))
    assert again.fields["text"] == "On Thursday."
    assert not Message.objects.filter(direction="out").exists()
    assert asha.submit(again).status_code == 302
    assert Message.objects.get(direction="out").sent_from == cast.help


def test_whoever_holds_it_may_go_on_with_a_reason_that_is_asked_for(asha, cast, news):  # noqa: F811
    asked = cast.mail(account=news)
    _, form = box(asha, asked.conversation)
    stopped = asha.submit(form, text="Yes, it is true.", **{"from": str(news.pk)})
    assert stopped.status_code == 409
    assert "Say why this must leave from Ashby News" in stopped.page.text
    again = stopped.page.form(reverse("desk:compose", args=[asked.conversation_id]))
    assert "Send from Ashby News" in again.buttons
    done = asha.submit(again, **{"from": str(news.pk), "from-reason": "It is about the news."})
    assert done.status_code == 302
    assert "It is about the news." in asha.get(done["Location"]).page.text


def test_who_answers_only_the_help_is_not_offered_the_news(cast, news):  # noqa: F811
    Role.objects.create(person=cast.olu, kind="answerer", partner=cast.council, account=cast.help)
    olu = Pages()
    olu.force_login(cast.olu)
    asked = cast.mail(account=news)
    _, form = box(olu, asked.conversation)
    assert "Send from Ashby News" not in form.buttons
    refused = olu.submit(form, text="Yes", **{"from": str(news.pk), "from-reason": "Because"})
    assert refused.status_code == 403


def test_where_it_cannot_be_said_it_goes_there_with_the_words(asha, cast, on_pebble):  # noqa: F811
    asked = tell(on_pebble, id="1", text="Bins?", private=True)
    page, form = box(asha, asked.conversation)
    assert "Ashby Help cannot answer where they asked" in page.text
    stopped = asha.submit(form, text="On Thursday.")
    assert stopped.status_code == 409
    conversation = Conversation.objects.get()
    assert conversation.account == cast.help
    assert Wait.objects.get().started_at == at(10)
    assert Draft.objects.get().text == "On Thursday."
    again = stopped.page.form(reverse("desk:compose", args=[conversation.pk]))
    done = asha.submit(again, way="email", email="dev@example.org")
    assert done.status_code == 302
    assert Message.objects.get(direction="out").channel == "email"


def test_who_may_not_see_where_it_goes_is_told_that_it_went(cast, on_pebble):  # noqa: F811
    Role.objects.create(person=cast.olu, kind="answerer", partner=cast.council, account=on_pebble)
    asked = tell(on_pebble, id="1", text="Bins?", private=True)
    olu = Pages()
    olu.force_login(cast.olu)
    _, form = box(olu, asked.conversation)
    assert olu.submit(form, text="Yes").status_code == 409  # stopped: nobody else's account was chosen
    gone = olu.submit(form, text="Say yes.", **{"from": str(cast.help.pk)})
    assert "Your words are a note" in olu.get(gone["Location"]).page.text
    assert Message.objects.get(direction="note").text == "Say yes."
    assert Conversation.objects.get().account == cast.help
