"""Says how allauth signs people in here: nobody signs up by themselves, and what it says, it says in our words.

How a person is found and who may not sign in is decided in backends; by which server its mail leaves, in config/mail.
"""

from __future__ import annotations

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.urls import reverse

from sociable.people.sealing import box


class AccountAdapter(DefaultAccountAdapter):
    """People are added by an administrator."""

    error_messages: ClassVar[dict[str, str]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This person no longer signs in here. Ask an administrator of your body.",
        "email_password_mismatch": "The email address and password do not match. Check both and try again.",
        "enter_current_password": "That is not your password now. Type it again.",
        "incorrect_code": "That code is not right, or it is a minute old. Type the one the app shows now.",
        "incorrect_password": "That is not your password. Type it again.",
        "invalid_password_reset": "This link was used already or is too old. Ask for another.",
        "too_many_login_attempts": "Too many wrong tries for this address. Wait five minutes, or reset your password.",
        "rate_limited": "That was too often in a short time. Wait a few minutes and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")


class SecondStep(DefaultMFAAdapter):
    """Authenticator apps and passkeys: their secrets are sealed before they are stored."""

    error_messages: ClassVar[dict[str, str]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is not right, or it is a minute old. Type the one the app shows now.",
    }

    def build_totp_svg(self, url: str) -> str:
        """The picture as it can stand in a page: without the head of an XML file."""
        svg = str(super().build_totp_svg(url))
        return svg[svg.index("<svg") :]

    def encrypt(self, text: str) -> str:
        return box("second step").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return box("second step").decrypt(encrypted_text.encode()).decode()
