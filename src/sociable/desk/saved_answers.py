"""The words a team keeps to start answers from: listed, added, changed and deleted by those who may answer there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.conversations.models import SavedAnswer
from sociable.directory.models import Account
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person
from sociable.people.permissions import Act, Place
from sociable.people.requests import StaffRequest


class SavedAnswerForm(forms.ModelForm):  # type: ignore[type-arg]
    """A title to find it by, the words, and where it is offered."""

    account = forms.ModelChoiceField(
        Account.objects.none(),
        label="Offered on",
        error_messages={"required": "Choose the account on which it is offered."},
    )
    everywhere = forms.BooleanField(
        label="Offer it on every account of that body",
        required=False,
        help_text="Only those who answer for the whole body can",
    )

    class Meta:
        model = SavedAnswer
        fields = ("title", "text", "account")
        labels = {"title": "Title", "text": "Words"}  # noqa: RUF012
        help_texts = {"text": "A start, never a send: whoever uses it reads it and makes it theirs."}  # noqa: RUF012
        error_messages = {  # noqa: RUF012
            "title": {"required": "Give it a title, so that others find it."},
            "text": {"required": "Write the words."},
        }

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        field = self.fields["account"]
        field.queryset = Account.objects.where(person, Act.ANSWER).select_related("partner")  # type: ignore[attr-defined]
        if self.instance.pk and self.instance.account_id is None:
            self.initial["everywhere"] = True
            self.initial["account"] = field.queryset.filter(partner=self.instance.partner_id).first()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        account = given.get("account")
        if given.get("everywhere") and account and not permissions.can_answer(self.person, Place(account.partner_id)):
            self.add_error(
                "everywhere", f"You do not answer for all of {account.partner.short_name}. Offer it on one account."
            )
        return given

    def save(self, commit: bool = True) -> SavedAnswer:
        account = self.cleaned_data["account"]
        self.instance.partner = account.partner
        self.instance.account = None if self.cleaned_data["everywhere"] else account
        saved: SavedAnswer = super().save(commit)
        return saved


def within_reach(person: Person) -> QuerySet[SavedAnswer]:
    """This function will return the saved answers a person may use and change: those of accounts they answer for."""
    accounts = Account.objects.where(person, Act.ANSWER)
    whole = [
        role.partner_id
        for role in person.grants
        if Act.ANSWER in permissions.MAY[role.kind] and not (role.service_id or role.account_id)
    ]
    return SavedAnswer.objects.filter(Q(account__in=accounts) | Q(account=None, partner__in=whole)).select_related(
        "account", "partner"
    )


def _check_answers_somewhere(person: Person) -> None:
    if not Account.objects.where(person, Act.ANSWER).exists():
        raise permissions.NotAllowed("You may not change saved answers: they belong to those who answer.")


@require_safe
@never_cache
@login_required
def listing(request: StaffRequest) -> HttpResponse:
    _check_answers_somewhere(request.user)
    return render(request, "desk/saved_answers.html", {"saved": within_reach(request.user), "section": "desk"})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def edit(request: StaffRequest, saved_id: int | None = None) -> HttpResponse:
    """This function will add a saved answer, or change one."""
    _check_answers_somewhere(request.user)
    instance = get_object_or_404(within_reach(request.user), pk=saved_id) if saved_id else None
    form = SavedAnswerForm(request.user, request.POST if request.method == "POST" else None, instance=instance)
    if form.is_bound and form.is_valid():
        saved = form.save()
        messages.success(request, f"“{saved.title}” is kept.")
        return redirect("desk:saved_answers")
    context = {"form": form, "instance": instance, "section": "desk"}
    return render(request, "desk/saved_answer_form.html", context, status=409 if form.errors else 200)


@require_POST
@login_required
def delete(request: StaffRequest, saved_id: int) -> HttpResponse:
    """This function will delete a saved answer; what was sent with its words stays."""
    saved = get_object_or_404(within_reach(request.user), pk=saved_id)
    people.record(
        verb="deleted", object_kind="saved answer", object_id=saved.pk, partner_id=saved.partner_id, now=timezone.now(),
        person=request.user, before={"title": saved.title, "text": saved.text},
    )  # fmt: skip
    saved.delete()
    messages.success(request, f"“{saved.title}” was deleted.")
    return redirect("desk:saved_answers")
