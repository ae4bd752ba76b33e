"""Proves what the rota says on somebody's day and on the desk, and that the next fair one goes to whoever is signed off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.cover import handing, swaps
from sociable.cover.models import HandOver, RotaChange, Shift
from sociable.journeys import claim
from sociable.people.permissions import NotAllowed
from tests.cast import Cast, at
from tests.cover.conftest import Hand, hand  # noqa: F401 - a fixture
from tests.pages import Pages

pytestmark = pytest.mark.django_db


def client_of(person: Any) -> Pages:
    pages = Pages()
    pages.force_login(person)
    return pages


@pytest.fixture
def handed(hand: Hand) -> Hand:  # noqa: F811 - the fixture
    """Readiness as always; shifts of these tests lie around now."""
    return hand


def around_now(handed: Hand, person: Any, begins: int = -1, ends: int = 3, *accounts: Any) -> Shift:
    now = timezone.now()
    shift: Shift = handed.shift(person, now + timedelta(hours=begins), now + timedelta(hours=ends), *accounts)
    return shift


def test_my_day_says_what_i_cover_now_and_next(cast: Cast, handed: Hand) -> None:
    around_now(handed, cast.asha)
    around_now(handed, cast.asha, 30, 33, cast.books)
    text = client_of(cast.asha).get(reverse("desk:my_day")).page.text
    assert "Now, until" in text
    assert "Ashby Help" in text
    assert "Ashby Libraries" in text
    assert "You are not on the rota just now." in client_of(cast.ben).get(reverse("desk:my_day")).page.text


def test_a_hand_over_stands_first_for_the_next_until_it_is_read(cast: Cast, handed: Hand) -> None:
    around_now(handed, cast.asha)
    asha, lee = client_of(cast.asha), client_of(cast.lee)
    form = asha.get(reverse("desk:my_day")).page.form("/hand-overs/")
    asha.submit(form, text="The tip is shut until four.\nSay so.")
    left = HandOver.objects.get()
    assert (left.account, left.written_by, left.shift.person) == (cast.help, cast.asha, cast.asha)
    assert "The tip is shut" not in asha.get(reverse("desk:my_day")).page.text, "not to whoever wrote it"
    desk = lee.get(reverse("desk:desk"), {"account": "help"}).page
    assert "Asha left this at Ashby Help" in desk.text
    assert "The tip is shut" not in client_of(cast.cara).get(reverse("desk:my_day")).page.text
    day = lee.get(reverse("desk:my_day")).page
    assert day.text.index("The tip is shut") < day.text.index("In your hands")
    lee.submit(day.form("/read/"))
    left.refresh_from_db()
    assert left.seen_by == cast.lee
    assert "The tip is shut" not in lee.get(reverse("desk:my_day")).page.text


def test_who_does_not_see_an_account_leaves_and_reads_nothing_there(cast: Cast, handed: Hand) -> None:
    left = handing.leave(cast.help, "A note", by=cast.asha, now=at(9))
    cara = client_of(cast.cara)
    assert cara.post(reverse("desk:read_hand_over", args=[left.pk])).status_code == 404
    assert cara.post(reverse("desk:leave_hand_over"), {"account": "help", "text": "x"}).status_code == 404
    with pytest.raises(NotAllowed):
        handing.leave(cast.help, "A note", by=cast.cara, now=at(9))
    with pytest.raises(handing.NothingSaid):
        handing.leave(cast.help, " \n", by=cast.asha, now=at(9))


def test_a_change_of_my_rota_is_told_until_i_have_seen_it(cast: Cast, handed: Hand) -> None:
    around_now(handed, cast.asha, 30, 33)
    asha = client_of(cast.asha)
    day = asha.get(reverse("desk:my_day")).page
    assert "Your rota has changed New on your rota:" in day.text
    around_now(handed, cast.asha, 60, 63)  # published while she reads
    asha.submit(day.form("/seen/"))
    assert RotaChange.objects.filter(seen_at=None).count() == 1
    assert asha.get(reverse("desk:my_day")).page.text.count("New on your rota:") == 1


def test_word_can_be_left_for_a_while_after_a_shift(cast: Cast, handed: Hand) -> None:
    """Whoever is on next comes at the minute at which the shift ends, and what there is to say is said after it."""
    around_now(handed, cast.asha, 30, 33)
    over = around_now(handed, cast.asha, -5, -3)
    asha = client_of(cast.asha)
    assert "Leave word" not in asha.get(reverse("desk:my_day")).page.text
    Shift.objects.filter(pk=over.pk).update(ends_at=timezone.now() - timedelta(hours=1))
    page = asha.get(reverse("desk:my_day")).page
    assert "You are not on the rota just now." in page.text
    asha.submit(page.form(button="Leave it"), text="Mr Farr rings back at five")
    assert HandOver.objects.get(account=cast.help).text == "Mr Farr rings back at five"


def test_many_changes_of_my_rota_are_folded(cast: Cast, handed: Hand) -> None:
    for begins in range(30, 51, 3):
        around_now(handed, cast.asha, begins, begins + 2)
    day = client_of(cast.asha).get(reverse("desk:my_day")).page
    assert "All 7 changes" in day.text
    assert day.text.count("New on your rota:") == 7


def test_only_a_shift_to_come_can_be_had_in_return(cast: Cast, handed: Hand) -> None:
    shift = around_now(handed, cast.asha, 30, 33)
    around_now(handed, cast.lee, -20, -10)
    around_now(handed, cast.lee, 50, 53)
    asked = client_of(cast.asha).get(reverse("planning:rota_swap_ask", args=[shift.pk])).page
    assert asked.text.count("Lee Ward:") == 1
    assert "(works or is away then)" not in asked.text


def test_who_is_not_free_for_a_swap_is_named_so(cast: Cast, handed: Hand) -> None:
    shift = around_now(handed, cast.asha, 30, 33)
    around_now(handed, cast.lee, 32, 35)
    asked = client_of(cast.asha).get(reverse("planning:rota_swap_ask", args=[shift.pk])).page
    assert "Lee Ward (works or is away then)" in asked.text


def test_a_swap_is_asked_on_my_rota_and_taken_from_somebody_elses_day(cast: Cast, handed: Hand) -> None:
    shift = around_now(handed, cast.asha, 30, 33)
    asha, lee = client_of(cast.asha), client_of(cast.lee)
    asha.submit(
        asha.get(reverse("planning:rota_swap_ask", args=[shift.pk])).page.form(button="Ask"), words="The dentist"
    )
    assert "Asked: anybody" in asha.get(reverse("planning:rota_mine")).page.text
    day = lee.get(reverse("desk:my_day")).page
    assert "Can you take a shift?" in day.text
    assert "“The dentist”" in day.text
    [swap] = swaps.asked_by(cast.asha, timezone.now())
    done = lee.submit(lee.get(reverse("planning:rota_swap_agree", args=[swap.pk])).page.form(button="Take the shift"))
    if done.status_code == 409:  # the hours of the day on which the test runs
        done = lee.submit(done.page.form(button="Take the shift"), reason="It suits me")
    assert "The shift is yours" in lee.get(reverse("planning:rota_mine")).page.text
    assert Shift.objects.published().get().person == cast.lee
    again = lee.get(reverse("planning:rota_swap_agree", args=[swap.pk]), follow=True).page
    assert "no longer open" in again.text
    assert client_of(cast.ben).get(reverse("planning:rota_swap_ask", args=[shift.pk])).status_code == 404


# -- The next fair one -------------------------------------------------------------------------------------------------------


def test_where_nobody_is_signed_off_whoever_may_answer_takes_the_next(cast: Cast) -> None:
    conversation = cast.ask(when=at(9)).conversation
    assert claim.take_next(cast.asha, at(10)) == conversation


def test_the_next_fair_one_passes_over_whoever_is_not_signed_off(cast: Cast, handed: Hand) -> None:
    cast.asha.readiness.filter(account=cast.books).delete()
    books = cast.ask(when=at(9), account=cast.books).conversation
    later = cast.ask(when=at(9, 30), email="second@example.org").conversation
    assert claim.take_next(cast.asha, at(10)) == later
    with pytest.raises(claim.NothingToTake, match="Somebody waits in Ashby Libraries, for which others are signed off"):
        claim.take_next(cast.asha, at(10))
    assert claim.take(books.pk, cast.asha, at(10)), "she may answer all the same"
    claim.let_go(books.pk, cast.asha, at(10))
    assert claim.take_next(cast.ben, at(10)) == books


def test_a_sign_off_that_ended_or_was_taken_back_counts_no_more(cast: Cast, handed: Hand) -> None:
    cast.ask(when=at(9))
    cast.asha.readiness.update(expires_at=at(9, 59))
    with pytest.raises(claim.NothingToTake):
        claim.take_next(cast.asha, at(10))
    cast.lee.readiness.update(withdrawn_at=at(9))
    assert claim.take_next(cast.asha, at(10)), "nobody is signed off any more: as before anybody planned"


def test_a_lead_reads_on_the_desk_to_whom_the_next_goes(cast: Cast, handed: Hand) -> None:
    cast.asha.readiness.filter(account=cast.books).delete()
    asked = {"account": "libraries"}
    assert "goes to whoever is signed off: Ben." in client_of(cast.lee).get(reverse("desk:desk"), asked).page.text
    assert "it passes you over" in client_of(cast.asha).get(reverse("desk:desk"), asked).page.text
    assert "passes you over" not in client_of(cast.ben).get(reverse("desk:desk"), asked).page.text
    assert "signed off" not in client_of(cast.lee).get(reverse("desk:desk")).page.text


# -- Who is on today, for residents ------------------------------------------------------------------------------------------


def test_the_public_page_names_who_is_on_today_and_agreed_to_that(cast: Cast, handed: Hand) -> None:
    now = timezone.now()
    begins, ends = now - timedelta(minutes=1), now + timedelta(minutes=1)
    for person in (cast.asha, cast.lee):
        handed.shift(person, begins, ends)
    cast.ben.readiness.create(account=cast.help, ready_from_at=at(0, day=1), signed_at=at(0, day=1))
    handed.draft(cast.ben, begins, ends, reason="x")

    def said() -> str:
        text: str = Pages().get(reverse("public:account", args=["help"])).page.text
        return text

    assert "Who is on today" not in said(), "nobody is named who did not agree to it"
    asha = client_of(cast.asha)
    asha.submit(asha.get(reverse("office:me")).page.form(button="Save"), shown_today="on", sign_off="Warm wishes, A")
    assert "Who is on today Asha “Warm wishes, A”" in said()
    cast.ben.shown_today = True
    cast.ben.save()
    assert "Ben" not in said(), "a draft is no rota"
    assert "Khan" not in said()
    cast.asha.readiness.update(withdrawn_at=now)
    assert "Who is on today" not in said()
