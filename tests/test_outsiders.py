"""Proves that every address of the house refuses outsiders: a stranger, somebody of another partner, somebody without a role.

A new address fails here until it is placed: on the list of what the public may see, or among those whose ids are known below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from sociable.conversations.models import Attachment, CallNote, RawInbound, SavedAnswer, SavedFilter
from sociable.directory.models import SchoolHoliday
from sociable.due.models import DueRow
from sociable.people.models import Person, Role
from tests.cast import MONDAY_10, Cast, at

# What anybody may ask for, each for its reason. A private link is guarded by its token: see the test of wrong ones below.
PUBLIC = {
    *(
        "public:ask",
        "public:ask_account",
        "public:accounts",
        "public:account",
        "public:accounts_json",
        "public:accounts_csv",
    ),
    *(
        "public:ours",
        "public:fair",
        "public:accessibility",
        "public:privacy",
        "public:robots",
        "public:postbox",
        "public:website",
    ),
    *("public:receipt", "public:receipt_add", "public:receipt_file", "public:told"),
    *("health_live", "health_ready"),
    *("api:rota_feed", "api:holes_feed"),  # guarded by a secret, which is no token anybody was given
    "api:hook",  # guarded by its token and by what the network signs
    *("account_login", "account_logout", "account_inactive", "account_signup"),
    *("account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("mfa_authenticate", "mfa_login_webauthn", "account_email", "mfa_index"),
}
# Pages that show each person only what is theirs, so that somebody without a role sees them, empty.
ONES_OWN = {
    "planning:forecast",
    *(
        "desk:desk",
        "desk:my_day",
        "desk:take_next",
        "desk:search",
        "desk:save_filter",
        "desk:saved_answers",
        "desk:saved_answer_new",
    ),
    *("planning:board", "planning:holes", "planning:what_if"),
    *(
        "desk:close_tab",
        "desk:events",
        "desk:begin_call",
        "office:settings",
        "office:me",
        "office:alerts",
        "office:would",
        "office:add_route",
        "desk:told",
        "desk:bell",
    ),
    "planning:ready",
    *("planning:away", "planning:away_new", "planning:away_calendars"),
    *("planning:rota", "planning:rota_mine", "planning:rota_seen", "planning:rota_mine_address", "planning:rota_csv"),
    *("planning:away", "planning:away_new", "planning:away_calendars", "planning:away_bring_in"),
    *("planning:rota", "planning:rota_mine", "planning:rota_seen", "planning:wishes", "planning:wish_new"),
    *("account_reauthenticate", "account_change_password", "account_set_password", "mfa_reauthenticate"),
    *(
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_reauthenticate_webauthn",
    ),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
}
# Lists in which somebody with a role elsewhere sees their own body alone. What they hold of ours is looked for in the answer.
OWN_BODY = {
    *("office:accounts", "office:add_account", "office:partners", "office:people", "office:add_person"),
    *("office:trail", "office:trouble", "office:connections", "office:tallies", "office:tallies_csv"),
    *("planning:sign_off", "planning:ready_bring_in"),
    *(
        "planning:rota_add",
        "planning:rota_bring",
        "planning:rota_publish",
        "planning:rota_patterns",
        "planning:rota_pattern_new",
        "planning:rota_people",
        "planning:proposals",
    ),
}
OURS = ("My bin", "Dev Patel", "Ashby", "Asha", "secret subject")


@dataclass(frozen=True)
class Address:
    """One address of the resolver, with real ids of the council in its place."""

    name: str
    path: str


def addresses(ids: dict[str, Any]) -> Iterator[Address]:
    for name, names_of_ids in _patterns(get_resolver().url_patterns, ""):
        if not name:
            raise AssertionError("An address without a name cannot be placed.")
        missing = [each for each in names_of_ids if each not in ids]
        if missing:
            raise AssertionError(f"{name} takes {missing}: give this test a real one of the council.")
        yield Address(name, reverse(name, kwargs={each: ids[each] for each in names_of_ids}))


def _patterns(patterns: Any, prefix: str, before: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    for pattern in patterns:
        named = (*before, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            yield from _patterns(
                pattern.url_patterns, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix, named
            )
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}" if pattern.name else "", list(named)


@pytest.fixture
def ids(cast: Cast) -> dict[str, Any]:
    """A real one of everything, all of the council."""
    message = cast.mail(subject="secret subject")
    raw = RawInbound.objects.get(message=message)
    RawInbound.objects.filter(pk=raw.pk).update(state=RawInbound.State.UNREADABLE)
    attachment = Attachment.objects.create(
        message=message, name="a.txt", content_type="text/plain", size_bytes=1, sha256="0" * 64
    )
    row = DueRow.objects.filter(kind="warn").first()
    assert row is not None
    DueRow.objects.filter(pk=row.pk).update(set_aside_at=at(11))
    role = Role.objects.get(person=cast.asha)
    from allauth.mfa.models import Authenticator

    key = Authenticator.objects.create(
        user=cast.asha, type=Authenticator.Type.WEBAUTHN, data={"name": "k", "credential": {}}
    )
    return {
        "conversation_id": message.conversation_id,
        "message_id": message.pk,
        "raw_id": raw.pk,
        "attachment_id": attachment.pk,
        "filter_id": SavedFilter.objects.create(person=cast.asha, name="f", query="view=mine").pk,
        "saved_id": SavedAnswer.objects.create(partner=cast.council, title="secret subject", text="t").pk,
        "call_id": CallNote.objects.create(
            person=cast.asha,
            channel="phone",
            typed={"asked": "secret subject"},
            begun_at=MONDAY_10,
            kept_at=MONDAY_10,
        ).pk,
        "account_id": cast.help.pk,
        "partner_id": cast.council.pk,
        "holiday_id": SchoolHoliday.objects.create(
            partner=cast.council,
            name="Half-term",
            first_on=MONDAY_10.date(),
            last_on=MONDAY_10.date(),
            set_at=MONDAY_10,
        ).pk,
        "service_id": cast.libraries.pk,
        "person_id": cast.asha.pk,
        "role_id": role.pk,
        "row_id": row.pk,
        **_told(cast),
        "name": "close",
        "tally_id": _tally(cast.help),
        "proposal_id": _rota_proposal(cast),
        "away_id": _away(cast.asha),
        "feed_id": _feed(cast.asha),
        "wish_id": _wish(cast.asha),
        "limit": "attachments_bytes",
        "kind": "email",
        "slug": cast.help.slug,
        "token": "not-a-token-anybody-was-given",
        "pk": key.pk,
        "uidb36": "1",
        "key": "not-a-key",
        **_rota(cast),
    }


def _feed(person: Any) -> int:
    from sociable.cover.models import CalendarFeed

    return int(CalendarFeed.objects.create(person=person, name="secret subject", sealed_address="x").pk)


def _wish(person: Any) -> int:
    from sociable.cover.wish_models import Wish

    made = Wish.objects.create(
        person=person, rather=False, weekdays=[0], private_reason="secret subject", stated_at=at(9)
    )
    return int(made.pk)


def _away(person: Any) -> int:
    from sociable.cover.models import TimeAway

    made = TimeAway.objects.create(
        person=person, kind="leave", starts_at=at(9), ends_at=at(17), private_reason="secret subject", asked_at=at(9)
    )
    return int(made.pk)


def _rota(cast: Cast) -> dict[str, int]:
    from sociable.cover.models import HandOver, Shift, ShiftPattern, Swap

    shift = Shift.objects.create(
        person=cast.asha, starts_at=at(9), ends_at=at(17), state="published", made_at=at(8), note="secret subject"
    )
    shift.accounts.add(cast.help)
    pattern = ShiftPattern.objects.create(partner=cast.council, name="secret subject", begins="09:00", ends="17:00")
    pattern.accounts.add(cast.help)
    left = HandOver.objects.create(account=cast.help, written_by=cast.asha, text="secret subject", written_at=at(9))
    swap = Swap.objects.create(
        shift=shift, asked_by=cast.asha, offered_to=cast.lee, words="secret subject", asked_at=at(8)
    )
    return {"shift_id": shift.pk, "pattern_id": pattern.pk, "hand_over_id": left.pk, "swap_id": swap.pk}


def _told(cast: Cast) -> dict[str, int]:
    """A route of Asha's, and something she was told."""
    from sociable.alerts.models import Notice, Route

    route = Route.objects.create(person=cast.asha, kind="desk", name="secret subject", added_at=MONDAY_10)
    told = {"person": cast.asha, "route": route, "due_at": MONDAY_10, "made_at": MONDAY_10, "state": "handed"}
    return {"route_id": route.pk, "notice_id": Notice.objects.create(key="told", **told).pk}


