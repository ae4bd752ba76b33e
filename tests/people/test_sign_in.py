"""Proves who can sign in and who cannot, what wrong tries are told, and that a new password's link really leaves by mail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse

from sociable.config.mail import NotSent
from sociable.people.models import Person
from sociable.people.sign_in import SecondStep
from tests.cast import Cast
from tests.pages import Pages
from tests.servers.smtp import scripted_smtp

PASSWORD = "a long enough password"
SIGN_IN = "/sign-in/"


@pytest.fixture(autouse=True)
def _fresh_limits(db: None) -> None:
    cache.clear()


def sign_in(pages: Pages, email: str, password: str = PASSWORD, **more: str) -> Any:
    form = pages.get(SIGN_IN).page.form(button="Sign in")
    return pages.submit(form, login=email, password=password, **more)


def test_a_person_signs_in_whatever_the_capitals_and_out_again(cast: Cast, pages: Pages) -> None:
    assert sign_in(pages, "ASHA@staff.example.org")["Location"] == reverse("desk:my_day")
    assert pages.get(reverse("office:me")).status_code == 200
    pages.submit(pages.get("/sign-in/out/").page.form(button="Sign out"))
    assert pages.get(reverse("office:me")).status_code == 302


@pytest.mark.parametrize(
    ("email", "password"), [("asha@staff.example.org", "wrong"), ("nobody@staff.example.org", PASSWORD)]
)
def test_a_wrong_try_is_told_the_same_whoever_it_names(cast: Cast, pages: Pages, email: str, password: str) -> None:
    page = sign_in(pages, email, password).page
    assert page.errors == ["The email address and password do not match. Check both and try again."]
    assert page.form(button="Sign in").fields["login"] == email


def test_too_many_wrong_tries_are_slowed_down_in_a_sentence(cast: Cast, pages: Pages) -> None:
    for _ in range(5):
        sign_in(pages, "asha@staff.example.org", "wrong")
    assert "Too many wrong tries" in sign_in(pages, "asha@staff.example.org").page.errors[0]
    assert pages.get(reverse("office:me")).status_code == 302


def test_too_many_requests_from_one_machine_get_a_page_that_says_so(cast: Cast, pages: Pages) -> None:
    """Asking for new passwords in a loop, say."""
    answers = [pages.post("/sign-in/password/forgotten/", {"email": f"a{n}@example.org"}) for n in range(25)]
    assert answers[-1].status_code == 429
    assert "Wait a few minutes" in answers[-1].page.text


def test_nobody_signs_up(cast: Cast, pages: Pages) -> None:
    page = pages.get("/sign-in/sign-up/").page
    assert "Nobody signs up here" in page.text
    pages.post("/sign-in/sign-up/", {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD})
    assert not Person.objects.filter(email="new@example.org").exists()


def test_example_people_are_refused_in_a_real_installation(cast: Cast, pages: Pages, settings: Any) -> None:
    Person.objects.filter(pk=cast.asha.pk).update(is_example=True)
    sign_in(pages, cast.asha.email)
    assert pages.get(reverse("office:me")).status_code == 200
    settings.EXAMPLE = False
    assert pages.get(reverse("office:me")).status_code == 302, "one who is in is out with the next click"
    fresh = Pages()
    sign_in(fresh, cast.asha.email)
    assert fresh.get(reverse("office:me")).status_code == 302
    assert sign_in(Pages(), cast.ben.email)["Location"] == reverse("desk:my_day")


def test_somebody_switched_off_is_refused(cast: Cast, pages: Pages) -> None:
    Person.objects.filter(pk=cast.asha.pk).update(is_active=False)
    response = sign_in(pages, cast.asha.email)
    assert "no longer signs in here" in pages.get(response["Location"]).page.text
    assert pages.get(reverse("office:me")).status_code == 302


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(cast: Cast, pages: Pages, mailoutbox: Any) -> None:
    form = pages.get("/sign-in/password/forgotten/").page.form(button="Send the link")
    assert "Look in your mail" in pages.get(pages.submit(form, email=cast.asha.email)["Location"]).page.text
    link = re.search(r"http://[^/]+(/\S+)", mailoutbox[0].body)
    assert link is not None
    page = pages.get(link[1], follow=True)
    assert page.page.form(button="Save password").action
    too_short = pages.submit(page.page.form(button="Save password"), password1="short", password2="short")
    assert "too short" in too_short.page.errors[0]
    pages.submit(
        page.page.form(button="Save password"), password1="another long password", password2="another long password"
    )
    assert Person.objects.get(pk=cast.asha.pk).check_password("another long password")
    assert "This link has been used" in Pages().get(link[1], follow=True).page.text


def test_asking_for_a_stranger_says_the_same_and_tells_the_address(cast: Cast, pages: Pages, mailoutbox: Any) -> None:
    form = pages.get("/sign-in/password/forgotten/").page.form(button="Send the link")
    assert "Look in your mail" in pages.get(pages.submit(form, email="stranger@example.org")["Location"]).page.text
    assert "nobody signs in here with that address" in mailoutbox[0].body


def test_the_password_is_changed_by_who_knows_it(cast: Cast, pages: Pages) -> None:
    sign_in(pages, cast.asha.email)
    form = pages.get("/sign-in/password/").page.form(button="Change password")
    fresh = {"password1": "another long password", "password2": "another long password"}
    assert "not your password now" in pages.submit(form, oldpassword="wrong", **fresh).page.errors[0]
    pages.submit(form, oldpassword=PASSWORD, **fresh)
    assert Person.objects.get(pk=cast.asha.pk).check_password("another long password")
    assert pages.get(reverse("office:me")).status_code == 200


def test_an_authenticator_app_is_added_asked_for_and_its_key_is_sealed(cast: Cast, pages: Pages) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    def code(secret: str) -> str:
        return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))

    sign_in(pages, cast.asha.email)
    asked = pages.get("/sign-in/app/activate/", follow=True)
    assert "Is it still you?" in asked.page.text
    pages.submit(asked.page.form(button="Go on"), password=PASSWORD)
    page = pages.get("/sign-in/app/activate/")
    assert "<svg" in page.content.decode(), "a picture the content security policy allows"
    secret = page.page.all("code")[0].text or ""
    wrong = pages.submit(page.page.form(button="Add the app"), code="000000")
    assert "not right" in wrong.page.errors[0]
    added = pages.submit(wrong.page.form(button="Add the app"), code=code(secret))
    codes = pages.get(added["Location"])
    assert "Recovery codes" in codes.page.text
    stored = Authenticator.objects.get(user=cast.asha, type="totp").data["secret"]
    assert secret not in stored
    assert SecondStep().decrypt(stored) == secret
    cache.clear()
    fresh = Pages()
    second = fresh.get(sign_in(fresh, cast.asha.email)["Location"])
    assert fresh.get(reverse("office:me")).status_code == 302
    one_of_ten = re.search(r"[0-9a-f]{8}", " ".join(words.text or "" for words in codes.page.all("pre")))
    assert one_of_ten is not None
    fresh.submit(second.page.form(button="Sign in"), code=one_of_ten[0])
    assert fresh.get(reverse("office:me")).status_code == 200


# -- The way of its mail --------------------------------------------------------------------------------------------------


def a_mail() -> EmailMessage:
    connection = get_connection("sociable.config.mail.OutgoingMail")
    return EmailMessage(
        "Choose a new password", "Here: ü", "sociable@example.org", ["asha@example.org"], connection=connection
    )


@pytest.mark.servers
def test_mail_leaves_by_the_installations_server(settings: Any, transactional_db: None) -> None:
    with scripted_smtp() as server:
        settings.SMTP_URL = f"smtp://127.0.0.1:{server.port}?tls=none"
        a_mail().send()
    assert server.taken[0].rcpt_tos == ["asha@example.org"]
    content = bytes(server.taken[0].content or b"")
    assert b"Subject: Choose a new password" in content
    assert b"Auto-Submitted" in content


@pytest.mark.servers
def test_mail_waits_for_the_transaction_and_dies_with_it(settings: Any, transactional_db: None) -> None:
    with scripted_smtp() as server:
        settings.SMTP_URL = f"smtp://127.0.0.1:{server.port}?tls=none"
        with transaction.atomic():
            a_mail().send()
            assert not server.taken
        assert len(server.taken) == 1
        with transaction.atomic():
            a_mail().send()
            transaction.set_rollback(True)
        assert len(server.taken) == 1


def test_a_server_that_is_down_is_told_in_a_sentence(settings: Any, transactional_db: None) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:1?tls=none"
    with pytest.raises(NotSent, match="could not be sent just now"):
        a_mail().send()
