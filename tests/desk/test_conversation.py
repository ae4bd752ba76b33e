"""The conversation's page and all its buttons: one thing that works and one refusal each."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sociable.conversations import presence
from sociable.conversations.models import (
    Attachment,
    Attempt,
    Contact,
    Conversation,
    Draft,
    Identity,
    Mention,
    Message,
    OpenTab,
    Outgoing,
    Presence,
    RawInbound,
    Receipt,
    SavedAnswer,
    Share,
)
from sociable.desk import attachments
from sociable.journeys import answer, claim
from sociable.people.models import AuditEvent
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.pages import Pages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_half_past_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that the interfaces read."""
    monkeypatch.setattr(timezone, "now", lambda: at(10, 30))


@pytest.fixture
def asha(pages: Pages, cast: Cast) -> Pages:
    pages.force_login(cast.asha)
    return pages


def page_of(conversation: Conversation) -> str:
    return reverse("desk:conversation", args=[conversation.pk])


def act(conversation: Conversation, name: str) -> str:
    return reverse("desk:act", args=[conversation.pk, name])


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


# -- The page ------------------------------------------------------------------------------------------------------------


def test_it_says_who_where_and_explains_the_clock(asha, cast):
    response = asha.get(page_of(cast.ask().conversation))
    text = response.page.text
    assert response.page.h1 == "My bin"
    assert "Dev Patel" in text
    assert "Answer by 12:00" in text
    assert "1 hour 30 minutes of open time left" in text
    assert "Arrived Mon 10:00" in text
    assert "due Mon 12:00" in text
    assert "Waiting 30 minutes of open time, 30 minutes by the clock." in text
    assert "25% of its promised time used" in text
    assert "stated from 1 January 2026: “We answer within 2 hours of our opening hours.”" in text
    assert "Monday to Friday, 9am to 5pm, closed on bank holidays." in text


def test_it_stands_for_nobody_else(pages, cast):
    conversation = cast.ask().conversation
    message = conversation.messages.get()
    addresses = [
        page_of(conversation),
        reverse("desk:conversation_changes", args=[conversation.pk]),
        act(conversation, "close"),
        reverse("desk:message_text", args=[message.pk]),
        reverse("desk:message_formatted", args=[message.pk]),
        reverse("desk:raw", args=[RawInbound.objects.get().pk]),
    ]
    posts = [
        reverse(f"desk:{name}", args=[conversation.pk]) for name in ("conversation_here", "compose", "draft", "insert")
    ] + [reverse(f"desk:{name}", args=[message.pk]) for name in ("split", "undo", "send_again")]
    for address in addresses:
        assert pages.get(address).status_code == 302, address
    for outsider in (cast.cara, cast.ben, cast.olu):
        pages.force_login(outsider)
        for address in addresses:
            assert pages.get(address).status_code == 404, address
        for address in posts:
            assert pages.post(address).status_code == 404, address


def test_opening_it_claims_nothing_keeps_a_tab_and_sees_mentions(asha, cast):
    conversation = cast.ask().conversation
    answer.note(conversation_id=conversation.pk, person=cast.lee, text="@Asha?", now=at(10, 20))
    asha.get(page_of(conversation))
    assert fresh(conversation).held_by is None
    assert OpenTab.objects.get().person == cast.asha
    assert Mention.objects.get().seen_at == at(10, 30)


def test_a_merged_one_leads_to_the_living_one(asha, cast):
    into, other = cast.ask().conversation, cast.ask("And?", when=at(10, 10)).conversation
    asha.post(act(other, "merge"), {"into": into.pk})
    assert asha.get(page_of(other)).url == page_of(into)


def test_what_was_done_and_what_ended_stands_in_the_history(asha, cast):
    conversation = cast.ask().conversation
    asha.post(act(conversation, "close"), {"reason": "They rang and withdrew it"})
    text = asha.get(page_of(conversation)).page.text
    assert "Closed without an answer by Asha Khan" in text
    assert "Closed without an answer after 30 minutes" in text
    assert "Promise not kept. They rang and withdrew it" in text


def test_the_marks_of_a_message_stand_on_it(asha, cast):
    first = cast.mail()
    reply = cast.mail("Thanks\n\nOn Mon someone wrote:\n> old words", when=at(10, 10), In_Reply_To=first.message_id)
    Message.objects.filter(pk=reply.pk).update(problems=["It had no date."], suspected_why="Filled in within a second")
    page = asha.get(page_of(first.conversation)).page
    assert "It had no date." in page.text
    assert "Filled in within a second" in page.text
    assert "It answers a message of this conversation" in page.text
    assert "Earlier text they quoted" in page.text
    assert page.form("/split/").method == "post"


