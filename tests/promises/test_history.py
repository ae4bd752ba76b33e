"""What came, counted by half hour, and how long answers took."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sociable.promises.history import arrivals, minutes_taken
from tests.cast import Cast, at
from tests.cover.past import requests

pytestmark = pytest.mark.django_db


def test_requests_are_counted_by_account_channel_and_half_hour(cast: Cast) -> None:
    requests(cast.help, [at(9, 0), at(9, 29), at(9, 30)])
    requests(cast.help, [at(9, 10)], channel="email")
    requests(cast.books, [at(9, 10)])
    found = arrivals([cast.help.pk], at(9), at(12))
    half_past_nine = int(at(9, 30).timestamp()) // 1800
    assert sorted((one.channel, one.half_hour - half_past_nine, one.requests) for one in found) == [
        ("email", -1, 1), ("form", -1, 2), ("form", 0, 1),
    ]  # fmt: skip


def test_what_was_no_request_and_what_lies_outside_is_not_counted(cast: Cast) -> None:
    from sociable.promises.models import Wait

    requests(cast.help, [at(9, 0), at(9, 10), at(12, 0), at(8, 59)])
    Wait.objects.filter(started_at=at(9, 10)).update(ended="not_request", ended_at=at(9, 20))
    assert sum(one.requests for one in arrivals([cast.help.pk], at(9), at(12))) == 1


def test_an_answer_took_as_long_as_since_the_one_before_if_it_had_waited(cast: Cast) -> None:
    from sociable.promises.models import Wait

    requests(cast.help, [at(9, 0), at(9, 1), at(9, 20), at(9, 21), at(9, 2)], answered=cast.asha)
    ended = [at(9, 10), at(9, 17), at(9, 40), at(12, 0), at(9, 30)]
    for wait, at_ in zip(Wait.objects.order_by("pk"), ended, strict=True):
        wait.ended_at = at_
        wait.save()
    # 9:10 is the first of the day; 9:17 took 7 minutes; 9:30 had waited since 9:02: 13; 9:40 had waited: 10; 12:00 is too long.
    assert minutes_taken([cast.help.pk], at(0)) == {(cast.help.pk, "form"): [7.0, 13.0, 10.0]}
    Wait.objects.filter(ended_at=at(9, 30)).update(ended_by=cast.ben)
    # Ben's first says nothing, and the answer of 9:40 came 23 minutes after Asha's last, but its request only after that.
    assert minutes_taken([cast.help.pk], at(0)) == {(cast.help.pk, "form"): [7.0]}


def test_what_came_after_the_last_answer_says_nothing(cast: Cast) -> None:
    requests(cast.help, [at(9, 0), at(9, 30)], answered=cast.asha)
    assert minutes_taken([cast.help.pk], at(9) - timedelta(days=1)) == {}
