"""The desk's list, my day, search and the biggest button. One conversation has views of its own in conversation.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from sociable.alerts import queries as alerts
from sociable.channels import registry
from sociable.conversations import search as searching
from sociable.conversations.models import CallNote, Conversation, Mention, OpenTab, SavedFilter
from sociable.desk import chat_words, duty_words, listing
from sociable.desk.asked import VIEWS, Asked
from sociable.desk.forms import SavedFilterForm
from sociable.desk.in_view import MOST_COUNTED
from sociable.desk.rows import rows_of
from sociable.directory.health_models import Concern
from sociable.directory.models import Account, Connection
from sociable.directory.queries import calendars_of
from sociable.domain.saying import moment_near
from sociable.domain.worktime import Calendar, NeverCloses, NeverOpen
from sociable.journeys import calls, claim, drill
from sociable.live import queries as live
from sociable.people.permissions import Act
from sociable.people.requests import StaffRequest
from sociable.promises.counting import count_at_risk, count_open

SEARCH_ROWS = 50
LONGEST_SEARCH_CHARS = 300
RECOVERED_SHOWN = timedelta(hours=1)


def frame(request: StaffRequest, now: datetime, current_id: int | None = None) -> dict[str, Any]:
    """This function will return what every page of the desk shows around its conversation: views, list and tabs."""
    asked = Asked.read(request.user, request.GET)
    page = listing.listed(asked, now, current_id)
    return {
        "section": "desk",
        "asked": asked,
        "views": listing.views(asked, now),
        "view": next(view for view in VIEWS if view.key == asked.view),
        "rows": page.rows,
        "first_url": asked.address() if asked.after else "",
        "next_url": asked.address(after=page.after) if page.after else "",
        "accounts": asked.all_accounts,
        "saved_filters": SavedFilter.objects.filter(person=request.user),
        "filter_form": SavedFilterForm(initial={"query": request.GET.urlencode()}),
        "tabs": tabs(request, current_id),
        "live_after": live.newest_id(),
        "may_answer": bool(asked.answering),
        "may_note": bool(asked.all_accounts),
        "noted": [
            {"kind": kind, "icon": one.icon, "what": one.what, "button": one.what if one.speaks else "Paste"}
            for kind, one in sorted(calls.by_hand().items(), key=lambda pair: (not pair[1].speaks, pair[1].what))
        ],
        "begun_calls": begun_calls(request, now),
        "hands_full": chat_words.hands_full(request.user, asked.answering, now),
        **duty_words.at_account(asked, now),
    }


def begun_calls(request: StaffRequest, now: datetime) -> list[dict[str, str]]:
    """This function will return the notes of calls and visits that the person has begun and not finished."""
    return [
        {
            "url": reverse("desk:call", args=[note.pk]),
            "icon": registry.icon_of(note.channel),
            "words": f"{_whom(note)}, begun {moment_near(note.begun_at, now, str(timezone.get_current_timezone()))}",
        }
        for note in calls.begun_by(request.user)
    ]


def _whom(note: CallNote) -> str:
    known = str(note.conversation.contact) if note.conversation else "Somebody"
    return note.typed.get("name") or known


def tabs(request: StaffRequest, current_id: int | None = None) -> list[dict[str, Any]]:
    """This function will return the conversations the person keeps open, as components/tabs.html takes them."""
    kept = OpenTab.objects.filter(person=request.user).select_related("conversation__contact", "conversation__account")
    return [
        {
            "url": reverse("desk:conversation", args=[tab.conversation_id]),
            "name": tab.conversation.contact.name or tab.conversation.subject or "Conversation",
            "icon": registry.icon_of(tab.conversation.account.channel),
            "close_url": reverse("desk:close_tab", args=[tab.conversation_id]),
            "current": tab.conversation_id == current_id,
        }
        for tab in kept
    ]


@require_safe
@never_cache
@login_required
def desk(request: StaffRequest) -> HttpResponse:
    """This function will show the list of a view beside an empty pane; asked by a script, only what changes."""
    context = frame(request, timezone.now(), _number(request.GET.get("current")))
    return render(request, "desk/_lists.html" if request.headers.get("X-Part") else "desk/desk.html", context)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


@require_POST
@login_required
def take_next(request: StaffRequest) -> HttpResponse:
    """This function will take the next fair request for the person and open it; of the account whose list is shown, if one is."""
    slug = request.POST.get("account", "")
    shown = list(Account.objects.visible_to(request.user).filter(slug=slug).select_related("partner")) if slug else None
    try:
        conversation = claim.take_next(request.user, timezone.now(), shown)
    except claim.NothingToTake as nothing:
        messages.info(request, nothing.message)
        return redirect("desk:desk")
    return redirect("desk:conversation", conversation.pk)


@require_POST
@login_required
def close_tab(request: StaffRequest, conversation_id: int) -> HttpResponse:
    OpenTab.objects.filter(person=request.user, conversation_id=conversation_id).delete()
    return redirect("desk:desk")


@require_safe
@never_cache
@login_required
def search(request: StaffRequest) -> HttpResponse:
    """This function will show the conversations in which the words stand, newest first."""
    now, text = timezone.now(), " ".join(request.GET.get("q", "").replace("\x00", "").split())[:LONGEST_SEARCH_CHARS]
    asked = Asked.read(request.user, request.GET)
    found = searching.conversations_with(text, Conversation.objects.visible_to(request.user).exclude(state="merged"))
    some = list(
        found.select_related(
            "held_by", "contact", "account__partner", "account__service", "account__answered_from__partner"
        )[: SEARCH_ROWS + 1]
    )
    rows = rows_of(some[:SEARCH_ROWS], asked, now)
    return render(
        request,
        "desk/search.html",
        {"q": text, "rows": rows, "more": len(some) > SEARCH_ROWS, "tabs": tabs(request), "section": "desk"},
    )


@require_safe
@never_cache
@login_required
def my_day(request: StaffRequest) -> HttpResponse:
    """This function will show a person what is theirs today: in hand, in danger, said to them, and which accounts they answer."""
    now = timezone.now()
    asked = Asked.read(request.user, request.GET)
    asked.view = "mine"
    mine = listing.listed(asked, now)
    asked.view = "risk"
    risk = listing.listed(asked, now)
    asked.view = "next"
    context = {
        "section": "my_day",
        "now": now,
        "mine": mine.rows,
        "risk": risk.rows[:5],
        "risk_count": count_at_risk(asked.everything, now, MOST_COUNTED),
        "risk_url": asked.address(view="risk"),
        "waiting": count_open(asked.next, now, MOST_COUNTED),
        "mentions": _mentions(request),
        "accounts": _accounts_today(asked.answering or asked.accounts, now),
        "troubles": Connection.objects.exclude(trouble="").filter(account__in=asked.accounts).select_related("account"),
        "recovered": Connection.objects.filter(
            account__in=asked.accounts, trouble="", recovered_at__gt=now - RECOVERED_SHOWN
        ).select_related("account"),
        "warnings": _warnings(request),
        "unreached": bool(asked.answering) and not alerts.reaches(request.user, now),
        "others_unreached": [one.name for one in drill.unreached(request.user, now)],
        "tabs": tabs(request),
        "may_answer": bool(asked.answering),
        "begun_calls": begun_calls(request, now),
        "live_after": live.newest_id(),
        **duty_words.my_day(request.user, asked.answering, now),
    }
    return render(request, "desk/_my_day.html" if request.headers.get("X-Part") else "desk/my_day.html", context)


def _warnings(request: StaffRequest) -> list[Concern]:
    """What will be trouble unless somebody acts, for those who can."""
    person = request.user
    can_act = Account.objects.where(person, Act.CONNECT) | Account.objects.filter(Q(owner=person) | Q(deputy=person))
    ahead = Concern.objects.filter(over_at=None, account__in=can_act).exclude(
        kind__in=[Concern.Kind.TROUBLE, Concern.Kind.HOLE]
    )
    return list(ahead.select_related("account__partner").order_by("account__name")[:10])


def _mentions(request: StaffRequest) -> list[Mention]:
    unseen = Mention.objects.filter(person=request.user, seen_at=None).select_related(
        "message__author", "message__conversation"
    )
    seen = Conversation.objects.visible_to(request.user)
    return list(unseen.filter(message__conversation__in=seen).order_by("-pk")[:10])


def _accounts_today(accounts: list[Account], now: datetime) -> list[dict[str, Any]]:
    """Each account with whether it is open now, as its public page says it; none that is closed for good."""
    calendars = calendars_of(accounts)
    return [
        {"account": account, **(_NOT_ASKED.get(account.stage) or _open_words(calendars[account.pk], now))}
        for account in accounts
        if account.stage != Account.Stage.CLOSED
    ]


_NOT_ASKED: dict[str, dict[str, Any]] = {
    Account.Stage.PROPOSED: {"open": False, "tag": "Proposed", "words": "The public does not see it yet."},
    Account.Stage.RESTING: {"open": False, "tag": "Resting", "words": "Residents are shown the other ways to ask."},
}
_OPEN, _SHUT = "Open now", "Closed now"


def _open_words(calendar: Calendar | None, now: datetime) -> dict[str, Any]:
    if calendar is None:
        return {"open": False, "tag": "No stated hours", "words": "People are told that no time is promised."}
    zone = str(calendar.zone)
    try:
        if calendar.is_open(now):
            until = moment_near(calendar.next_close(now), now, zone)
            return {"open": True, "tag": _OPEN, "words": f"Open until {until}."}
        return {"open": False, "tag": _SHUT, "words": f"Opens {moment_near(calendar.next_open(now), now, zone)}."}
    except (NeverOpen, NeverCloses):
        is_open = calendar.is_open(now)
        return {"open": is_open, "tag": _OPEN if is_open else _SHUT, "words": "Its hours do not change."}


@require_POST
@login_required
def save_filter(request: StaffRequest) -> HttpResponse:
    """This function will keep the view in the address under a name."""
    form = SavedFilterForm(request.POST)
    if form.is_valid():
        SavedFilter.objects.update_or_create(
            person=request.user, name=form.cleaned_data["name"], defaults={"query": form.cleaned_data["query"]}
        )
        messages.success(request, f"Kept as “{form.cleaned_data['name']}”.")
    else:
        messages.error(request, "Give the view a short name so that you can find it again.")
    return redirect(f"{reverse('desk:desk')}?{form.data.get('query', '')[:500]}")


@require_POST
@login_required
def forget_filter(request: StaffRequest, filter_id: int) -> HttpResponse:
    get_object_or_404(SavedFilter, Q(person=request.user), pk=filter_id).delete()
    return redirect("desk:desk")
