"""An answer and a note are written, kept, refused with every word, sent and undone from the page of a conversation."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sociable.conversations.models import (
    Conversation,
    Draft,
    Mention,
    Message,
    SavedAnswer,
)
from sociable.directory.models import Account
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.chatting import begin, say, takes_chat
from tests.desk.conftest import fresh, page_of
from tests.pages import Pages

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_half_past_ten")]


def composer(client: Pages, conversation: Conversation, query: str = "") -> Any:
    return client.get(page_of(conversation) + query).page.form("/compose/")


def test_an_answer_leaves_with_its_sign_off_and_can_be_undone(asha, cast):
    cast.asha.sign_off = "Asha at the council"
    cast.asha.save()
    conversation = cast.ask().conversation
    form = composer(asha, conversation)
    assert form.fields["text"].strip() == "Asha at the council"
    assert form.fields["version"] == "1"
    response = asha.submit(form, text="On Thursday.\r\n\r\nAsha at the council")
    assert response.url == page_of(conversation)
    message = Message.objects.get(direction="out")
    assert message.text == "On Thursday.\n\nAsha at the council"
    page = asha.get(page_of(conversation)).page
    assert "Your answer to Dev Patel leaves in a moment." in page.text
    asha.submit(page.form("/undo/"))
    assert composer(asha, conversation).fields["text"] == "On Thursday.\n\nAsha at the council"
    again = asha.post(reverse("desk:undo", args=[message.pk]), follow=True)
    assert "cannot be taken back" in again.page.text


@pytest.mark.parametrize("text", ["", "   ", "\n\nBest, Asha"])
def test_an_empty_answer_is_refused_beside_the_box(asha, cast, text):
    cast.asha.sign_off = "Best, Asha"
    cast.asha.save()
    response = asha.submit(composer(asha, cast.ask().conversation), text=text)
    assert response.status_code == 409
    assert "Write your answer first." in response.page.text
    assert not Message.objects.filter(direction="out").exists()


def test_something_newer_is_shown_and_nothing_is_lost(asha, cast):
    first = cast.mail()
    form = composer(asha, first.conversation)
    cast.mail("It is the green one, by the gate.", when=at(10, 20), In_Reply_To=first.message_id)
    file = SimpleUploadedFile("plan.txt", b"the plan", "text/plain")
    held = asha.post(form.action, form.fields | {"text": "The black one goes Thursday.", "files": file})
    assert held.status_code == 409
    assert "Dev Patel wrote 10 minutes ago. Send yours anyway?" in held.page.text
    assert "It is the green one, by the gate." in held.page.text
    again = held.page.form("/compose/")
    assert again.fields["text"] == "The black one goes Thursday."
    assert "Send anyway" in again.buttons
    assert Draft.objects.get().text == "The black one goes Thursday."
    assert asha.submit(again).status_code == 302
    sent = Message.objects.get(direction="out")
    assert [(one.name, one.size_bytes) for one in sent.attachments.all()] == [("plan.txt", 8)]
    assert not Draft.objects.exists()


def test_a_kept_file_is_taken_only_by_our_own_mark(asha, cast):
    form = composer(asha, cast.ask().conversation)
    asha.submit(form, text="Here", kept="../../../secret_key")
    assert Message.objects.get(direction="out").attachments.count() == 0


def test_too_large_files_are_refused_and_the_words_kept(asha, cast, settings):
    settings.ATTACHMENT_LIMIT_BYTES = 10
    form = composer(asha, cast.ask().conversation)
    held = asha.post(
        form.action, form.fields | {"text": "Here is the plan", "files": SimpleUploadedFile("plan.txt", b"x" * 11)}
    )
    assert (held.status_code, Draft.objects.get().text) == (409, "Here is the plan")
    assert "Choose fewer or smaller ones" in held.page.text


def test_an_answer_in_a_chat_reads_of_what_was_said_only_where_it_goes(asha, cast):
    takes_chat(cast.help)
    conversation = say(begin(cast.help), "When is my bin collected?").conversation
    form = composer(asha, conversation)
    with CaptureQueriesContext(connection) as asked:
        assert asha.submit(form, text="On Thursday").url == page_of(conversation)
    said = [one["sql"] for one in asked.captured_queries if one["sql"].startswith("SELECT")]
    assert not any(' "conversations_message"."text"' in sql or '"people_service"' in sql for sql in said)
    for_the_page, held_still = (sql for sql in said if '"directory_account"."slug"' in sql)
    assert '"people_partner"' not in for_the_page
    assert '"conversations_contact"' not in held_still


def test_whoever_sees_a_request_answered_from_their_own_account_answers_it(asha, cast):
    other = Account.objects.create(
        partner=cast.council, slug="bins", name="Bins", stage="live", answered_from=cast.help
    )
    conversation = cast.ask(account=other).conversation
    assert asha.submit(composer(asha, conversation), text="On Thursday").url == page_of(conversation)
    assert Message.objects.get(text="On Thursday").conversation == conversation


def test_send_and_close_and_send_and_take_the_next(asha, cast):
    first = cast.ask().conversation
    second = cast.ask("Hedge", name="Ann", email="ann@example.org", when=at(10, 5)).conversation
    response = asha.submit(composer(asha, first), text="Thursday", close="yes")
    assert fresh(first).state == "closed"
    response = asha.submit(composer(asha, second), text="Soon", next="yes")
    assert response.url == reverse("desk:desk")  # nobody else waits
    third = cast.ask("Pothole", name="Bob", email="bob@example.org", when=at(10, 6)).conversation
    assert asha.submit(composer(asha, second), text="Sooner", next="yes").url == page_of(third)
    assert fresh(third).held_by == cast.asha


def test_it_only_says_we_have_it(asha, cast):
    asha.submit(composer(asha, cast.ask().conversation), text="We have it", acknowledges="yes")
    assert Wait.objects.get().is_open
    assert Message.objects.get(direction="out").acknowledges


def test_a_note_is_for_staff_and_offers_names(asha, cast):
    conversation = cast.ask().conversation
    page = asha.get(page_of(conversation) + "?write=note").page
    assert "@Lee.Ward" in page.text
    response = asha.submit(page.form("/compose/"), text="@Lee.Ward what now?")
    assert response.url.endswith("?write=note")
    assert Mention.objects.get().person == cast.lee
    assert "Note: only staff see this" in asha.get(page_of(conversation)).page.text


def test_who_may_only_note_gets_no_answer_box(pages, cast):
    from sociable.people.models import Person, Role

    champion = Person.objects.create_user("chi@staff.example.org", "x", name="Chi Obi")
    Role.objects.create(person=champion, kind="champion", partner=cast.council)
    pages.force_login(champion)
    form = composer(pages, cast.ask().conversation)
    assert (form.fields["kind"], form.buttons[-1]) == ("note", "Keep note")
    assert pages.post(form.action, form.fields | {"kind": "answer", "text": "Hello"}).status_code == 403


def test_a_draft_is_kept_while_typing_and_there_on_return(asha, cast):
    conversation = cast.ask().conversation
    address = reverse("desk:draft", args=[conversation.pk])
    assert asha.post(address, {"kind": "answer", "text": "Half a sen", "version": "1"}).content == b"Draft kept"
    assert composer(asha, conversation).fields["text"] == "Half a sen"
    assert "Draft kept 10:30" in asha.get(page_of(conversation)).page.text
    asha.logout()
    assert asha.post(address, {"kind": "answer", "text": "Half a sentence", "version": "1"}).status_code == 401
    assert Draft.objects.get().text == "Half a sen"


def test_a_draft_with_a_character_no_database_keeps_is_kept_without_it(asha, cast):
    conversation = cast.ask().conversation
    draft = reverse("desk:draft", args=[conversation.pk])
    assert asha.post(draft, {"text": "On\x00 Thursday", "version": "1"}).status_code == 200
    assert composer(asha, conversation).fields["text"] == "On Thursday"


def test_a_draft_begun_before_more_was_said_says_so(asha, cast):
    first = cast.mail()
    asha.post(reverse("desk:draft", args=[first.conversation_id]), {"kind": "answer", "text": "Half", "version": "1"})
    cast.mail("More", when=at(10, 20), In_Reply_To=first.message_id)
    assert "More was said since you began this draft" in asha.get(page_of(first.conversation)).page.text


def test_a_draft_that_was_on_its_way_when_it_was_sent_does_not_come_back(asha, cast):
    conversation = cast.ask().conversation
    asha.submit(composer(asha, conversation), text="On Thursday.")
    asha.post(
        reverse("desk:draft", args=[conversation.pk]), {"kind": "answer", "text": "On Thursday.\r\n", "version": "1"}
    )
    assert not Draft.objects.exists()


def test_sent_after_the_sign_in_ran_out_the_words_are_a_draft_after_signing_in(asha, cast):
    conversation = cast.ask().conversation
    form = composer(asha, conversation)
    session = asha.session
    session.flush()
    asha.cookies.clear()
    response = asha.submit(form, text="Long and careful words")
    assert response.url.startswith("/sign-in/")
    written = asha.session["unsent"]
    asha.force_login(cast.asha)
    session = asha.session
    session["unsent"] = written
    session.save()
    page = asha.get(page_of(conversation)).page
    assert "Nothing was sent; your words are in the box below." in page.text
    assert page.form("/compose/").fields["text"] == "Long and careful words"
    assert not Message.objects.filter(direction="out").exists()


def test_a_saved_answer_is_a_start_and_never_a_send(asha, cast):
    cast.asha.sign_off = "Asha"
    cast.asha.save()
    conversation = cast.ask().conversation
    saved = SavedAnswer.objects.create(partner=cast.council, title="Bins", text="Bins go out on Thursday.")
    other = SavedAnswer.objects.create(partner=cast.trust, title="Clinic", text="Ring the clinic.")
    elsewhere = SavedAnswer.objects.create(partner=cast.council, account=cast.books, title="Books", text="Bring them.")
    page = asha.get(page_of(conversation)).page
    assert ("Bins" in page.text, "Clinic" in page.text) == (True, False)
    insert = reverse("desk:insert", args=[conversation.pk])
    asha.post(insert, {"saved": saved.pk, "text": "\n\nAsha", "version": "1"})
    assert composer(asha, conversation).fields["text"] == "Bins go out on Thursday.\n\nAsha"
    assert not Message.objects.filter(direction="out").exists()
    for not_here in (other, elsewhere):
        assert asha.post(insert, {"saved": not_here.pk, "text": "x", "version": "1"}).status_code == 404


def test_the_composer_says_who_gets_it_where_somebody_else_wrote_last(cast: Cast, asha: Pages) -> None:
    first = cast.mail("Is my benefit paid?", Message_ID="<asked@example.org>")
    cast.mail(
        "I should like to know too", sender="Neighbour <neighbour@example.org>", when=at(10, 20),
        Message_ID="<copied@example.org>", In_Reply_To="<asked@example.org>",
    )  # fmt: skip
    shown = asha.get(page_of(first.conversation)).content.decode()
    assert (
        "Email to dev@example.org, who asked. Neighbour wrote last, from neighbour@example.org, and does not get it."
        in shown
    )
