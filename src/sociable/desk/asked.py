"""Reads from the address what a person asks of the desk: which view, which of their accounts, which page.

What a person may see comes from permissions; which conversations a view holds is decided by in_view.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from sociable.cover import duty
from sociable.directory.models import Account
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises.lines import Line


@dataclass(frozen=True, slots=True)
class View:
    """One view of the desk."""

    key: str
    name: str
    icon: str
    tone: str = ""


VIEWS = (
    View("next", "Next for me", "take", "accent"),
    View("mine", "Mine", "person"),
    View("chat", "Web chat", "chat", "accent"),
    View("unclaimed", "Unclaimed", "list"),
    View("risk", "At risk", "alert", "late"),
    View("window", "Reply soon or not at all", "clock", "late"),
    View("waiting", "Waiting for them", "reply"),
    View("put-off", "Put off", "snooze"),
    View("sending", "Sending trouble", "send", "late"),
    View("check", "To check", "eye"),
)


@dataclass
class Asked:
    """What a person asked of the desk, read from the address; anything odd in it is left out."""

    person: Person
    view: str = "next"
    account_slug: str = ""
    channel: str = ""
    after: str = ""
    all_accounts: list[Account] = field(default_factory=list)

    @classmethod
    def read(cls, person: Person, query: QueryDict) -> Asked:
        """This function will read view, account and page from an address."""
        view = query.get("view", "next")
        asked = cls(
            person,
            view if view in {v.key for v in VIEWS} else "next",
            query.get("account", ""),
            after=query.get("after", ""),
        )
        asked.all_accounts = list(
            Account.objects.visible_to(person).select_related("partner", "service", "answered_from__partner")
        )
        return asked

    @cached_property
    def accounts(self) -> list[Account]:
        """The accounts the person may see, or only the one asked for."""
        return [account for account in self.all_accounts if self.account_slug in ("", account.slug)]

    @cached_property
    def answering(self) -> list[Account]:
        """Those of them that the person may answer."""
        return [account for account in self.accounts if permissions.can_answer(self.person, account.place)]

    @cached_property
    def offered(self) -> list[Account]:
        """Those of them whose next request is theirs to take: for which they are signed off, or nobody is."""
        return duty.ready_among(self.person, self.answering, timezone.now())[0]

    @cached_property
    def unclaimed(self) -> Line:
        """The line of those accounts: what nobody holds."""
        return Line(self.accounts)

    @cached_property
    def next(self) -> Line:
        """The line the person answers from: what nobody else holds."""
        if len(self.offered) == len(self.accounts):
            return self.unclaimed.but(holder=self.person)
        return Line(self.offered, holder=self.person)

    @cached_property
    def everything(self) -> Line:
        """The line of those accounts whoever holds what."""
        return self.unclaimed.but(anyone=True)

    def address(self, **changes: str) -> str:
        """This function will return the desk's address with these changes, and without a page unless one is named."""
        query = QueryDict(mutable=True)
        for name, value in ({"view": self.view, "account": self.account_slug} | changes).items():
            if value:
                query[name] = value
        return f"{reverse('desk:desk')}?{query.urlencode()}"
