"""The desk's list: its views, what a row says, pages by key, search, kept views, and the biggest button."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.urls import reverse

from sociable.conversations import search as searching
from sociable.conversations.models import Contact, Conversation, Outgoing, SavedFilter
from sociable.directory.models import Account
from sociable.domain.text import heading_of
from sociable.journeys import answer, claim, snooze
from sociable.people.models import Person
from tests import chatting
from tests.cast import Cast, at
from tests.pages import Pages, words_of

NOW = at(11)


@pytest.fixture
def desk(cast: Cast, pages: Pages) -> Iterator[Pages]:
    """Asha has signed in; it is eleven on Monday."""
    pages.force_login(cast.asha)
    with patch("sociable.desk.views.timezone.now", return_value=NOW):
        yield pages


def rows(page: Any) -> list[str]:
    return [words_of(row) for row in page.all("li", class_="queue-row")]


def test_a_row_says_who_what_where_when_and_why(cast: Cast, desk: Pages) -> None:
    cast.mail("The lorry did not come")
    answer_ = desk.get(reverse("desk:desk"))
    (row,) = rows(answer_.page)
    for words in (
        "Dev Patel",
        "My bin",
        "The lorry did not come",
        "Ashby Help",
        "Answer by 12:00",
        "1 hour of open time left",
        "50% of its promised time used",
    ):
        assert words in row


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("@help Is the tip open?", "Is the tip open?"),
        ("Is the tip open?\nI have a sofa.", "Is the tip open? \N{EN DASH} I have a sofa."),
        ("bins " * 20 + "today", "bins " * 15 + "bins… \N{EN DASH} " + "bins " * 4 + "today"),
    ],
)
def test_what_heads_a_row_is_not_said_twice(cast: Cast, desk: Pages, text: str, what: str) -> None:
    cast.ask(text, subject=heading_of(text))
    (said,) = desk.get(reverse("desk:desk")).page.all("span", class_="queue-row-what")
    assert words_of(said) == what


def test_views_hold_what_they_say(cast: Cast, desk: Pages) -> None:
    first = cast.ask("One")
    second = cast.ask("Two", subject="Second", email="two@example.org", name="Two", when=at(9, 10))
    third = cast.ask("Three", subject="Third", email="three@example.org", name="Three")
    aside = cast.ask("Four", subject="Fourth", email="four@example.org", name="Four")
    claim.take(first.conversation_id, cast.asha, at(10, 55))
    snooze.until(third.conversation_id, cast.asha, at(16), at(10, 55))
    Conversation.objects.filter(pk=aside.conversation_id).update(state="kept_aside")
    held = {
        view: rows(desk.get(reverse("desk:desk") + f"?view={view}").page)
        for view in ("next", "mine", "unclaimed", "risk", "put-off", "check")
    }
    assert [[one.split()[0] for one in found] for found in held.values()] == [
        ["Two", "Dev"],
        ["Dev"],
        ["Two"],
        ["Two"],
        ["Three"],
        ["Four"],
    ]
    answer.send(conversation_id=second.conversation_id, person=cast.asha, text="Yes", against_version=1, now=at(10, 56))
    assert [one.split()[0] for one in rows(desk.get(reverse("desk:desk") + "?view=waiting").page)] == ["Two"]


def test_sending_trouble_is_shown(cast: Cast, desk: Pages) -> None:
    message = cast.ask()
    sent = answer.send(
        conversation_id=message.conversation_id, person=cast.asha, text="Yes", against_version=1, now=at(10, 30)
    )
    Outgoing.objects.filter(message=sent).update(state="failed")
    assert len(rows(desk.get(reverse("desk:desk") + "?view=sending").page)) == 1


def test_pages_by_key_show_everybody_once(cast: Cast, desk: Pages) -> None:
    for number in range(60):
        cast.ask(f"Question {number}", email=f"p{number}@example.org", name=f"P{number}", when=at(9, number % 50))
    first = desk.get(reverse("desk:desk"))
    (further,) = [link.get("href") for link in first.page.all("a", rel="next")]
    second = desk.get(further)
    names = [row.split()[0] for row in rows(first.page) + rows(second.page)]
    assert len(rows(first.page)) == 50
    assert sorted(names) == sorted(f"P{n}" for n in range(60))


@pytest.mark.parametrize(
    "odd", ["?after=nonsense", "?after=", "?view=nowhere", "?account=none", "?view=risk&after=W10"]
)
def test_an_address_somebody_edited_is_a_plain_first_page(cast: Cast, desk: Pages, odd: str) -> None:
    assert desk.get(reverse("desk:desk") + odd).status_code == 200


def test_narrowed_to_one_account(cast: Cast, desk: Pages) -> None:
    cast.ask("One")
    cast.ask("Two", account=cast.books, email="two@example.org", name="Two")
    assert len(rows(desk.get(reverse("desk:desk")).page)) == 2
    assert [row.split()[0] for row in rows(desk.get(reverse("desk:desk") + "?account=libraries").page)] == ["Two"]


def test_another_partner_sees_nothing_of_it(cast: Cast, desk: Pages) -> None:
    cast.ask("Private matter")
    desk.force_login(cast.cara)
    for address in (
        reverse("desk:desk"),
        reverse("desk:desk") + "?view=unclaimed&account=help",
        reverse("desk:search") + "?q=private",
        reverse("desk:my_day"),
    ):
        assert b"Dev Patel" not in desk.get(address).content


def test_a_stranger_is_asked_to_sign_in(pages: Pages) -> None:
    for name in ("desk:desk", "desk:my_day", "desk:search"):
        assert pages.get(reverse(name)).url.startswith(reverse("account_login"))


def test_the_biggest_button_takes_the_fair_one(cast: Cast, desk: Pages) -> None:
    cast.ask("Later", email="later@example.org")
    early = cast.ask("Early", when=at(9, 30))
    gone = desk.post(reverse("desk:take_next"))
    assert gone.url == reverse("desk:conversation", args=[early.conversation_id])
    early.conversation.refresh_from_db()
    assert early.conversation.held_by == cast.asha


def test_nothing_to_take_is_said(cast: Cast, desk: Pages) -> None:
    shown = desk.post(reverse("desk:take_next"), follow=True)
    assert "Nobody is waiting in your accounts just now." in shown.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_people_at_the_same_instant_get_two_different_ones(cast: Cast) -> None:
    for number in range(6):
        cast.ask(f"Q{number}", email=f"p{number}@example.org", when=at(10, number))
    people = [
        cast.asha,
        cast.lee,
        Person.objects.create_user("x@staff.example.org", "a long enough password", name="Xu Li"),
    ]
    people[2].roles.create(kind="answerer", partner=cast.council)
    start, taken, lock = threading.Barrier(3), [], threading.Lock()

    def take(person: Person) -> None:
        start.wait()
        for _ in range(2):
            got = claim.take_next(person, NOW)
            with lock:
                taken.append(got.pk)
        connection.close()

    threads = [threading.Thread(target=take, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # each person's second is their own first again only if they hold it; nobody ever holds what another holds
    holders = list(Conversation.objects.exclude(held_by=None).values_list("pk", "held_by"))
    assert len(taken) == 6
    assert len({pk for pk, _ in holders}) == len(holders) == len(set(taken))


def test_search_finds_words_newest_first_and_only_what_one_may_see(cast: Cast, desk: Pages) -> None:
    cast.mail("The heating in the flats is broken", Message_ID="<1@example.org>")
    cast.mail(
        "Heating again, broken since Friday",
        when=at(10, 30),
        sender="Eve <eve@example.org>",
        Message_ID="<2@example.org>",
        subject="Flats",
    )
    cast.mail(
        "Our heating is broken too", account=cast.clinic, sender="Vic <vic@example.org>", Message_ID="<3@example.org>"
    )
    found = rows(desk.get(reverse("desk:search") + "?q=heating+broken").page)
    assert [row.split()[0] for row in found] == ["Eve", "Dev"]


def test_a_busy_partner_hides_nobody_elses_in_a_search(
    cast: Cast, desk: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_MESSAGES", 2)
    cast.ask("The heating is broken")
    for number in range(4):
        cast.ask(
            "Heating broken here too", account=cast.clinic, when=at(10, 30 + number), email=f"v{number}@example.org"
        )
    assert len(rows(desk.get(reverse("desk:search") + "?q=heating+broken").page)) == 1


@pytest.mark.parametrize("text", ['"', "' OR 1=1", "a AND", "NEAR(", "*", "heating -broken", "x" * 5000, "né\x00l", ""])
def test_search_takes_anything_as_words(cast: Cast, desk: Pages, text: str) -> None:
    cast.mail("The heating is broken")
    assert desk.get(reverse("desk:search"), {"q": text}).status_code == 200


@pytest.mark.parametrize(("text", "found"), [("heating -broken", 1), ("heating or nothing", 0)])
def test_search_reads_no_query_language(cast: Cast, desk: Pages, text: str, found: int) -> None:
    cast.mail("The heating is broken")
    assert len(rows(desk.get(reverse("desk:search"), {"q": text}).page)) == found


def test_a_view_is_kept_under_a_name_and_forgotten(cast: Cast, desk: Pages) -> None:
    desk.post(reverse("desk:save_filter"), {"name": "Books at risk", "query": "view=risk&account=libraries&evil=1"})
    kept = SavedFilter.objects.get()
    assert (kept.person, kept.query) == (cast.asha, "view=risk&account=libraries")
    assert "Books at risk" in desk.get(reverse("desk:desk")).content.decode()
    desk.force_login(cast.ben)
    assert desk.post(reverse("desk:forget_filter", args=[kept.pk])).status_code == 404
    desk.force_login(cast.asha)
    desk.post(reverse("desk:forget_filter", args=[kept.pk]))
    assert not SavedFilter.objects.exists()


def test_a_view_without_a_name_is_refused_in_words(cast: Cast, desk: Pages) -> None:
    shown = desk.post(reverse("desk:save_filter"), {"name": "", "query": "view=risk"}, follow=True)
    assert "Give the view a short name" in shown.content.decode()


def test_my_day_shows_what_is_mine_and_what_is_said_to_me(cast: Cast, desk: Pages) -> None:
    message = cast.ask()
    claim.hand_over(message.conversation_id, cast.lee, cast.asha, "She knows you", at(10, 40))
    answer.note(
        conversation_id=message.conversation_id, person=cast.lee, text="@Asha please ring first", now=at(10, 41)
    )
    day = desk.get(reverse("desk:my_day")).content.decode()
    for words in ("Lee: She knows you", "please ring first", "Ashby Libraries", "Open until 17:00"):
        assert words in day


@pytest.mark.parametrize(
    ("stage", "says"),
    [
        ("resting", "Residents are shown the other ways to ask.Resting"),
        ("proposed", "The public does not see it yet.Proposed"),
    ],
)
def test_my_day_calls_no_account_open_that_is_not_asked(cast: Cast, desk: Pages, stage: str, says: str) -> None:
    Account.objects.filter(pk=cast.help.pk).update(stage=stage)
    assert f"Ashby Help{says}" in desk.get(reverse("desk:my_day")).page.text


def test_my_day_leaves_out_what_is_closed_for_good(cast: Cast, desk: Pages) -> None:
    Account.objects.filter(pk=cast.help.pk).update(stage="closed")
    text = desk.get(reverse("desk:my_day")).page.text
    assert "Ashby Help" not in text[text.index("Your accounts today") :]


def test_only_what_changes_is_sent_to_a_script(cast: Cast, desk: Pages) -> None:
    cast.ask()
    part = desk.get(reverse("desk:desk"), headers={"X-Part": "true"}).content.decode()
    assert "<html" not in part
    assert 'id="desk-list"' in part


def test_a_list_asks_the_database_little(cast: Cast, desk: Pages, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        cast.ask(f"Question {number}", email=f"p{number}@example.org", name=f"P{number}")
    with django_assert_max_num_queries(40):
        desk.get(reverse("desk:desk"))


def test_people_without_a_name_are_shown_by_their_address(cast: Cast, desk: Pages) -> None:
    cast.mail("Hello", sender="nameless@example.org")
    assert Contact.objects.get().name == ""
    assert rows(desk.get(reverse("desk:desk")).page)[0].startswith("nameless@example.org")


def test_nobody_without_a_name_is_shown_by_an_id_or_by_our_own_address(cast: Cast, desk: Pages) -> None:
    said = chatting.say(chatting.begin(chatting.takes_chat(cast.help), name="", now=at(10)), now=at(10))
    assert rows(desk.get(reverse("desk:desk")).page)[0].startswith("Somebody")
    chatting.answer(said.conversation, cast.asha, now=at(10, 50))
    assert rows(desk.get(reverse("desk:desk"), {"view": "mine"}).page)[0].startswith("Somebody")
    page = desk.get(reverse("desk:conversation", args=[said.conversation_id])).page
    assert words_of(page.all("span", id=f"message-{said.pk}-from")[0]) == "From Somebody"


def test_accounts_at_rest_are_still_answered(cast: Cast, desk: Pages) -> None:
    cast.ask()
    Account.objects.filter(pk=cast.help.pk).update(stage="resting")
    assert len(rows(desk.get(reverse("desk:desk")).page)) == 1


def test_the_button_above_one_accounts_list_takes_from_that_account(cast: Cast, desk: Pages) -> None:
    cast.ask("Elsewhere, and earlier", account=cast.books, when=at(9, 10), email="early@example.org")
    here = cast.ask("Here", when=at(10))
    gone = desk.post(reverse("desk:take_next"), {"account": cast.help.slug})
    assert gone.url == reverse("desk:conversation", args=[here.conversation_id])
