"""Asking: whom, by when, what was typed, and what looks like spam; nothing typed is ever lost."""

import pytest

from sociable.conversations.models import Conversation, Message, RawInbound
from sociable.directory.models import Account
from sociable.journeys import receive, settle
from sociable.promises.models import Wait
from sociable.public import finding, suspicion
from tests.cast import at

pytestmark = pytest.mark.django_db


def test_home_says_for_each_account_by_when_an_answer_comes(pages, cast, clock):
    page = pages.get("/").page
    assert "Ashby Help Open now Ask now and we will answer by midday today" in page.text
    assert "Ask now and we will answer by 5pm on Wednesday 25 November" in page.text
    assert page.links["Ashby Help"] == "/ask/help/"


def test_home_puts_crisis_words_before_opening_hours_when_closed(pages, cast, clock):
    assert "Call 999" not in pages.get("/").page.text
    clock.now = at(22)
    page = pages.get("/").page
    assert page.text.index("Call 999") < page.text.index("Opens at 9am tomorrow")
    assert "Ask now and we will answer by 11am tomorrow" in page.text


def test_home_finds_who_to_ask_by_words_and_says_when_nobody_fits(pages, cast, clock):
    cast.books.about = "Renewals and reading groups"
    cast.books.save()
    found = pages.get("/", {"q": "how do I renew a book in the library"}).page
    assert "Ashby Libraries" in found.links
    assert "Vale Clinic" not in found.links
    nothing = pages.get("/", {"q": "zebra"}).page
    assert "We found nobody for those words" in nothing.text
    assert "Vale Clinic" in nothing.links


def test_words_of_the_name_weigh_more_than_words_elsewhere(cast):
    cast.help.about = "Libraries, bins and more"
    assert [one.slug for one in finding.matching("libraries", [cast.help, cast.books, cast.clinic])] == [
        "libraries",
        "help",
    ]


def test_a_request_becomes_a_conversation_with_a_clock_and_a_private_link(asked, pages, cast):
    response = asked(text="My bin was missed\nAgain.")
    conversation = Conversation.objects.get()
    assert response.status_code == 302
    assert response.url == f"/r/{conversation.receipts.get().token}/"
    assert (conversation.subject, conversation.state) == ("My bin was missed", Conversation.State.OPEN)
    assert Wait.objects.get().due_at == at(12, 1)
    receipt = pages.get(response.url).page
    assert receipt.h1 == "We have your request"
    assert "answer by 12:01pm today" in receipt.text
    assert "My bin was missed" in receipt.text


def test_a_request_needs_neither_name_nor_address(asked, pages):
    response = asked(name="", email="")
    assert "You gave no email address" in pages.get(response.url).page.text


def test_sending_the_same_page_twice_is_one_request(pages, cast, clock):
    form = pages.get("/ask/help/").page.form("/ask/help/")
    clock.move(minutes=1)
    first, second = (pages.submit(form, text="Twice", email="dev@example.org") for _ in range(2))
    assert first.url == second.url
    assert Message.objects.count() == RawInbound.objects.count() == Wait.objects.count() == 1


def test_going_back_and_changing_the_words_is_a_second_request(pages, cast, clock):
    form = pages.get("/ask/help/").page.form("/ask/help/")
    clock.move(minutes=1)
    for text in ("One bin", "Two bins"):
        pages.submit(form, text=text, email="dev@example.org")
    assert sorted(Message.objects.values_list("text", flat=True)) == ["One bin", "Two bins"]


def test_a_form_without_words_is_refused_beside_the_field_with_nothing_lost(asked):
    response = asked(text="  \n ", name="Dev", email="dev at example")
    assert response.status_code == 422
    page = response.page
    assert page.title.startswith("Error: ")
    assert page.errors == ["Write what you need", "Enter an email address in the correct format, like name@example.com"]
    kept = page.form("/ask/help/").fields
    assert (kept["name"], kept["email"]) == ("Dev", "dev at example")
    assert page.all("textarea", aria_invalid="true")
    assert not RawInbound.objects.exists()


def test_too_long_a_message_is_given_back_whole(asked):
    text = "x" * 10_001
    response = asked(text=text)
    assert response.page.errors == ["Your message must be 10000 characters or fewer. It has 10001."]
    assert response.page.form("/ask/help/").fields["text"] == text


def test_ends_of_lines_count_once_and_null_bytes_are_left_out(asked):
    asked(text="a\r\n" * 4_000 + "\x00end")
    assert Message.objects.get().text == "a\n" * 4_000 + "end"


@pytest.mark.parametrize("stage", [Account.Stage.RESTING, Account.Stage.CLOSED])
def test_an_account_that_nobody_answers_says_so_and_takes_nothing(pages, cast, clock, stage):
    Account.objects.filter(pk=cast.help.pk).update(stage=stage)
    response = pages.post("/ask/help/", {"text": "hello"})
    assert response.status_code == 404
    assert response.page.h1 == "You cannot ask Ashby Help with the form"
    assert not RawInbound.objects.exists()


