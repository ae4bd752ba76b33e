"""The ways an answer may leave: in one order, as far as network and account allow, and never private words in public."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.text import Limit, fits, private_in
from sociable.domain.ways import Carrier, Judged, Way, judge

TODAY = date(2026, 11, 27)
NETWORK = Carrier(
    public=True,
    limits=(Limit("characters", 100),),
    most_parts=4,
    private_replies=True,
    private_limits=(Limit("characters", 1000),),
)
LONG = "We collect on Tuesday. " * 8
PRIVATE = "Your NHS number is 943 476 5919."


def of(text: str, carrier: Carrier = NETWORK) -> Judged:
    return judge(text, carrier, private_in(text, today=TODAY))


def ways(text: str, carrier: Carrier = NETWORK) -> list[Way]:
    return [offer.way for offer in of(text, carrier).offers]


def test_too_long_is_offered_every_way_in_the_steady_order() -> None:
    judged = of(LONG)
    assert ways(LONG) == [Way.AS_IT_IS, Way.THREAD, Way.PRIVATE, Way.LINK, Way.EMAIL]
    assert judged.too_long
    assert judged.over == len(LONG.strip()) - 100
    assert judged.offers[0].words == f"Shorten it: it is {judged.over} characters too long"
    assert judged.offers[1].words == "In 2 numbered parts"
    assert all(fits(part, NETWORK.limits) for part in judged.offers[1].parts)


def test_one_too_many_is_said_of_one() -> None:
    assert "1 character too long" in of("a" * 101).offers[0].words


def test_too_private_for_the_public_is_offered_in_private() -> None:
    assert ways(PRIVATE) == [Way.AS_IT_IS, Way.PRIVATE, Way.LINK, Way.EMAIL]
    assert [one.kind for one in of(PRIVATE).exposed] == ["nhs_number"]
    assert not of(PRIVATE).too_long
    assert [offer.way for offer in of(PRIVATE + LONG).offers if offer.in_public] == [Way.AS_IT_IS, Way.THREAD]


def test_a_link_in_public_is_for_everybody_so_nothing_private_stands_behind_it() -> None:
    no_private = replace(NETWORK, private_replies=False)
    assert ways(LONG, no_private) == [Way.AS_IT_IS, Way.THREAD, Way.LINK, Way.EMAIL]
    assert not of(LONG, no_private).offers[2].leaves_line  # the link is itself what onlookers read
    assert ways(PRIVATE, no_private) == [Way.AS_IT_IS, Way.EMAIL]
    assert Way.LINK not in ways(PRIVATE + LONG, no_private)


def test_where_only_they_read_it_nothing_is_too_private_and_nothing_needs_a_line() -> None:
    alone = replace(NETWORK, public=False)
    assert of(PRIVATE, alone).exposed == ()
    assert ways(LONG, alone) == [Way.AS_IT_IS, Way.THREAD, Way.LINK, Way.EMAIL]
    assert not any(offer.leaves_line for offer in of(LONG, alone).offers)


def test_what_moves_from_the_public_leaves_a_line_for_onlookers() -> None:
    assert [offer.way for offer in of(LONG).offers if offer.leaves_line] == [Way.PRIVATE, Way.LINK, Way.EMAIL]


def test_an_address_is_asked_for_only_where_none_is_known() -> None:
    assert of(LONG).offers[-1].asks_email
    known = of(LONG, replace(NETWORK, email="dev@example.org")).offers[-1]
    assert (known.asks_email, known.words) == (False, "By email to dev@example.org")


@pytest.mark.parametrize("way", [Way.THREAD, Way.PRIVATE, Way.LINK, Way.EMAIL])
def test_what_an_account_does_not_allow_is_not_offered(way: Way) -> None:
    carrier = replace(NETWORK, allowed=frozenset(Way) - {way})
    assert ways(LONG, carrier) == [one for one in Way if one is not way]


def test_more_parts_than_the_network_takes_are_not_offered() -> None:
    assert Way.THREAD not in ways(LONG * 4)
    assert Way.THREAD not in ways(LONG, replace(NETWORK, most_parts=1))
    assert Way.PRIVATE in ways(LONG * 4)


def test_a_private_message_has_its_own_limit_and_may_go_in_parts() -> None:
    narrow = replace(NETWORK, private_limits=(Limit("characters", 120),))
    assert of(LONG, narrow).offer(Way.PRIVATE).words == "As 2 numbered private messages"  # type: ignore[union-attr]
    assert Way.PRIVATE not in ways(LONG * 4, narrow)


def test_email_carries_everything_so_nothing_else_is_offered() -> None:
    assert ways(LONG + PRIVATE, Carrier(private_replies=True)) == [Way.AS_IT_IS]
    assert ways(LONG + PRIVATE, Carrier()) == [Way.AS_IT_IS]


@given(st.text(max_size=400), st.booleans(), st.booleans(), st.integers(1, 6))
def test_the_order_is_steady_and_every_part_fits_where_it_goes(
    text: str, public: bool, replies: bool, most: int
) -> None:
    carrier = replace(NETWORK, public=public, private_replies=replies, most_parts=most)
    judged = of(text, carrier)
    order = [list(Way).index(offer.way) for offer in judged.offers]
    assert order == sorted(order)
    for offer in judged.offers:
        if offer.way is Way.THREAD:
            assert all(fits(part, carrier.limits) for part in offer.parts)
        assert offer.in_public == (
            public and (offer.way in (Way.AS_IT_IS, Way.THREAD) or not (offer.leaves_line or offer.way is Way.EMAIL))
        )
        if offer.way is Way.PRIVATE:
            assert all(fits(part, carrier.private_limits) for part in offer.parts)


def test_where_nothing_of_ours_can_be_said_it_goes_by_email_alone_and_leaves_no_line():
    carrier = Carrier(public=True, limits=(Limit("characters", 5),), most_parts=9, private_replies=True, shut=True)
    offers = judge("Much too long for there", carrier).offers
    assert [(offer.way, offer.leaves_line) for offer in offers] == [(Way.AS_IT_IS, False), (Way.EMAIL, False)]
    assert Carrier(shut=True).is_narrow