def test_delivery_says_what_happened_and_lists_every_try(asha, cast):
    conversation = cast.ask().conversation
    message = answer.send(
        conversation_id=conversation.pk, person=cast.asha, text="Thursday", against_version=1, now=at(10, 5)
    )
    outgoing = message.outgoing
    Attempt.objects.create(outgoing=outgoing, at=at(10, 6), result="failed", detail="The server did not answer")
    Attempt.objects.create(outgoing=outgoing, at=at(10, 8), result="failed", detail="No such mailbox")
    Outgoing.objects.filter(pk=outgoing.pk).update(state="failed", detail="No such mailbox")
    page = asha.get(page_of(conversation)).page
    for words in ("Not sent", "The server did not answer", "Try 2", "No such mailbox"):
        assert words in page.text
    asha.submit(page.form("/again/"))
    assert Outgoing.objects.get().state == "queued"
    refused = asha.post(reverse("desk:send_again", args=[message.pk]), follow=True)
    assert "nothing to send again" in refused.page.text


def test_it_takes_few_queries_however_much_was_said(asha, cast, django_assert_max_num_queries):
    first = cast.mail()
    conversation = first.conversation
    for number in range(30):
        cast.mail(f"And {number}", when=at(10, number % 29), In_Reply_To=first.message_id)
    answer.send(conversation_id=conversation.pk, person=cast.asha, text="Yes", against_version=31, now=at(10, 29))
    asha.get(page_of(conversation))
    with django_assert_max_num_queries(61):
        asha.get(page_of(conversation))
    with django_assert_max_num_queries(27):
        asha.get(reverse("desk:conversation_changes", args=[conversation.pk]), headers={"X-Part": "true"})


def test_very_long_quotes_wait_behind_a_link(asha, cast):
    message = cast.mail("Short answer\n\nOn Mon someone wrote:\n" + "> all the earlier words\n" * 20_000)
    response = asha.get(page_of(message.conversation))
    assert len(response.content) < 100_000
    assert "Earlier text they quoted (" in response.page.text
    assert asha.get(reverse("desk:message_text", args=[message.pk])).content.count(b"all the earlier words") == 20_000


def test_only_the_newest_of_very_many_are_shown_at_first(asha, cast, monkeypatch):
    monkeypatch.setattr("sociable.desk.conversation_words.NEWEST", 2)
    first = cast.mail("Word number 0")
    for number in (1, 2, 3):
        cast.mail(f"Word number {number}", when=at(10, number), In_Reply_To=first.message_id)
    some = asha.get(page_of(first.conversation)).page.text
    assert "Show 2 earlier messages" in some
    assert ("Word number 3" in some, "Word number 1" in some) == (True, False)
    assert "Word number 0" in asha.get(page_of(first.conversation) + "?all").page.text


def test_changes_bring_the_messages_only_when_there_are_new_ones(asha, cast):
    first = cast.mail()
    address = reverse("desk:conversation_changes", args=[first.conversation_id])
    stamp = re.search(r"seen=(\w+)", asha.get(address, headers={"X-Part": "true"}).content.decode())[1]
    assert b"conversation-thread" not in asha.get(f"{address}?seen={stamp}", headers={"X-Part": "true"}).content
    cast.mail("More", when=at(10, 10), In_Reply_To=first.message_id)
    assert b"conversation-thread" in asha.get(f"{address}?seen={stamp}", headers={"X-Part": "true"}).content


# -- What a stranger sent ---------------------------------------------------------------------------------------------------


def test_formatted_it_stands_in_a_frame_that_can_run_and_fetch_nothing(asha, cast):
    html = '<p onclick="x()">Hello <b>there</b></p><script>steal()</script><img alt="" src="https://spy.example.org/a.png">'
    message = cast.mail(html=html)
    assert "As they formatted it" in asha.get(page_of(message.conversation)).page.text
    response = asha.get(reverse("desk:message_formatted", args=[message.pk]))
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "script-src" not in policy
    assert "img-src data:;" in policy + ";"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert b"<b>there</b>" in response.content
    assert b"steal" not in response.content
    assert b"1 picture from other sites held back" in response.content


