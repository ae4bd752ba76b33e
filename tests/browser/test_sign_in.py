"""What a person does to sign in, in a real browser: by password, with a passkey made there, with a second step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from sociable.people.models import Partner, Person, Role
from tests.browser.conftest import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def asha(transactional_db: None) -> Person:
    cache.clear()
    asha = Person.objects.create_user("asha@staff.example.org", PASSWORD, name="Asha Khan")
    Role.objects.create(
        person=asha, kind="answerer", partner=Partner.objects.create(slug="a", name="Ashby", short_name="A")
    )
    return asha


def sign_in(page: Any, then: str = "/office/me/") -> None:
    page.goto(f"/sign-in/?next={then}")
    page.get_by_label("Work email address").fill("asha@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{then}")


def with_authenticator(page: Any) -> None:
    """Put a platform authenticator (a finger, a face) into the browser, as its developer tools do."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_signing_in_by_password_and_out(page: Any) -> None:
    page.goto("/sign-in/")
    look(page, "sign-in")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    look(page, "sign-in-refused")
    sign_in(page)
    look(page, "me")
    page.locator("summary", has_text="Asha").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").first.wait_for()


def test_a_passkey_is_made_and_is_enough(open_browser: Callable[..., Any], live_server: Any) -> None:
    page = open_browser()
    site = live_server.url.replace("127.0.0.1", "localhost")
    with_authenticator(page)
    sign_in_at = f"{site}/sign-in/?next=/sign-in/passkeys/"
    page.goto(sign_in_at)
    page.get_by_label("Work email address").fill("asha@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    look(page, "passkeys-none")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("A name you will know it by").fill("My laptop")
    look(page, "passkey-add")
    page.get_by_role("button", name="Add the passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    page.goto(f"{site}/sign-in/passkeys/")
    page.get_by_text("My laptop").first.wait_for()
    look(page, "passkeys")
    page.goto(f"{site}/sign-in/out/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{site}/sign-in/?next=/office/me/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/office/me/")
    page.get_by_text("1 added").wait_for()


def test_an_authenticator_app_and_its_second_step(page: Any) -> None:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    sign_in(page)
    page.get_by_role("link", name="Authenticator app").click()
    look(page, "still-you")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    look_at_qr = page.locator(".qr svg")
    look_at_qr.wait_for()
    assert look_at_qr.bounding_box()["width"] > 100
    secret = page.locator("code").inner_text()
    page.get_by_label("code").fill(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))
    page.get_by_role("button", name="Add the app").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    look(page, "recovery-codes")
    code = page.locator("pre").inner_text().split()[0]
    page.goto("/sign-in/out/")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in/?next=/office/me/")
    page.get_by_label("Work email address").fill("asha@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Second step").wait_for()
    look(page, "second-step")
    page.get_by_label("code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/office/me/")


def test_a_forgotten_password(page: Any) -> None:
    page.goto("/sign-in/")
    page.get_by_role("link", name="I have forgotten my password").click()
    look(page, "forgotten")
    page.get_by_label("Work email address").fill("asha@staff.example.org")
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading", name="Look in your mail").wait_for()
    look(page, "forgotten-sent")
