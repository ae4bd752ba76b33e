"""Finds the session of a browser: Django's own in the database, by a question that is worded once."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from sociable.asking.question import Given, Question


class SessionStore(db.SessionStore):
    """Django's store; every page of staff begins with this look-up."""

    def _get_session_from_db(self) -> Session | None:
        session = _STANDING.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        return session


_STANDING = Question(lambda: Session.objects.filter(session_key=Given("key"), expire_date__gt=Given("now")))