def _rota_proposal(cast: Cast) -> int:
    from sociable.cover import proposals
    from sociable.domain.cover.proposal import Span

    asked = proposals.Asked((cast.help,), Span(at(0, day=24), at(0, day=25)))
    return int(proposals.ask(asked, by=cast.lee, now=MONDAY_10).pk)


def _tally(account: Any) -> int:
    from sociable.directory import tallies

    made = tallies.keep(account, day_on=MONDAY_10.date(), now=MONDAY_10, listed=0, stored=0, figures={}, differences=[])
    return int(made.pk)


def ask(person: Person | None, path: str, method: str) -> Any:
    client = Client(raise_request_exception=True)
    if person is not None:
        client.force_login(Person.objects.get(pk=person.pk))
    if path.endswith("/events"):
        return client.get(path)
    return client.post(path, {}) if method == "post" else client.get(path)


def refused(response: Any) -> bool:
    """Sent to sign in, forbidden, or not there."""
    to_sign_in = response.status_code == 302 and response["Location"].startswith(reverse(settings.LOGIN_URL))
    return to_sign_in or response.status_code in (401, 403, 404)


def wrong_method(response: Any) -> bool:
    return response.status_code == 405


def test_every_address_is_placed_and_every_place_is_an_address(ids: dict[str, Any]) -> None:
    known = {each.name for each in addresses(ids)}
    assert known >= PUBLIC, PUBLIC - known
    assert known >= OWN_BODY, OWN_BODY - known
    assert ONES_OWN - known <= {"desk:events"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_sees_the_public_pages_alone(ids: dict[str, Any], method: str) -> None:
    for each in addresses(ids):
        if each.name not in PUBLIC:
            response = ask(None, each.path, method)
            assert refused(response) or wrong_method(response), (each, response.status_code)
            assert not response.content or not _tells(response), each


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["another partner", "an administrator elsewhere", "nobody's"])
def test_another_body_sees_nothing_of_ours(cast: Cast, ids: dict[str, Any], who: str, method: str) -> None:
    person = cast.olu if who == "nobody's" else cast.cara
    if who == "an administrator elsewhere":
        Role.objects.create(person=person, kind="administrator", partner=cast.trust)
    for each in addresses(ids):
        if each.name in PUBLIC:
            continue
        response = ask(person, each.path, method)
        if each.name in ONES_OWN or (each.name in OWN_BODY and who == "an administrator elsewhere"):
            assert not _tells(response), each
        elif each.name in OWN_BODY and who == "another partner":
            assert refused(response) or wrong_method(response) or not _tells(response), each
        else:
            assert refused(response) or wrong_method(response), (each, response.status_code)
            assert not _tells(response), each


