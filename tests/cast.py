"""The people and bodies that tests play with: a council and a trust, three accounts, and who works where.

Requests arrive by the real way in: raw first, then read. What a test is about is left to the test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

MONDAY_10 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOURS = "Mo-Fr 09:00-17:00; PH off"


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    """An instant of November 2026, when London keeps UTC: the 23rd is a Monday, and all of that week is open."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@dataclass
class Cast:
    """Asha answers for the whole council, Ben for its libraries, Lee leads, Cara works for the trust, Olu for nobody."""

    council: Any
    trust: Any
    libraries: Any
    help: Any  # two hours of open time
    books: Any  # two working days
    clinic: Any
    asha: Any
    ben: Any
    lee: Any
    cara: Any
    olu: Any

    def ask(
        self, text: str = "When is my bin collected?", *, when: datetime = MONDAY_10, account: Any = None, **said: Any
    ) -> Any:
        """A resident asks by the public form; the message that came of it."""
        from sociable.channels.base import RawItem
        from sociable.channels.form.adapter import raw
        from sociable.conversations.raw_inbound import content_id
        from sociable.journeys import receive

        typed = {"name": "Dev Patel", "email": "dev@example.org", "subject": "My bin"} | said
        content = raw(text=text, **typed)
        item = RawItem(f"{content_id(content)}:{when.isoformat()}", content, when, "")
        return receive.read_all(receive.store(account or self.help, "form", [item], fetched_at=when), when)[0]

    def mail(
        self, text: str = "When is my bin collected?", *, when: datetime = MONDAY_10, account: Any = None, html: str = "",
        sender: str = "Dev Patel <dev@example.org>", subject: str = "My bin", **headers: str,
    ) -> Any:  # fmt: skip
        """A resident writes an email; the message that came of it."""
        from sociable.channels.base import RawItem
        from sociable.conversations.raw_inbound import content_id
        from sociable.journeys import receive

        mail = EmailMessage()
        given = {"From": sender, "To": (account or self.help).address, "Subject": subject} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        given.setdefault("Message-ID", f"<{abs(hash((text, when, sender)))}@example.org>")
        for name, value in given.items():
            mail[name] = value
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        item = RawItem(content_id(mail.as_bytes()), mail.as_bytes(), when, "")
        return receive.read_all(receive.store(account or self.help, "email", [item], fetched_at=when), when)[0]

    def reply_to(self, conversation: Any) -> str:
        """The address to which answers in a conversation go."""
        from django.conf import settings

        from sociable.channels.registry import adapter_class

        key = settings.SECRET_KEY.encode()
        return adapter_class("email").reply_address_for(conversation.account.address, conversation.pk, key)


@pytest.fixture
def cast(db: None) -> Cast:
    """Bodies, accounts with hours and promises, and people."""
    from sociable.directory.models import Account, HoursVersion, PromiseVersion
    from sociable.people.models import Partner, Person, Role, Service

    def body(slug: str, name: str, kind: str) -> Any:
        return Partner.objects.create(
            slug=slug, name=name, short_name=name.split(maxsplit=1)[0], kind=kind, crisis_words="In danger? Call 999."
        )

    def account(partner: Any, slug: str, name: str, *, service: Any = None, **promise: Any) -> Any:
        made = Account.objects.create(
            partner=partner, service=service, slug=slug, name=name, address=f"{slug}@{partner.slug}.example.org",
            stage=Account.Stage.LIVE, sends_receipts=False,
        )  # fmt: skip
        HoursVersion.objects.create(account=made, valid_from_on=date(2026, 1, 1), notation=HOURS, stated_at=at(9))
        PromiseVersion.objects.create(account=made, valid_from_on=date(2026, 1, 1), stated_at=at(9), **promise)
        return made

    def person(first: str, last: str, kind: str = "", partner: Any = None, **where: Any) -> Any:
        made = Person.objects.create_user(
            f"{first.lower()}@staff.example.org", "a long enough password", name=f"{first} {last}"
        )
        if kind:
            Role.objects.create(person=made, kind=kind, partner=partner, **where)
        return made

    council, trust = body("ashby", "Ashby City Council", "council"), body("vale", "Vale Hospitals Trust", "nhs_trust")
    libraries = Service.objects.create(partner=council, slug="libraries", name="Libraries")
    help_account = account(council, "help", "Ashby Help", form="open_time", minutes=120)
    books = account(council, "libraries", "Ashby Libraries", service=libraries, form="working_days", days=2)
    clinic = account(trust, "clinic", "Vale Clinic", form="open_time", minutes=240)
    return Cast(
        council, trust, libraries, help_account, books, clinic,
        asha=person("Asha", "Khan", "answerer", council),
        ben=person("Ben", "Hall", "answerer", council, service=libraries),
        lee=person("Lee", "Ward", "service_lead", council),
        cara=person("Cara", "Moss", "answerer", trust),
        olu=person("Olu", "Ade"),
    )  # fmt: skip


def later(instant: datetime, **how_much: float) -> datetime:
    """An instant so much later."""
    return instant + timedelta(**how_much)