def test_pictures_from_elsewhere_come_only_when_asked_for(asha, cast):
    message = cast.mail(html='<p>x</p><img src="https://spy.example.org/a.png">')
    plain = Client()  # the page shows another site's picture, and our own pages never do
    plain.force_login(cast.asha)
    shown = plain.get(reverse("desk:message_formatted", args=[message.pk]) + "?pictures")
    assert b'src="https://spy.example.org/a.png"' in shown.content
    assert "img-src data: https: http:" in shown["Content-Security-Policy"]


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60


def _with_file(cast: Cast, name: str, content: bytes) -> Any:
    from email.message import EmailMessage

    from sociable.channels.base import RawItem
    from sociable.journeys import receive

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        "dev@example.org",
        cast.help.address,
        "A file",
        f"<{name}@example.org>",
    )
    mail.set_content("Here")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return receive.read_all(
        receive.store(cast.help, "email", [RawItem(name, mail.as_bytes(), at(10), "")], fetched_at=at(10)), at(10)
    )[0]


def test_a_picture_named_very_often_does_not_fill_the_memory(asha, cast, monkeypatch):
    message = _with_file(cast, "a.png", PNG)
    message.attachments.update(content_id="a")
    Message.objects.filter(pk=message.pk).update(html='<img alt="" src="cid:a">' * 100)
    monkeypatch.setattr(attachments, "MOST_INLINE_BYTES", 3 * len(PNG))
    shown = asha.get(reverse("desk:message_formatted", args=[message.pk]))
    assert shown.content.count(b"data:image/png;base64,") == 3


def test_a_draft_with_a_character_no_database_keeps_is_kept_without_it(asha, cast):
    conversation = cast.ask().conversation
    draft = reverse("desk:draft", args=[conversation.pk])
    assert asha.post(draft, {"text": "On\x00 Thursday", "version": "1"}).status_code == 200
    assert composer(asha, conversation).fields["text"] == "On Thursday"


def test_a_file_is_downloaded_and_can_do_nothing(asha, cast):
    one = _with_file(cast, "page.html", b"<html><script>steal()</script></html>").attachments.get()
    response = asha.get(reverse("desk:attachment", args=[one.pk]) + "?inline")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert b"".join(response.streaming_content) == b"<html><script>steal()</script></html>"


def test_a_plain_picture_may_be_looked_at_by_those_who_see_the_conversation(asha, cast):
    one = _with_file(cast, "bin.png", PNG).attachments.get()
    shown = asha.get(reverse("desk:attachment", args=[one.pk]) + "?inline")
    assert (shown["Content-Type"], shown["Content-Disposition"].split(";")[0]) == ("image/png", "inline")
    assert b"".join(shown.streaming_content) == PNG
    kept = asha.get(reverse("desk:attachment", args=[one.pk]))
    assert kept["Content-Disposition"].startswith("attachment")
    assert b"".join(kept.streaming_content) == PNG
    asha.force_login(cast.cara)
    assert asha.get(reverse("desk:attachment", args=[one.pk])).status_code == 404


def test_it_can_be_had_as_it_arrived(asha, cast):
    message = cast.mail("Byte for byte")
    raw = RawInbound.objects.get()
    response = asha.get(reverse("desk:raw", args=[raw.pk]))
    assert response.content == bytes(raw.content)
    assert response["Content-Disposition"] == f'attachment; filename="message-{message.pk}.eml"'


# -- The composer -----------------------------------------------------------------------------------------------------------


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


# -- Who is here ------------------------------------------------------------------------------------------------------------


def test_who_looks_and_who_writes_is_seen_by_the_others(asha, cast):
    conversation = cast.ask().conversation
    presence.look(conversation.pk, cast.lee.pk, at(10, 30))
    here = reverse("desk:conversation_here", args=[conversation.pk])
    assert b"Lee Ward is looking" in asha.post(here, headers={"X-Part": "true"}).content
    presence.write(conversation.pk, cast.lee.pk, kind="answer", text="W", against_version=1, now=at(10, 30))
    assert b"Lee Ward is writing" in asha.post(here, headers={"X-Part": "true"}).content
    Presence.objects.filter(person=cast.lee).update(seen_at=at(10, 30) - timedelta(seconds=46))
    assert b"Lee" not in asha.post(here, headers={"X-Part": "true"}).content
    asha.post(here, {"gone": "yes"})
    assert not Presence.objects.filter(person=cast.asha).exists()


