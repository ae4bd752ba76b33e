"""The composer without scripts: what stands against an answer, the ways it offers, and that nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from sociable.channels.base import Capabilities
from sociable.channels.mastodon.adapter import MastodonAdapter
from sociable.conversations.models import Conversation, Draft, Message, Outgoing
from sociable.directory.models import Account
from sociable.domain.text import Limit
from sociable.domain.ways import CLOSING
from sociable.journeys import ways
from sociable.people.models import AuditEvent
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.desk.conftest import page_of
from tests.network import MENTION, heard, on_network
from tests.pages import Pages

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_half_past_ten")]
LONG = "We collect on Tuesday, after the bank holiday. " * 14
PRIVATE = "Your NHS number is 943 476 5919."
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def asked(cast: Cast) -> Conversation:
    """Somebody asks the help account in public, on Mastodon."""
    return heard(on_network(cast.help, "mastodon")).conversation


def composer(pages: Pages, conversation: Conversation) -> Any:
    return pages.get(page_of(conversation)).page.form("compose/")


def sent() -> list[Message]:
    return list(Message.objects.filter(direction="out").order_by("pk"))


def ways_of(page: Any) -> dict[str, bool]:
    return {one.get("value"): one.get("checked") is not None for one in page.all("input", name="way")}


def test_it_says_who_can_read_it_and_how_much_room_there_is(asha, asked):
    page = asha.get(page_of(asked)).page
    assert f"Mastodon to {MENTION}. Everybody can read it" in page.text
    room = 500 - len("@dev ")
    assert f"{room} characters left" in page.text
    assert "Up to 495 characters" in page.text


def test_what_followers_alone_can_read_is_not_said_to_be_for_everybody(asha, cast):
    asked = heard(on_network(cast.help, "mastodon"), visibility="followers").conversation
    page = asha.get(page_of(asked)).page
    assert f"Mastodon to {MENTION}. Followers, or those in their group, can read it" in page.text
    refused = asha.submit(composer(asha, asked), text=f"Your NHS number is 943 476 5919. {LONG}").page.text
    assert "Too long, and followers, or those in their group, could read something private" in refused
    assert "Followers, or those in their group, can read" in refused
    refused = asha.submit(composer(asha, asked), text="Your NHS number is 943 476 5919.").page.text
    assert "Followers, or those in their group, could read something private" in refused
    assert "Everybody" not in refused


def test_too_long_it_is_kept_and_the_ways_are_shown_in_their_order(asha, asked):
    refused = asha.submit(composer(asha, asked), text=LONG)
    assert refused.status_code == 409
    assert "characters too long for one message" in refused.page.text
    assert list(ways_of(refused.page)) == ["as-it-is", "thread", "private", "link", "email"]
    assert refused.page.form("compose/").fields["text"].strip() == LONG.strip()
    assert Draft.objects.get().text.strip() == LONG.strip()
    assert not sent()
    assert Wait.objects.get().is_open


def test_before_it_is_sent_it_shows_every_part_as_it_will_be_read(asha, asked):
    seen = asha.post(reverse("desk:check", args=[asked.pk]), {"text": LONG, "kind": "answer", "version": "2"})
    assert seen.status_code == 200
    assert not sent()
    for words in ("1/2", "2/2", "Everybody can read · ", "Only they can read", "Here is our full answer: (link)"):
        assert words in seen.page.text
    assert seen.page.form("compose/").fields["closing-private"] == CLOSING["private"]


def test_a_chosen_way_is_sent_and_the_fate_of_every_part_is_shown(asha, asked):
    refused = asha.submit(composer(asha, asked), text=LONG)
    done = asha.submit(refused.page.form("compose/"), way="thread", text=LONG)
    assert done.status_code == 302
    assert [part.text[-3:] for part in sent()] == ["1/2", "2/2"]
    page = asha.get(page_of(asked)).page
    assert page.text.count("Leaves in a moment") == 2
    assert "Goes with the answer above" in page.text
    assert page.text.count("Your answer to Dev Patel leaves in a moment") == 1


def test_by_email_it_asks_for_an_address_with_nothing_lost(asha, asked):
    form = asha.submit(composer(asha, asked), text=LONG).page.form("compose/")
    refused = asha.submit(form, way="email", text=LONG, **{"closing-email": "We emailed you, Dev."})
    assert refused.status_code == 409
    assert "Give the email address" in refused.page.text
    form = refused.page.form("compose/")
    assert (form.fields["way"], form.fields["closing-email"]) == (["email"], "We emailed you, Dev.")
    assert asha.submit(form, email="dev@example.org").status_code == 302
    answer, line = sent()
    assert (answer.channel, answer.to_addresses, line.text) == ("email", ["dev@example.org"], "We emailed you, Dev.")
    page = asha.get(page_of(asked)).page
    assert "Tells onlookers" in page.text
    assert Wait.objects.get().ended_with == answer


def test_private_words_stop_it_until_there_is_a_reason(asha, asked, cast):
    refused = asha.submit(composer(asha, asked), text=PRIVATE)
    assert refused.status_code == 409
    assert "is an NHS number: its check digit fits." in refused.page.text
    assert "thread" not in ways_of(refused.page)
    form = refused.page.form("compose/")
    assert asha.submit(form).status_code == 409
    kept = asha.submit(form, way="private", **{"reason-as-it-is": "It is on our leaflet"})
    assert kept.status_code == 302
    assert sent()[0].visibility == "private"
    again = asha.submit(composer(asha, asked), text=PRIVATE).page.form("compose/")
    assert asha.submit(again, way="as-it-is", **{"reason-as-it-is": "It is on our leaflet"}).status_code == 302
    event = AuditEvent.objects.get(verb="said in public what looked private")
    assert (event.reason, event.person_id) == ("It is on our leaflet", cast.asha.pk)
    assert "It is on our leaflet" in asha.get(page_of(asked)).page.text


def test_what_was_chosen_outlives_that_somebody_wrote_meanwhile(asha, asked, cast):
    form = asha.submit(composer(asha, asked), text=LONG).page.form("compose/")
    heard(cast.help, "It is the green one", when=at(10, 20), number=2, in_reply_to="mastodon:1")
    held = asha.submit(form, way="email", email="dev@example.org", text=LONG)
    assert held.status_code == 409
    anyway = held.page.form("compose/", button="Send anyway")
    assert (anyway.fields["way"], anyway.fields["email"]) == (["email"], "dev@example.org")
    assert asha.submit(anyway).status_code == 302
    assert sent()[0].channel == "email"


def test_a_picture_needs_its_words_and_is_not_lost_on_the_way(asha, asked):
    form = composer(asha, asked)
    picture = SimpleUploadedFile("map.png", PNG, "image/png")
    refused = asha.post(form.action, {**form.fields, "text": "Here is the map.", "files": picture})
    assert refused.status_code == 409
    assert "Say what map.png shows" in refused.page.text
    form = refused.page.form("compose/")
    box = next(name for name in form.fields if name.startswith("alt-"))
    assert asha.submit(form, **{box: "The depot, by the river"}).status_code == 302
    assert [one.alt_text for one in sent()[0].attachments.all()] == ["The depot, by the river"]


def test_words_for_a_picture_can_be_given_with_it(asha, asked):
    form = composer(asha, asked)
    picture = SimpleUploadedFile("map.png", PNG, "image/png")
    done = asha.post(form.action, {**form.fields, "text": "Here.", "files": picture, "alt-new-1": "The depot"})
    assert done.status_code == 302
    assert sent()[0].attachments.get().alt_text == "The depot"


def test_more_files_than_the_network_takes_are_refused(asha, asked):
    form = composer(asha, asked)
    files = [SimpleUploadedFile(f"{number}.txt", b"some words", "text/plain") for number in range(5)]
    refused = asha.post(form.action, {**form.fields, "text": "Here.", "files": files})
    assert refused.status_code == 409
    assert "one message takes 4" in refused.page.text
    assert len(refused.page.all("input", name="kept")) == 5


def test_a_script_gets_the_part_that_changes_alone(asha, asked):
    part = asha.post(reverse("desk:check", args=[asked.pk]), {"text": LONG}, headers={"X-Part": "true"})
    assert "<html" not in part.content.decode()
    assert "Too long for one message: choose how it goes" in part.page.text
    nothing = asha.post(reverse("desk:check", args=[asked.pk]), {"text": ""}, headers={"X-Part": "true"})
    assert nothing.page.text == ""


def test_only_who_may_answer_there_is_told(pages, cast, asked):
    for stranger, status in ((cast.cara, 404), (cast.olu, 404)):
        pages.force_login(stranger)
        assert pages.post(reverse("desk:check", args=[asked.pk]), {"text": LONG}).status_code == status


def test_an_email_is_asked_nothing(asha, cast):
    page = asha.get(page_of(cast.mail().conversation)).page
    assert not ways_of(page)
    assert not page.all("span", id="composer-count")
    assert asha.submit(page.form("compose/"), text=LONG * 9 + PRIVATE).status_code == 302


def test_it_begins_with_the_sign_off_that_the_account_wishes(asha, cast, asked):
    cast.asha.sign_off = "Best, Asha"
    cast.asha.save()
    for signs_with, words in (("person", "Best, Asha"), ("account", "Ashby Help"), ("nobody", "")):
        Account.objects.filter(pk=cast.help.pk).update(signs_with=signs_with, sign_off="Ashby Help")
        form = composer(asha, asked)
        assert form.fields["text"].strip() == words
        assert asha.submit(form).status_code == 409
    assert not sent()


def test_a_text_message_says_how_many_it_is_paid_for_as_and_why(asha, asked, monkeypatch):
    from dataclasses import replace

    narrow: Capabilities = replace(
        MastodonAdapter.capabilities, longest_text=918, counting="sms", private=True, longest_private_text=918,
        counting_private="sms", private_replies=False,
    )  # fmt: skip
    monkeypatch.setattr(MastodonAdapter, "capabilities", narrow)
    Message.objects.update(reply_ref={})
    assert ways.place_of(asked).carrier.limits == (Limit("sms", 918),)
    seen = asha.post(reverse("desk:check", args=[asked.pk]), {"text": "ŵ" + "a" * 79, "kind": "answer", "version": "2"})
    assert "322 characters left · 2 text messages" in seen.page.text
    assert "“ŵ” is not in the plain alphabet" in seen.page.text


def test_a_part_that_does_not_arrive_is_shown_and_the_clock_runs_again(asha, asked):
    from sociable.journeys import outbox

    asha.submit(asha.submit(composer(asha, asked), text=LONG).page.form("compose/"), way="thread", text=LONG)
    first, second = (part.outgoing for part in sent())
    outbox.settle(first, "accepted", "there", at(10, 31))
    outbox.settle(Outgoing.objects.get(pk=second.pk), "failed", "The server said no.", at(10, 31))
    page = asha.get(page_of(asked)).page
    assert "Not sent, so the clock runs again. The server said no." in page.text
    assert Wait.objects.get().is_open
