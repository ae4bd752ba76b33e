"""How the people of one account are told: shown and changed by whoever plans it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sociable.alerts import queries as alerts
from sociable.alerts.models import AlertPolicy
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.net import EARLIEST_PERCENT, LATEST_PERCENT
from sociable.journeys import alert_policy
from sociable.office.rights import page
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act

_TIME = {"type": "time"}
WITHIN = {"step_minutes": (1, 600), "surge_most": (1, 100), "surge_minutes": (1, 240), "drill_minutes": (0, 600)}
WITHIN |= {"net_percent": (0, LATEST_PERCENT), "hand_most": (0, 100)}


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """How the people of an account are told."""

    class Meta:
        model = AlertPolicy
        fields = (
            "is_on",
            "named",
            "step_minutes",
            "surge_most",
            "surge_minutes",
            "drill_minutes",
            "net_percent",
            "hand_most",
            "quiet_from",
            "quiet_to",
        )
        labels: ClassVar = {
            "is_on": "Tell the people of this account",
            "named": "Who is told when nobody is on duty",
            "step_minutes": "Working minutes until the next is told",
            "surge_most": "Notices one by one, at most",
            "surge_minutes": "Within so many minutes",
            "drill_minutes": "Working minutes before a shift at which routes are tried",
            "net_percent": "Hand on what nobody has after so much of the promised time, in per cent",
            "hand_most": "In one person's hands, at most",
            "quiet_from": "Quiet from",
            "quiet_to": "Quiet until",
        }
        help_texts: ClassVar = {
            "named": "",
            "step_minutes": "",
            "surge_most": "What is more comes as one notice that counts them",
            "drill_minutes": "0: they are not tried",
            "net_percent": "It goes to whoever on duty has the fewest in hand. From 50 to 99; 0: nothing is handed on",
            "hand_most": "Whoever has so many is handed no more. 0: no limit",
            "quiet_from": "Only where the account states no hours",
        }
        widgets: ClassVar = {
            "quiet_from": forms.TimeInput(attrs=_TIME, format="%H:%M"),
            "quiet_to": forms.TimeInput(attrs=_TIME, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = self.instance.account
        field: Any = self.fields["named"]
        field.empty_label = "The account's owner, else its deputy"
        field.queryset = Person.objects.filter(roles__partner=account.partner_id, is_active=True).distinct()
        for name, (least, most) in WITHIN.items():
            was = self.fields[name]
            self.fields[name] = forms.IntegerField(
                label=was.label, help_text=was.help_text, min_value=least, max_value=most
            )

    def clean_net_percent(self) -> int:
        """Sooner than half of the time nothing is near."""
        given: int = self.cleaned_data["net_percent"]
        if 0 < given < EARLIEST_PERCENT:
            raise forms.ValidationError(
                f"From {EARLIEST_PERCENT} to {LATEST_PERCENT}, or 0 where nothing is handed on."
            )
        return given


@staff
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will show and change how the people of an account are told."""
    person, now = signed_in(request), timezone.now()
    planned = Account.objects.where(person, Act.PLAN).select_related("partner", "answered_from__partner")
    account = get_object_or_404(planned, pk=account_id)
    stored = AlertPolicy.objects.filter(account=account).first() or AlertPolicy(account=account)
    form = PolicyForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        alert_policy.keep(form.save(commit=False), by=person, now=now)
        messages.success(request, "Saved.")
        return redirect("office:account", account.pk)
    context = {
        "form": form,
        "account": account,
        "told_at_all": account.pk in alerts.alerted([account]),
        "covered_by": directory.answering(account),
        "would_url": f"{reverse('office:would')}?account={account.pk}&{timezone.localtime(now):on=%Y-%m-%d&at=%H:%M}",
    }
    return page(request, "accounts", "account_alerts.html", context)


def in_words(account: Account, now: datetime) -> str:
    """This function will say in a sentence how the people of an account are told."""
    if account.pk not in alerts.alerted([account]):
        return "Nobody is told of its requests yet."
    minutes = alerts.facts([account], now).policies[account.pk].step_minutes
    after = f"{minutes} working minute{'' if minutes == 1 else 's'}"
    return f"Its people are told one after another, each after {after} without acknowledgement."