# -- The actions ------------------------------------------------------------------------------------------------------------


def test_take_let_go_and_taken_by_another(asha, cast):
    conversation = cast.ask().conversation
    asha.submit(asha.get(page_of(conversation)).page.form(act(conversation, "take")))
    assert fresh(conversation).held_by == cast.asha
    asha.submit(asha.get(page_of(conversation)).page.form(act(conversation, "let-go")))
    assert fresh(conversation).held_by is None
    claim.take(conversation.pk, cast.lee, at(10, 29))
    refused = asha.post(act(conversation, "take"))
    assert refused.status_code == 409
    assert "Lee Ward has this one." in refused.page.text


def test_hand_over_to_somebody_who_answers_there(asha, cast):
    conversation = cast.ask().conversation
    form = asha.get(act(conversation, "hand-over")).page.form("hand-over/")
    assert asha.submit(form).page.errors == ["Choose who shall have it."]
    assert asha.submit(form, to=cast.cara.pk).status_code == 409
    asha.submit(form, to=cast.lee.pk, note="She rang too")
    assert (fresh(conversation).held_by, fresh(conversation).handed_note) == (cast.lee, "Asha: She rang too")


@pytest.mark.parametrize(
    ("given", "until"),
    [
        ({"until": "opening"}, at(9, day=24)),
        ({"until": "tomorrow"}, at(9, day=24)),
        ({"until": "chosen", "at": "2026-11-23T15:15"}, at(15, 15)),
    ],
)
def test_put_off_and_bring_back(asha, cast, given, until):
    conversation = cast.ask().conversation
    asha.post(act(conversation, "put-off"), given)
    assert fresh(conversation).snoozed_until_at == until
    assert Wait.objects.get().is_open
    asha.post(act(conversation, "bring-back"))
    assert fresh(conversation).snoozed_until_at is None


@pytest.mark.parametrize(
    "given", [{}, {"until": "chosen"}, {"until": "chosen", "at": "soon"}, {"until": "chosen", "at": "2026-11-23T09:00"}]
)
def test_put_off_to_no_time_is_refused(asha, cast, given):
    conversation = cast.ask().conversation
    refused = asha.post(act(conversation, "put-off"), given)
    assert (refused.status_code, bool(refused.page.errors)) == (409, True)
    assert fresh(conversation).snoozed_until_at is None


def test_not_a_request_by_one_button_and_back(asha, cast):
    conversation = cast.ask("Thanks!").conversation
    asha.post(act(conversation, "not-request"), {"why": "thanks"})
    assert fresh(conversation).state == "not_request"
    asha.submit(asha.get(page_of(conversation)).page.form(act(conversation, "is-request")))
    assert (fresh(conversation).state, Wait.objects.get().is_open) == ("open", True)
    assert asha.post(act(conversation, "not-request"), {"why": "other"}).page.errors == [
        "Say in a few words what it is, if it is not a request."
    ]


def test_close_needs_a_reason_while_they_wait_and_opens_again(asha, cast):
    conversation = cast.ask().conversation
    form = asha.get(act(conversation, "close")).page.form("close/")
    assert "They have had no answer." in asha.submit(form).page.text
    asha.submit(form, reason="Withdrawn")
    assert fresh(conversation).state == "closed"
    asha.post(act(conversation, "reopen"))
    assert fresh(conversation).state == "open"


def test_ahead_for_need_is_a_leads_and_keeps_its_reason(pages, cast):
    conversation = cast.ask().conversation
    pages.force_login(cast.lee)
    form = pages.get(act(conversation, "ahead")).page.form("ahead/")
    assert pages.submit(form).page.errors == ["Write a few words here."]
    pages.submit(form, reason="No heating, newborn")
    assert "Moved ahead for need: No heating, newborn" in pages.get(page_of(conversation)).page.text
    pages.post(act(conversation, "back-in-place"), {"reason": "Heating is back"})
    assert Wait.objects.get().need == 0
    pages.force_login(cast.asha)
    assert pages.post(act(conversation, "ahead"), {"reason": "x"}).status_code == 403


