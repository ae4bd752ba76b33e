"""A lead's hand for the rota: who is ready, shifts made and published by the real verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.cast import Cast, at


@dataclass
class Hand:
    """Makes what a test needs, always by Lee, who leads the council."""

    cast: Cast

    def ready(self, person: Any, *accounts: Any, until: datetime | None = None) -> None:
        """Sign somebody off since 1 November."""
        from sociable.cover.models import Readiness

        for account in accounts:
            Readiness.objects.create(
                person=person, account=account, ready_from_at=at(0, day=1), expires_at=until, signed_at=at(0, day=1)
            )

    def wanted(self, person: Any, starts_at: datetime, ends_at: datetime, *accounts: Any) -> Any:
        """A shift as somebody wants it."""
        from sociable.cover.around import Wanted

        return Wanted(person, starts_at, ends_at, accounts or (self.cast.help,))

    def draft(self, person: Any, starts_at: datetime, ends_at: datetime, *accounts: Any, **more: Any) -> Any:
        """A draft of a shift."""
        from sociable.cover import rota

        given = {"by": self.cast.lee, "now": at(8, day=20)} | more
        return rota.make(self.wanted(person, starts_at, ends_at, *accounts), **given)

    def publish(self, *drafts: Any, **more: Any) -> Any:
        """Publish drafts as they stand."""
        from sociable.cover import publishing

        given = {"mark": publishing.mark_of(drafts), "by": self.cast.lee, "now": at(8, day=20)} | more
        return publishing.publish([draft.pk for draft in drafts], **given)

    def shift(self, person: Any, starts_at: datetime, ends_at: datetime, *accounts: Any) -> Any:
        """A published shift, of somebody who is ready or for whom there is a reason."""
        draft = self.draft(person, starts_at, ends_at, *accounts, reason="for the test")
        self.publish(draft)
        draft.refresh_from_db()
        return draft


@pytest.fixture
def hand(cast: Cast) -> Hand:
    """Asha and Lee are ready for the council's help, Ben for its libraries."""
    hand = Hand(cast)
    hand.ready(cast.asha, cast.help, cast.books)
    hand.ready(cast.lee, cast.help)
    hand.ready(cast.ben, cast.books)
    return hand
