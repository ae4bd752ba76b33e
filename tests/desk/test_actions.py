"""Every button of a conversation: one thing that works and one refusal each."""

from __future__ import annotations

import pytest
from django.urls import reverse

from sociable.conversations.models import (
    Contact,
    Message,
    Receipt,
    Share,
)
from sociable.journeys import claim
from sociable.people.models import AuditEvent
from sociable.promises.models import Wait
from tests.cast import at
from tests.desk.conftest import act, fresh, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_half_past_ten")]


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
