"""What a person types at the desk beside answers themselves."""

from __future__ import annotations

from django import forms
from django.http import QueryDict


class SavedFilterForm(forms.Form):
    """A name for the view one is looking at."""

    name = forms.CharField(label="Name for this view", max_length=60)
    query = forms.CharField(widget=forms.HiddenInput, max_length=500, required=False)

    def clean_query(self) -> str:
        """Keep only what the desk itself puts into an address."""
        asked = QueryDict(self.cleaned_data["query"])
        kept = QueryDict(mutable=True)
        for name in ("view", "account"):
            if name in asked:
                kept[name] = asked[name]
        return kept.urlencode()