def _tells(response: Any) -> list[str]:
    """What of ours an answer holds; the reader's own name in the page's head is theirs."""
    if getattr(response, "streaming", False):
        return []
    text = response.content.decode(errors="replace")
    return [word for word in OURS if re.search(rf"\b{word}\b", text)]


def test_these_people_would_see_it_if_they_might(cast: Cast, ids: dict[str, Any]) -> None:
    """The other side: the walk above refuses outsiders, not everybody."""
    asha = [
        each.name
        for each in addresses(ids)
        if each.name.startswith("desk:") and ask(cast.asha, each.path, "get").status_code == 200
    ]
    assert {"desk:conversation", "desk:desk", "desk:raw"} <= set(asha)
    Role.objects.create(person=cast.lee, kind="administrator", partner=cast.council)
    office = {
        each.name: ask(cast.lee, each.path, "get").status_code
        for each in addresses(ids)
        if each.name.startswith("office:")
    }
    assert office.pop("office:route") == 404  # whose route it is alone
    assert set(office.values()) <= {200, 302, 405}, office


@pytest.mark.parametrize("name", ["public:receipt", "public:receipt_add", "public:told"])
def test_a_private_link_is_not_guessed(ids: dict[str, Any], name: str) -> None:
    for method in ("get", "post"):
        assert ask(None, reverse(name, args=[ids["token"]]), method).status_code in (404, 405)


