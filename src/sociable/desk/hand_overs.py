"""Takes what somebody leaves to whoever covers an account next, and that it was read."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from sociable.cover import duty, handing
from sociable.cover.models import HandOver
from sociable.directory.models import Account
from sociable.people.requests import StaffRequest


@require_POST
@login_required
def leave(request: StaffRequest) -> HttpResponse:
    """This function will keep what somebody leaves at an account."""
    now = timezone.now()
    account = get_object_or_404(
        Account.objects.visible_to(request.user).select_related("partner"), slug=request.POST.get("account", "")
    )
    on = [each for each in duty.of_person(request.user, now).now if account in each.accounts.all()]
    try:
        handing.leave(account, request.POST.get("text", ""), by=request.user, now=now, shift=on[0] if on else None)
    except handing.NothingSaid as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"Left. Whoever covers {account.name} next sees it first.")
    return redirect(_back(request))


@require_POST
@login_required
def read(request: StaffRequest, hand_over_id: int) -> HttpResponse:
    """This function will keep that somebody has read what was left."""
    seen = Account.objects.visible_to(request.user)
    left = get_object_or_404(HandOver.objects.select_related("account__partner"), pk=hand_over_id, account__in=seen)
    handing.read(left, by=request.user, now=timezone.now())
    return redirect(_back(request))


def _back(request: StaffRequest) -> str:
    to = request.POST.get("next", "")
    return to if url_has_allowed_host_and_scheme(to, allowed_hosts=None) else "desk:my_day"