@pytest.mark.parametrize("slug", ["nobody", "help"])
def test_an_account_the_public_may_not_see_is_not_found(pages, cast, slug):
    Account.objects.filter(pk=cast.help.pk).update(stage=Account.Stage.PROPOSED)
    assert pages.get(f"/ask/{slug}/").status_code == 404


def test_an_account_without_hours_promises_nothing(pages, cast, clock):
    cast.help.hours_versions.all().delete()
    assert "We cannot promise a time here." in pages.get("/ask/help/").page.text


def test_asking_needs_no_cookie(asked, pages):
    asked()
    assert not pages.cookies


# -- What looks like spam is kept aside, never lost, and its sender is told nothing ------------------------------------------


def _aside():
    conversation = Conversation.objects.get(state=Conversation.State.KEPT_ASIDE)
    return conversation.messages.get().suspected_why


def test_sent_faster_than_anybody_types_it_is_kept_aside(pages, cast, clock):
    form = pages.get("/ask/help/").page.form("/ask/help/")
    clock.move(seconds=2)
    response = pages.submit(form, text="Buy now")
    assert _aside() == "It was sent within 3 seconds of opening the page"
    assert not Wait.objects.exists()
    assert "answer by midday today" in pages.get(response.url).page.text


def test_a_page_open_for_days_is_kept_aside(pages, cast, clock):
    form = pages.get("/ask/help/").page.form("/ask/help/")
    clock.move(days=1, seconds=1)
    pages.submit(form, text="Buy now")
    assert _aside() == "The page had been open for more than a day"


def test_a_filled_trap_is_kept_aside(asked):
    asked(fax="0113")
    assert _aside() == "A field that people do not see was filled in"


@pytest.mark.parametrize("mark", ["", "made:up:mark", "x" * 250])
def test_a_form_that_is_not_ours_is_kept_aside(pages, cast, clock, mark):
    assert pages.post("/ask/help/", {"text": "hello", "mark": mark}).status_code == 302
    assert _aside() == "It was not sent from our page"
    again = [pages.post("/ask/help/", {"text": "hello", "mark": mark}).url for _ in range(2)]
    assert len(set(again)) == 2  # a stranger's same words do not lead to this one's private link


def test_a_flood_from_one_place_is_kept_aside_and_the_people_after_it_get_through(asked, cast, clock):
    for number in range(suspicion.MOST_FROM_ONE_PLACE + 1):
        clock.now = at(10)
        assert asked(text=f"Request {number}", email=f"dev{number}@example.org").status_code == 302
    assert Conversation.objects.count() == suspicion.MOST_FROM_ONE_PLACE + 1
    assert "requests came from one place" in _aside()


def test_a_flood_from_one_address_is_kept_aside(asked):
    for number in range(suspicion.MOST_FROM_ONE_SENDER + 1):
        asked(text=f"Request {number}", email="DEV@example.org")
    assert _aside() == "7 requests came from this email address in 10 minutes"


def test_the_same_words_over_and_over_are_kept_aside(asked):
    for number in range(suspicion.MOST_OF_THE_SAME_WORDS + 1):
        asked(text="Cheap  WATCHES", email=f"{number}@example.org")
    assert _aside() == "The same words were sent 4 times in 10 minutes"


def test_released_by_a_person_the_clock_has_run_since_it_was_sent(asked, pages, cast, clock):
    response = asked(fax="x")
    sent_at = clock.now
    settle.is_a_request(Conversation.objects.get().pk, cast.asha, clock.move(minutes=30))
    wait = Wait.objects.get()
    assert (wait.started_at, wait.due_at) == (sent_at, at(12, 1))
    assert "answer by 12:01pm today" in pages.get(response.url).page.text


def test_a_client_cannot_choose_the_address_it_is_counted_under(rf, settings):
    request = rf.get("/", headers={"x-forwarded-for": "6.6.6.6, 198.51.100.7, 10.0.0.2"}, REMOTE_ADDR="10.0.0.1")
    settings.TRUSTED_PROXIES = 0
    assert suspicion.client_address(request) == "10.0.0.1"
    settings.TRUSTED_PROXIES = 2
    assert suspicion.client_address(request) == "198.51.100.7"
    settings.TRUSTED_PROXIES = 4
    assert suspicion.client_address(request) == "10.0.0.1"


def test_stored_by_a_process_that_died_it_is_read_when_the_page_is_sent_again(pages, cast, clock, monkeypatch):
    form = pages.get("/ask/help/").page.form("/ask/help/")
    clock.move(minutes=1)
    with monkeypatch.context() as dies:
        dies.setattr(receive, "read_all", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pages.submit(form, text="Still here?")
    assert RawInbound.objects.get().state == RawInbound.State.NEW
    assert pages.submit(form, text="Still here?").status_code == 302
    assert Message.objects.get().text == "Still here?"
