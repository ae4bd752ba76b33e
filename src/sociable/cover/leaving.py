"""Takes somebody who leaves off the rota: their shifts to come are cancelled, and what they covered shows as holes.

Whether they leave is decided in people; who closes the holes belongs to whoever plans.
"""

from __future__ import annotations

from datetime import datetime

from sociable.cover.checking import lock
from sociable.cover.models import Shift, Swap
from sociable.cover.rota_changes import facts, record, take_off
from sociable.people.models import Person


def end_shifts_of(person: Person, *, by: Person, now: datetime) -> int:
    """This function will cancel somebody's shifts to come and throw their drafts away; call it inside a transaction.

    Shape:  how many published shifts went; one that has begun stays as it was worked, and nobody covers the rest of it
    """
    lock([person])
    for draft in Shift.objects.filter(person=person, state=Shift.State.DRAFT):
        record("removed a draft", draft, by=by, now=now, before=facts(draft))
        draft.delete()
    to_come = list(Shift.objects.published().filter(person=person, starts_at__gt=now))
    for shift in to_come:
        take_off(shift, reason=f"{person.name} has left", by=by, now=now, tell=False)
    open_swaps = Swap.objects.filter(state=Swap.State.ASKED)
    open_swaps.filter(shift__person=person).update(state=Swap.State.WITHDRAWN, decided_at=now)
    open_swaps.filter(offered_to=person).update(state=Swap.State.DECLINED, decided_at=now)
    return len(to_come)