def test_somebody_switched_off_is_a_stranger(cast: Cast, ids: dict[str, Any]) -> None:
    client = Client()
    client.force_login(cast.asha)
    path = reverse("desk:conversation", args=[ids["conversation_id"]])
    assert client.get(path).status_code == 200
    Person.objects.filter(pk=cast.asha.pk).update(is_active=False)
    assert refused(client.get(path))


def test_a_shared_conversation_is_seen_and_no_other(cast: Cast, ids: dict[str, Any]) -> None:
    from sociable.conversations.models import Share

    other = cast.ask("Not shared", email="else@example.org", when=at(11)).conversation_id
    Share.objects.create(
        conversation_id=ids["conversation_id"],
        partner=cast.trust,
        shared_by=cast.lee,
        shared_at=MONDAY_10,
        reason="Joint care",
    )
    assert ask(cast.cara, reverse("desk:conversation", args=[ids["conversation_id"]]), "get").status_code == 200
    assert ask(cast.cara, reverse("desk:conversation", args=[other]), "get").status_code == 404


# What a colleague who answers for the same account, and plans nobody, reads of cover; everything else of planning is the planners'.
COLLEAGUES_READ = {
    *("planning:account_cover", "planning:hole", "planning:account_forecast", "planning:forecast_csv"),
    "planning:rota_account",
}


OTHERS_ALERTS = {
    *("office:route", "office:move_route", "office:try_route", "office:remove_route", "office:account_alerts"),
    "desk:have",
}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_colleague_reads_the_rota_and_nothing_that_is_private(cast: Cast, ids: dict[str, Any], method: str) -> None:
    from sociable.cover.models import Shift, TimeAway
    from sociable.people.models import AuditEvent

    Shift.objects.update(note="")  # a note on a shift is for everybody
    TimeAway.objects.update(state="agreed")
    dana = Person.objects.create_user("dana@staff.example.org", "a long enough password", name="Dana Fox")
    Role.objects.create(person=dana, kind="answerer", partner=cast.council)
    known = AuditEvent.objects.count()
    for each in addresses(ids):
        if each.name in PUBLIC or not (each.name.startswith("planning:") or each.name in OTHERS_ALERTS):
            continue
        response = ask(dana, each.path, method)
        if each.name not in ONES_OWN | COLLEAGUES_READ:
            assert refused(response) or wrong_method(response), (each, response.status_code)
        assert not re.search(
            r"secret subject|Leave\b.*Asha|Asha.{0,40}(on leave|off sick)", response.content.decode()
        ), each
    written = AuditEvent.objects.order_by("pk")[known:]
    assert {event.object_id for event in written if event.object_kind == "person"} <= {dana.pk}
