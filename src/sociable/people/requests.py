"""Names the request of somebody who has signed in, so that views behind `login_required` say whom they serve."""

from __future__ import annotations

from django.http import HttpRequest

from sociable.people.models import Person


class StaffRequest(HttpRequest):
    """A request as `login_required` lets it through."""

    user: Person  # Django's own says "or nobody", which that decorator has ruled out
