"""Names the sign-in pages that exist: of allauth's many, those a member of staff needs, and no way to sign up.

Three more names must be found because allauth asks for them; they lead to a closed door or to the person's own page.
"""

from allauth.account import views
from allauth.mfa.base import views as second_step
from django.urls import include, path, re_path
from django.views.generic import RedirectView

urlpatterns = [
    path("", views.login, name="account_login"),
    path("out/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("again/", views.reauthenticate, name="account_reauthenticate"),
    path("password/", views.password_change, name="account_change_password"),
    path("password/first/", views.password_set, name="account_set_password"),
    path("password/forgotten/", views.password_reset, name="account_reset_password"),
    path("password/forgotten/sent/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/new/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("second-step/", second_step.authenticate, name="mfa_authenticate"),
    path("second-step/again/", second_step.reauthenticate, name="mfa_reauthenticate"),
    path("app/", include("allauth.mfa.totp.urls")),
    path("passkeys/", include("allauth.mfa.webauthn.urls")),
    path("recovery-codes/", include("allauth.mfa.recovery_codes.urls")),
    path("sign-up/", views.signup, name="account_signup"),
    path("email/", RedirectView.as_view(pattern_name="office:me"), name="account_email"),
    path("methods/", RedirectView.as_view(pattern_name="office:me"), name="mfa_index"),
]
