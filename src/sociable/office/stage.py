"""Shows at which stage an account stands and what is missing for the next, and moves it there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sociable.cover import days
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.cover import stages
from sociable.domain.cover.stages import MoveRefused, Stage
from sociable.domain.saying import moment_words
from sociable.domain.worktime.wording import date_words
from sociable.journeys import stage as doing
from sociable.journeys.stage import Wanted
from sociable.office.forms import DateField
from sociable.office.rights import page
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act

NAMES = {
    Stage.PROPOSED: "Proposed: the public does not see it",
    Stage.LEARNING: "Learning, until a day",
    Stage.LIVE: "Live",
    Stage.RESTING: "Resting: nobody reads it for now",
    Stage.CLOSED: "Closed for good",
}
TONES = {"live": "good", "learning": "info", "proposed": "outline", "resting": "", "closed": ""}
AGAIN = "Learning, until another day"


class StageForm(forms.Form):
    """Where it is to move, until when, and why."""

    to = forms.ChoiceField(label="Move it to", error_messages={"required": "Choose where it is to move."})
    learning_until_on = DateField(label="Learning until", required=False, help_text="Only where it is to be learning")
    reason = forms.CharField(
        label="Why", max_length=300, required=False, help_text="Needed where something is missing. It stays with the account",
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, now_is: Stage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"] = forms.ChoiceField(
            label="Move it to", choices=[(to.value, name_of(to, now_is)) for to in stages.moves(now_is)]
        )
        if Stage.LEARNING not in stages.moves(now_is):
            del self.fields["learning_until_on"]

    def wanted(self) -> Wanted:
        """What was typed."""
        typed = self.cleaned_data
        return Wanted(Stage(typed["to"]), typed.get("learning_until_on"), typed["reason"])


def name_of(to: Stage, now_is: Stage) -> str:
    """This function will name a move, as it is offered."""
    return AGAIN if to is now_is else NAMES[to]


def shown(account: Account, now: datetime, *, may_change: bool, form: StageForm | None = None) -> dict[str, Any]:
    """This function will give what office/_stage.html shows: where the account stands, and what each move would need."""
    now_is = Stage(account.stage)
    facts = doing.facts_of(account, now)
    moves = doing.missing_by_move(account, facts)
    last = doing.last_move(account)
    return {
        "account": account,
        "stage_words": words_of(account, now),
        "stage_tone": TONES[account.stage],
        "last": last,
        "last_at": moment_words(last.at, directory.zone_of(account)) if last else "",
        "lacks_now": stages.missing(now_is, facts) if now_is in (Stage.LIVE, Stage.LEARNING) else (),
        "moves": [(name_of(to, now_is), lacks, any(one.bars for one in lacks)) for to, lacks in moves.items()],
        "may_change": may_change,
        "stage_form": form or StageForm(now_is),
    }


def words_of(account: Account, now: datetime) -> str:
    """This function will say at which stage an account stands, with the day until which it is learning, or was to be."""
    words, until = str(account.get_stage_display()), account.learning_until_on
    if account.stage != Stage.LEARNING or until is None:
        return words
    if until < days.day_of(now, directory.zone_of(account)):
        return f"Still learning: it was to be until {date_words(until)}"
    return f"{words} until {date_words(until)}"


@staff
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will move an account to another stage."""
    now, person = timezone.now(), signed_in(request)
    mine = Account.objects.where(person, Act.CHANGE_ACCOUNT).select_related("partner", "service", "answered_from")
    account = get_object_or_404(mine, pk=account_id)
    form = StageForm(Stage(account.stage), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account = doing.move(account, form.wanted(), person=person, now=now)
        except MoveRefused as refusal:
            form.add_error(refusal.of, refusal.message)
        else:
            messages.success(request, f"{account.name} has moved. Now: {words_of(account, now)}.")
            return redirect("office:account", account_id=account.pk)
    return page(request, "accounts", "stage.html", shown(account, now, may_change=True, form=form))
