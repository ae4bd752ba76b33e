"""The page of a call or a visit: begun with a button, kept as it is typed, kept over a sign-in, done in one go."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.conversations.models import CallNote, Conversation, Message
from sociable.people.models import Role
from sociable.promises.models import Wait
from tests.cast import at
from tests.pages import Pages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The clock that the interfaces read; a test moves it."""

    def set_to(hour: int, minute: int = 0) -> None:
        monkeypatch.setattr(timezone, "now", lambda: at(hour, minute))

    set_to(10, 30)
    return set_to


def begin(pages: Pages, **given: Any) -> Any:
    response = pages.post(reverse("desk:begin_call"), {"channel": "phone", **given}, follow=True)
    assert response.status_code == 200
    return response


def form_of(response: Any) -> Any:
    return response.page.form(reverse("desk:call", args=[CallNote.objects.latest("pk").pk]))


def test_a_call_is_begun_typed_kept_and_promised(asha, cast, clock):
    desk = asha.get(reverse("desk:desk"))
    response = asha.submit(desk.page.form(reverse("desk:begin_call"), button="A call"), channel="phone", follow=True)
    note = CallNote.objects.get()
    assert (note.begun_at, note.channel, response.status_code) == (at(10, 30), "phone", 302)
    page = asha.get(reverse("desk:call", args=[note.pk]))
    assert page.page.h1 == "A call"
    assert "Began 10:30" in page.page.text
    assert "if you do not finish it, until 23 December." in page.page.text
    assert "We will answer by 12:30pm today" in page.content.decode()
    clock(10, 34)
    form = form_of(page)
    asha.post(reverse("desk:call_draft", args=[note.pk]), {**form.fields, "asked": "My bin", "name": "Dev"})
    assert "Dev, begun 10:30" in asha.get(reverse("desk:desk")).page.text
    again = form_of(asha.get(reverse("desk:call", args=[note.pk])))
    assert (again.fields["asked"], again.fields["name"]) == ("My bin", "Dev")
    done = asha.post(again.action, again.fields | {"account": cast.help.pk, "phone": "0113 222 4444"}, follow=True)
    assert done.page.h1 == "My bin"
    assert "Tell them: “We will answer by 12:30pm today.”" in done.page.text
    assert "Ring them on 0113 222 4444" in done.page.text
    wait = Wait.objects.get()
    assert (wait.started_at, wait.due_at) == (at(10, 30), at(12, 30))
    assert asha.get(again.action)["Location"] == reverse("desk:conversation", args=[wait.conversation_id])


