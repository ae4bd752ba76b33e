"""Makes the form of a connection from the settings that the channel's adapter names.

Whether they can work is decided by that adapter; no network is known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from sociable.channels.base import Setting
from sociable.journeys.connect import Settings


class ConnectionForm(forms.Form):
    """What connects an account. A secret left empty is the one kept; one typed replaces it; none is ever shown."""

    fetches = forms.BooleanField(
        label="Fetch new messages", required=False, help_text="Every minute, and at once where it can tell us"
    )
    only_new = forms.BooleanField(
        label="Leave out what is there already", required=False, help_text="Begin with messages that arrive from now on"
    )

    def __init__(
        self,
        named: Sequence[Setting],
        kept: dict[str, str],
        *args: Any,
        is_new: bool = False,
        can_fetch: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.named, self.kept = named, kept
        for setting in named:
            self.fields[setting.name] = _field(setting, is_kept=bool(kept.get(setting.name)))
        if not (is_new and can_fetch):
            del self.fields["only_new"]
        if not can_fetch:
            del self.fields["fetches"]

    def clean(self) -> dict[str, Any]:
        for secret in self._kept_for_another():
            self.add_error(
                secret.name, "It is kept for another server. Type it again: what is kept is shown to no new one."
            )
        return {"only_new": False, "fetches": False, **self.cleaned_data}

    def _kept_for_another(self) -> list[Setting]:
        """Secrets that would go to a server for which they were not typed."""
        moved = {one.name for one in self.named if one.told_secrets and one.name in self.changed_data}
        kept = [one for one in self.named if one.secret and self.kept.get(one.name) and not self.data.get(one.name)]
        return [
            one
            for one in kept
            if (one.needs in moved and self.cleaned_data.get(one.needs)) or (moved and not one.needs)
        ]

    def settings(self) -> Settings:
        """This function will return what was typed, with the secrets that were kept where none was typed."""
        used = [one for one in self.named if self.cleaned_data.get(one.needs or one.name) or one.secret]
        values = {one.name: self._value(one) for one in used if not one.needs or self.cleaned_data.get(one.needs)}
        secret = {one.name for one in used if one.secret}
        return Settings(
            {name: value for name, value in values.items() if name not in secret and value not in ("", None)},
            {name: str(value) for name, value in values.items() if name in secret and value},
        )

    def _value(self, setting: Setting) -> Any:
        typed = self.cleaned_data.get(setting.name)
        if setting.secret:
            return typed or self.kept.get(setting.name, "")
        if setting.kind == "lines":
            return [line.strip() for line in str(typed or "").splitlines() if line.strip()]
        return typed

    def reads_elsewhere(self) -> bool:
        """This function will say whether messages now come from another place, so that reading begins anew."""
        return any(setting.name in self.changed_data for setting in self.named if setting.elsewhere)

    def grouped(self) -> list[tuple[str, list[forms.BoundField]]]:
        """This function will return the fields under their headings, in the order in which the adapter names them."""
        groups: dict[str, list[forms.BoundField]] = {}
        for setting in self.named:
            groups.setdefault(setting.group, []).append(self[setting.name])
        reading = [self[name] for name in ("fetches", "only_new") if name in self.fields]
        if reading:
            groups.setdefault(self.named[0].group, []).extend(reading)
        return list(groups.items())


def _field(setting: Setting, *, is_kept: bool) -> forms.Field:
    needed = setting.required and not is_kept and not setting.needs
    words: dict[str, Any] = {"label": setting.label, "required": needed, "help_text": setting.help}
    words["error_messages"] = {"required": f"Give the {_inside_a_sentence(setting.label)}."}
    if setting.secret:
        if is_kept:
            words["help_text"] = "One is kept and not shown. Leave this empty to go on with it"
        # what was typed a moment ago stays typed when it was only tried, or another field was wrong; what is kept is never shown
        return forms.CharField(widget=forms.PasswordInput(render_value=True), **words)
    if setting.kind == "number":
        return forms.IntegerField(**words)
    if setting.kind == "choice":
        return forms.ChoiceField(choices=setting.choices, **words)
    if setting.kind == "yes_no":
        return forms.BooleanField(**words)
    if setting.kind == "lines":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **words)
    return forms.CharField(**words)


def _inside_a_sentence(label: str) -> str:
    """“Access token” loses its capital, “API key” keeps it."""
    return label[0].lower() + label[1:] if label[1:2].islower() else label