def test_merge_by_choice_or_number(asha, cast):
    into, other = cast.ask().conversation, cast.ask("And?", when=at(10, 10)).conversation
    theirs = cast.ask("Clinic", account=cast.clinic).conversation
    form = asha.get(act(other, "merge")).page.form("merge/")
    assert asha.submit(form).page.errors == ["Choose the conversation into which this one goes."]
    assert (
        f"There is no conversation {theirs.pk} that you may see." in asha.submit(form, number=str(theirs.pk)).page.text
    )
    assert asha.submit(form, number=str(into.pk)).url == page_of(into)
    assert fresh(other).merged_into == into


def test_merging_two_people_asks_first(asha, cast):
    into, other = cast.ask().conversation, cast.ask(name="Ann", email="ann@example.org", when=at(10, 10)).conversation
    refused = asha.post(act(other, "merge"), {"number": into.pk})
    assert "two people for us" in refused.page.text
    asha.post(act(other, "merge"), {"number": into.pk, "same_person": "on"})
    assert Contact.objects.count() == 1


def test_split_from_a_message_on(asha, cast):
    first = cast.mail()
    second = cast.mail("Another thing", when=at(10, 10), In_Reply_To=first.message_id)
    response = asha.submit(asha.get(page_of(first.conversation)).page.form(f"/{second.pk}/split/"))
    new = Message.objects.get(pk=second.pk).conversation
    assert (response.url, new != first.conversation) == (page_of(new), True)
    refused = asha.post(reverse("desk:split", args=[first.pk]), follow=True)
    assert "Split at a message from them" in refused.page.text


def test_move_to_an_account_of_the_same_body(asha, cast):
    conversation = cast.ask().conversation
    page = asha.get(act(conversation, "move")).page
    assert ("Ashby Libraries" in page.text, "Vale Clinic" in page.text) == (True, False)
    assert asha.submit(page.form("move/")).page.errors == ["Choose the account it is for."]
    asha.submit(page.form("move/"), account=cast.books.pk, note="A loan")
    assert fresh(conversation).account == cast.books
    text = asha.get(page_of(conversation)).page.text
    assert "Promise of Ashby Help, where it arrived" in text


def test_moved_out_of_sight_one_is_back_at_the_desk(pages, cast):
    conversation = cast.ask(account=cast.books).conversation
    pages.force_login(cast.ben)
    assert pages.post(act(conversation, "move"), {"account": cast.help.pk}).url == reverse("desk:desk")


def test_share_with_another_body_and_end_it(asha, cast):
    conversation = cast.ask().conversation
    form = asha.get(act(conversation, "share")).page.form("share/")
    assert len(asha.submit(form).page.errors) == 2
    asha.submit(form, partner=cast.trust.pk, reason="Discharge on Friday")
    asha.force_login(cast.cara)
    page = asha.get(page_of(conversation)).page
    assert "lets your body read this" in page.text
    assert "Send answer" not in page.text
    assert "dev@example.org" not in page.text.split("Details")[0]
    assert asha.post(act(conversation, "close"), {"reason": "x"}).status_code == 403
    asha.force_login(cast.asha)
    asha.submit(asha.get(page_of(conversation)).page.form("end-share/"))
    assert not Share.objects.exists()


def test_the_private_link_is_made_replaced_and_ended(asha, cast):
    conversation = cast.ask().conversation
    asha.post(act(conversation, "new-link"))
    first = Receipt.objects.get()
    assert first.token in asha.get(page_of(conversation)).content.decode()
    asha.post(act(conversation, "new-link"))
    assert first.token not in asha.get(page_of(conversation)).content.decode()
    asha.post(act(conversation, "end-link"))
    assert not Receipt.objects.filter(revoked_at=None).exists()
    assert AuditEvent.objects.filter(verb="ended the private link").exists()


def test_an_unknown_action_is_not_found(asha, cast):
    assert asha.get(act(cast.ask().conversation, "explode")).status_code == 404


# -- Saved answers ----------------------------------------------------------------------------------------------------------


def test_saved_answers_are_kept_by_those_who_answer(asha, cast):
    form = asha.get(reverse("desk:saved_answer_new")).page.form("new/")
    assert len(asha.submit(form, title="", text="").page.errors) == 3
    asha.submit(form, title="Bins", text="Thursday.", account=str(cast.help.pk), everywhere="on")
    saved = SavedAnswer.objects.get()
    assert (saved.partner, saved.account) == (cast.council, None)
    change = asha.get(reverse("desk:saved_answer", args=[saved.pk])).page
    asha.submit(change.form(f"/{saved.pk}/"), title="Bin days", everywhere=None)
    saved.refresh_from_db()
    assert (saved.title, saved.account) == ("Bin days", cast.help)
    assert "Bin days" in asha.get(reverse("desk:saved_answers")).page.text
    asha.submit(change.form("/delete/"))
    assert not SavedAnswer.objects.exists()