def test_a_visit_answered_at_once_shows_who_was_told(asha, cast, clock):
    form = form_of(begin(asha, channel="counter"))
    clock(10, 40)
    typed = {"account": cast.help.pk, "asked": "Where is the library?", "name": "Dev Patel"}
    answered = {"outcome": "answered", "told": "In the Headrow.", "began_at": "2026-11-23T10:20"}
    done = asha.post(form.action, form.fields | typed | answered, follow=True)
    assert "Noted, and answered" in done.page.text
    assert "Told Dev Patel" in done.page.text
    wait = Wait.objects.get()
    assert (wait.started_at, wait.ended_at) == (at(10, 20), at(10, 40))
    assert Conversation.objects.get().state == "closed"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"phone": "12"}, "This is not a phone number"),
        ({"email": "dev"}, "This is not an email address"),
        ({"began_at": "2026-11-23T10:31"}, "still to come"),
        ({"began_at": "2026-11-10T10:00"}, "more than 7 days ago"),
        ({"began_at": "soon"}, "Give a day and a time"),
        ({"told_at": "2026-11-23T10:00", "told": "Yes", "outcome": "answered"}, "before it began"),
        ({"account": ""}, "Choose the account"),
        ({"asked": ""}, "Write down what they asked"),
        ({"outcome": "answered"}, "Write down what you told them"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(asha, cast, typed, sentence):
    form = form_of(begin(asha))
    given = form.fields | {"account": cast.help.pk, "asked": "My bin", "name": "Dev"} | typed
    response = asha.post(form.action, given)
    assert response.status_code == 409
    assert any(sentence in one for one in response.page.errors), response.page.errors
    assert form_of(response).fields["name"] == "Dev"
    assert CallNote.objects.get().typed["name"] == "Dev"
    assert not Message.objects.exists()


def test_nothing_is_lost_when_the_sign_in_runs_out(asha, cast):
    form = form_of(begin(asha))
    gone = Pages()
    typed = form.fields | {"account": str(cast.help.pk), "asked": "My bin is full"}
    assert gone.post(reverse("desk:call_draft", args=[CallNote.objects.get().pk]), typed).status_code == 401
    response = gone.post(form.action, typed)
    assert response["Location"] == f"{reverse('account_login')}?next={form.action}"
    gone.force_login(cast.asha)
    page = gone.get(form.action)
    assert "Nothing was lost" in page.page.text
    assert form_of(page).fields["asked"] == "My bin is full"
    assert not Message.objects.exists()


def test_a_note_is_its_writers_alone_and_can_be_thrown_away(asha, cast):
    form = form_of(begin(asha))
    other = Pages()
    other.force_login(cast.lee)
    assert other.get(form.action).status_code == 404
    throw = reverse("desk:call_throw_away", args=[CallNote.objects.get().pk])
    assert other.post(throw).status_code == 404
    assert asha.post(throw, follow=True).status_code == 200
    assert not CallNote.objects.exists()


def test_a_conversation_by_email_is_answered_by_phone(asha, cast, clock):
    asked = cast.mail().conversation
    page = asha.get(reverse("desk:conversation", args=[asked.pk]))
    button = page.page.form(reverse("desk:begin_call"), button="Answered by phone")
    asha.submit(button, channel="phone")
    form = form_of(asha.get(reverse("desk:call", args=[CallNote.objects.get().pk])))
    assert (form.fields["outcome"], form.fields["name"]) == (["answered"], "Dev Patel")
    cast.mail("Hello?", when=at(10, 31), In_Reply_To=asked.messages.get().message_id)
    clock(10, 35)
    first = asha.post(form.action, form.fields | {"told": "On Thursday."})
    assert first.status_code == 409
    assert "Something was said here while you spoke" in first.page.text
    assert "Hello?" in first.page.text
    form = form_of(first)
    done = asha.post(form.action, form.fields, follow=True)
    assert "Told Dev Patel" in done.page.text
    assert Wait.objects.get().ended_at == at(10, 35)
    mistaken = done.page.form(reverse("desk:no_answer", args=[Message.objects.get(direction="out").pk]))
    back = asha.post(mistaken.action, mistaken.fields, follow=True)
    assert "It is a note now" in back.page.text
    assert Wait.objects.get().is_open
    assert "Only what was logged as said aloud" in asha.post(mistaken.action, follow=True).page.text


def test_who_may_not_answer_is_offered_no_answer(asha, cast):
    Role.objects.create(person=cast.olu, kind="communications", partner=cast.council)
    olu = Pages()
    olu.force_login(cast.olu)
    asked = cast.mail().conversation
    page = olu.get(reverse("desk:conversation", args=[asked.pk]))
    assert "Answered by phone" not in page.page.text
    form = form_of(begin(olu))
    typed = {"account": cast.help.pk, "asked": "My bin", "outcome": "answered", "told": "Thursday"}
    assert olu.post(form.action, form.fields | typed).status_code == 403
    assert CallNote.objects.get().typed["told"] == "Thursday"


def test_nobody_without_an_account_begins_a_note(cast):
    nobody = Pages()
    nobody.force_login(cast.olu)
    assert nobody.post(reverse("desk:begin_call"), {"channel": "phone"}).status_code == 403
    assert "A visit" not in nobody.get(reverse("desk:desk")).page.text


def test_a_message_from_elsewhere_is_pasted_with_its_own_time(asha, cast, clock):
    desk = asha.get(reverse("desk:desk"))
    button = desk.page.form(reverse("desk:begin_call"), button="Paste")
    asha.submit(button, channel="elsewhere")
    form = form_of(asha.get(reverse("desk:call", args=[CallNote.objects.get().pk])))
    typed = {"account": cast.help.pk, "asked": "Bins?", "network": "Nextdoor", "sender": "@Dev", "name": "Dev Patel"}
    first = asha.post(form.action, form.fields | typed)
    assert first.page.errors == ["Give the time at which they wrote it: its clock runs from there."]
    answered = {"began_at": "2026-11-12T09:15", "outcome": "answered", "told": "On Thursday."}
    done = asha.post(form.action, form_of(first).fields | answered, follow=True)
    message = Message.objects.get(direction="in")
    assert (message.channel, message.sent_at, message.from_address) == ("elsewhere", at(9, 15, day=12), "nextdoor:dev")
    wait = Wait.objects.get()
    assert (wait.started_at, wait.ended_at, wait.acknowledged_at) == (at(9, 15, day=12), at(10, 30), at(10, 30))
    assert "Told Dev Patel" in done.page.text


def test_who_gave_nothing_has_no_address_and_what_they_gave_is_no_proof(asha, cast):
    form = form_of(begin(asha))
    typed = {"account": cast.help.pk, "asked": "Hello?", "email": "dev@example.org"}
    page = asha.post(form.action, form.fields | typed, follow=True).page
    assert "They gave dev@example.org for answers; that it is theirs nobody has shown." in page.text
    assert "phone:" not in page.text
    prove = next(address for words, address in page.links.items() if words.startswith("Prove it with a code"))
    assert 'value="dev@example.org"' in asha.get(prove).content.decode()
    conversation = Conversation.objects.get()
    about = begin(asha, about=str(conversation.pk)).page.text
    assert "Their number" not in about
    assert "Notes you have begun" in asha.get(reverse("desk:my_day")).page.text
