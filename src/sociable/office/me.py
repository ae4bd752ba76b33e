"""A person's own page: their name and sign-off, keyboard shortcuts, and the ways they sign in."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from sociable.office.rights import page
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff

# What can be done by a key, its usual key, and its words. The desk's pages name the acts.
SHORTCUTS = {
    "next": ("j", "Next in the list"),
    "previous": ("k", "Previous in the list"),
    "open": ("o", "Open it"),
    "take": ("t", "Take the next fair one"),
    "reply": ("r", "Write an answer"),
    "note": ("m", "Write a note to staff"),
    "not-request": ("n", "Not a request: choose why"),
    "put-off": ("z", "Put off: choose until when"),
    "close": ("c", "Close the conversation"),
    "search": ("/", "Search"),
}


class MeForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """What a person says about themselves."""

    use_shortcuts = forms.BooleanField(
        label="Use keyboard shortcuts", required=False, help_text="Off unless you switch them on"
    )

    class Meta:
        model = Person
        fields = ("name", "sign_off", "shown_today")
        labels: ClassVar = {
            "name": "Your name",
            "sign_off": "Sign-off",
            "shown_today": "Say on public pages that I am on today",
        }
        help_texts: ClassVar = {
            "name": "Residents see it under your answers",
            "shown_today": "Your first name and sign-off, on the page of each account you cover that day; no times. Off unless you "
            "switch it on.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = self.instance.shortcuts
        self.initial["use_shortcuts"] = bool(own)
        for act, (usual, words) in SHORTCUTS.items():
            self.fields[f"key_{act}"] = forms.CharField(
                label=words, max_length=1, required=False, initial=own.get(act, usual)
            )

    @property
    def keys(self) -> list[forms.BoundField]:
        """The lines of the shortcuts, for the page."""
        return [self[f"key_{act}"] for act in SHORTCUTS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        taken: dict[str, str] = {}
        for act, (_, words) in SHORTCUTS.items():
            key = cleaned.get(f"key_{act}") or ""
            if key and key in taken:
                self.add_error(f"key_{act}", f"“{key}” is already the key for “{taken[key]}”.")
            taken.setdefault(key, words)
        return cleaned

    def save(self, commit: bool = True) -> Person:
        typed = {act: self.cleaned_data[f"key_{act}"] for act in SHORTCUTS}
        chosen = {act: key for act, key in typed.items() if key}
        self.instance.shortcuts = chosen if self.cleaned_data["use_shortcuts"] else {}
        super().save(commit)
        return self.instance  # type: ignore[no-any-return]


@staff
@require_http_methods(["GET", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """This page will show and change what belongs to the person themselves."""
    person = Person.objects.get(pk=signed_in(request).pk)
    form = MeForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("office:me")
    kinds = [each.type for each in Authenticator.objects.filter(user=person)]
    context = {
        "form": form,
        "has_app": Authenticator.Type.TOTP in kinds,
        "has_codes": Authenticator.Type.RECOVERY_CODES in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "roles": [role.get_kind_display() for role in person.grants],
    }
    return page(request, "me", "me.html", context)
