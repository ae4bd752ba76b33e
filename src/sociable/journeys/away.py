"""Somebody will be away: it is asked for, decided and taken back, and whoever must know is written to, never why.

What may be is decided in cover/away, and what it does to cover in cover/torn. A notice is made with the change it tells of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from sociable.alerts import news
from sociable.alerts.models import Notice
from sociable.alerts.words import Words
from sociable.cover import absences, torn
from sociable.cover import away as verbs
from sociable.cover.away import Asked
from sociable.cover.models import TimeAway
from sociable.cover.torn import Torn
from sociable.journeys import holes, tell
from sociable.people.models import Person

State = TimeAway.State


def ask(person: Person, asked: Asked, *, by: Person, now: datetime) -> TimeAway:
    """This function will ask for time away, and write to whoever decides, or plans the hours that lose their cover.

    Errors: NotAllowed; AwayRefused
    """
    with transaction.atomic():
        made = verbs.ask(person, asked, by=by, now=now)
        if made.state == State.ASKED:
            _write(absences.leads_of(person), made, "asked", by, now)
        else:
            _write_of_holes(made, by, now)
    return made


def agree(away: TimeAway, *, by: Person, now: datetime, words: str = "") -> TimeAway:
    """This function will agree to a time away and write to whoever asked for it.

    Errors: NotAllowed; AwayRefused
    """
    with transaction.atomic():
        agreed = verbs.agree(away, by=by, now=now, words=words)
        _write([agreed.person], agreed, "agreed", by, now)
        _write_of_holes(agreed, by, now)
    return agreed


def decline(away: TimeAway, *, by: Person, now: datetime, words: str) -> TimeAway:
    """This function will decline a time away and write to whoever asked for it.

    Errors: NotAllowed; AwayRefused
    """
    with transaction.atomic():
        declined = verbs.decline(away, by=by, now=now, words=words)
        _write([declined.person], declined, "declined", by, now)
    return declined


def take_back(away: TimeAway, *, by: Person, now: datetime) -> TimeAway:
    """This function will take a time away back, and write to them where somebody else did.

    Errors: NotAllowed; AwayRefused
    """
    with transaction.atomic():
        gone = verbs.take_back(away, by=by, now=now)
        _write([gone.person], gone, "taken back", by, now)
    return gone


def write_of_holes(away: TimeAway, now: datetime) -> None:
    """This function will write to whoever plans, where a time away that was entered elsewhere tears holes."""
    _write_of_holes(away, None, now)


def _write_of_holes(away: TimeAway, by: Person | None, now: datetime) -> None:
    """Whoever leads the person, and whoever acts for the accounts: the rota was published, and now it has a hole."""
    lost = torn.of(away, now)
    if not lost:
        return
    acts = tell.who_can_act([one.account for one in lost])
    people = {one.pk: one for one in (*absences.leads_of(away.person), *(p for each in acts.values() for p in each))}
    told = [one for one in people.values() if by is None or one.pk != by.pk]
    _write(told, away, "holes", by, now)
    holes.note_told({one.account: one.stretches for one in lost}, told, now)


def _write(people: Iterable[Person], away: TimeAway, what: str, by: Person | None, now: datetime) -> None:
    about = {"of": "away", "away": away.pk, "what": what}
    told = [one.pk for one in people if by is None or one.pk != by.pk]
    news.ask(told, about, now, key=f"away:{away.pk}:{what}:{now.isoformat()}", before=away.starts_at)


def said(notice: Notice, now: datetime) -> Words | None:
    """This function will say what became of a time away, if it still stands as it was told; without what it is for."""
    about = notice.about or {}
    away = TimeAway.objects.select_related("person", "decided_by").filter(pk=about["away"]).first()
    what = str(about["what"])
    if away is None or away.state not in _STANDS[what]:
        return None
    lost = torn.of(away, now) if what in ("asked", "holes") else []
    if what == "holes" and not lost:
        return None
    return Words(_subject(notice.person, away, what), _text(notice.person, away, what, lost))


_STANDS: dict[str, frozenset[str]] = {
    "asked": frozenset({State.ASKED}),
    "agreed": frozenset({State.AGREED}),
    "declined": frozenset({State.DECLINED}),
    "taken back": frozenset({State.CANCELLED}),
    "holes": frozenset({State.AGREED}),
}
_SUBJECTS = {
    "asked": "{who} asks for time away",
    "agreed": "Your time away is agreed",
    "declined": "Your time away is declined",
    "taken back": "Your time away was taken back",
    "holes": "{who} will be away: hours without cover",
}
_SAYS = {
    "asked": "{who} asks to be away: {when}.",
    "agreed": "You are away: {when}.",
    "declined": "You asked to be away: {when}.",
    "taken back": "You are not away, but at work: {when}.",
    "holes": "{who} is away: {when}.",
}


def _subject(person: Person, away: TimeAway, what: str) -> str:
    if what == "holes" and person.pk == away.person_id:
        return "Your time away leaves hours without cover"
    return _SUBJECTS[what].format(who=away.person.name)


def _text(person: Person, away: TimeAway, what: str, lost: Sequence[Torn]) -> str:
    own = what == "holes" and person.pk == away.person_id
    says = _SAYS["agreed" if own else what]
    when = absences.when_words(away, away.person)
    parts = [says.format(who=away.person.name, when=when)]
    if away.decision_words and what in ("agreed", "declined"):
        parts.append(f"{away.decided_by.name if away.decided_by else 'They'} said: “{away.decision_words}”")
    if lost:
        parts.append(
            "If it is agreed, these hours lose their cover:" if what == "asked" else "These hours lose their cover:"
        )
        parts += [
            "\n".join(f"- {one.account.name}: {words}" for words in one.words or ["one person fewer"]) for one in lost
        ]
    elif what == "asked":
        parts.append("No account would lose its cover.")
    return "\n\n".join(parts)