def test_saved_answers_stay_within_reach(pages, cast):
    whole = SavedAnswer.objects.create(partner=cast.council, title="Bins", text="Thursday.")
    pages.force_login(cast.ben)
    assert pages.get(reverse("desk:saved_answer", args=[whole.pk])).status_code == 404
    assert pages.post(reverse("desk:saved_answer_delete", args=[whole.pk])).status_code == 404
    form = pages.get(reverse("desk:saved_answer_new")).page.form("new/")
    refused = pages.submit(form, title="Loans", text="Three weeks.", account=str(cast.books.pk), everywhere="on")
    assert refused.page.errors == ["You do not answer for all of Ashby. Offer it on one account."]
    pages.force_login(cast.olu)
    assert pages.get(reverse("desk:saved_answers")).status_code == 403


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


def test_what_a_network_adds_is_shown_in_words(asha, cast):
    message = cast.ask()
    Message.objects.filter(pk=message.pk).update(
        visibility="public", link="https://pebble.test/1", earlier=[{"text": "Bns?", "until": "2026-11-23T10:01:00+00:00"}],
        edited_at=at(10, 1), withdrawn_at=at(10, 2),
    )  # fmt: skip
    Attachment.objects.create(
        message=message, name="bin.jpg", content_type="image/jpeg", size_bytes=9, alt_text="A full bin"
    )
    Attachment.objects.create(message=message, name="two.jpg", content_type="image/jpeg", size_bytes=9, remote_ref="2")
    response = asha.get(page_of(message.conversation))
    for words in (
        "Everybody can read it",
        "They changed it",
        "Bns?",
        "Deleted at the network",
        "It shows: A full bin",
        "is being fetched",
    ):
        assert words in response.page.text
    assert b"https://pebble.test/1" in response.content


def test_an_answer_that_a_colleague_wrote_at_the_network_says_so(asha, cast):
    message = cast.ask()
    Message.objects.create(
        conversation=message.conversation, partner=cast.council, direction="out", channel="form", text="Tuesday",
        sent_at=at(10, 5), fetched_at=at(10, 5), stored_at=at(10, 5),
    )  # fmt: skip
    assert "Written outside Sociable" in asha.get(page_of(message.conversation)).page.text


def test_two_people_are_joined_and_parted_from_the_desk(asha, cast):
    first = cast.mail(sender="Jo <jo@work.example.org>").conversation
    second = cast.mail("Trees", sender="Jo <jo@home.example.org>").conversation
    assert asha.post(act(first, "same-person"), {"who": "jo@home.example.org", "reason": ""}).status_code == 409
    asha.post(act(first, "same-person"), {"who": "jo@home.example.org", "reason": "She rang"})
    assert fresh(second).contact == fresh(first).contact
    page = asha.get(page_of(first)).page.text
    assert "A colleague's word, Asha Khan" in page
    assert "She rang" in page
    joining = first.contact.joinings.get()
    form = asha.get(f"{act(first, 'part')}?joining={joining.pk}")
    assert str(joining.pk) in form.content.decode()
    asha.post(act(first, "part"), {"joining": joining.pk, "reason": "Her sister"})
    assert fresh(second).contact != fresh(first).contact


def test_a_code_is_sent_from_the_desk_and_shown_to_nobody_there(asha, cast):
    conversation = cast.mail().conversation
    asha.post(act(conversation, "send-code"), {"address": "dev@home.example.org"})
    page = asha.get(page_of(conversation)).page.text
    assert "••••••" in page
    assert "Enter the code" in page
    assert asha.post(act(conversation, "enter-code"), {"code": "1"}).status_code == 409


def test_who_chats_is_not_shown_by_the_mark_of_their_browser(asha, cast):
    conversation = cast.ask().conversation
    Identity.objects.create(partner=cast.council, contact=conversation.contact, kind="chat", address="170a7c1fe407")
    text = asha.get(page_of(conversation)).page.text
    assert "Their browser, in the web chat" in text
    assert "170a7c1fe407" not in text
