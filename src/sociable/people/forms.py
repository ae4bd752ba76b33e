"""Says allauth's forms in our words, without words inside the fields that vanish when somebody types."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
)
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms


def _plainly(form: forms.Form, **labels: str) -> None:
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        field.label = labels.get(name, field.label)


class SignInForm(LoginForm):
    """Email address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly(self, login="Work email address", remember="Keep me signed in on this device")
        self.fields["password"].help_text = ""


class StillYouForm(ReauthenticateForm):
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly(self)
        self.fields["password"].help_text = ""


class ForgottenForm(ResetPasswordForm):
    """Where to send the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly(self, email="Work email address")


class NewPasswordForm(ResetPasswordKeyForm):
    """A password by the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly(self, password1="New password", password2="New password again")


class PasswordForm(ChangePasswordForm):
    """Another password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly(self, oldpassword="Your password now", password1="New password", password2="New password again")
        self.fields["oldpassword"].help_text = ""


class PasskeyForm(AddWebAuthnForm):
    """A name for a passkey, and whether it is enough by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly(self, name="A name you will know it by", passwordless="Sign in with it alone, without a password")
        if "passwordless" in self.fields:
            self.fields["passwordless"].help_text = "It then asks for your finger, face or PIN"
            self.fields["passwordless"].initial = True
