"""How likely promises are kept, worked out by the worker and kept for a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sociable.cover.outlook_models import Outlook
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import outlooks
from sociable.journeys.foresee import every_with, foresee
from sociable.worker import loop
from tests.cast import Cast
from tests.planning.test_forecast import busy  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def work_out() -> None:
    now = timezone.now()
    DueRow.objects.filter(kind=outlooks.KIND).update(next_at=now, due_at=now)
    loop.do_due([outlooks.KIND])


def test_every_account_that_answers_is_due_once_and_one_after_another(cast: Cast) -> None:
    now = timezone.now()
    assert outlooks.schedule_missing(now) == 3
    assert outlooks.schedule_missing(now) == 0
    times = DueRow.objects.filter(kind="outlook").order_by("due_at").values_list("due_at", flat=True)
    assert [at - now for at in times] == [n * outlooks.APART for n in range(3)]


def test_what_is_kept_is_what_the_accounts_own_page_would_say(busy: Any) -> None:  # noqa: F811 - the fixture
    outlooks.schedule_missing(timezone.now())
    work_out()
    kept = Outlook.objects.get(account=busy.help)
    found = foresee(busy.help, every_with([busy.help]), kept.worked_out_at, outlooks.EVENTS)
    assert found.together.chance is not None
    assert kept.chance == found.together.chance.share
    assert [each["on"] for each in kept.days] == [
        (found.expected.first_on + timedelta(days=n)).isoformat() for n in range(14)
    ]
    assert [each["chance"] for each in kept.days] == [day.chance.share if day.chance else None for day in found.days]
    row = DueRow.objects.get(subject_id=busy.help.pk, kind="outlook")
    assert row.done_at is None
    assert row.due_at == kept.worked_out_at + outlooks.EVERY


def test_an_account_that_answers_no_more_is_forgotten(cast: Cast) -> None:
    now = timezone.now()
    Outlook.objects.create(account=cast.help, worked_out_at=now, chance=0.9, days=[])
    due.ask([due.Due(outlooks.KIND, f"outlook:{cast.help.pk}", cast.help.pk, now)])
    type(cast.help).objects.filter(pk=cast.help.pk).update(stage="resting")
    work_out()
    assert not Outlook.objects.exists()
    assert DueRow.objects.get(kind="outlook").done_at is not None
