"""Says a notice in a few words: what it is about, why this person is told, and whether it comes late.

Nothing that a resident wrote, and no name of theirs, leaves the house in a notice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sociable.alerts.models import Chain, Notice
from sociable.directory import queries as directory
from sociable.domain.saying import moment_near
from sociable.promises.models import Wait

INSTANTS = {
    "arrival": "a request came in",
    "50": "half of the promised time is used",
    "75": "three quarters of the promised time are used",
    "90": "nine tenths of the promised time are used",
    "passed": "the promised time has passed",
    "first": "somebody in web chat waits for a first answer",
}
# The instants at which the net handed it on, or could not, each with a number: a wait may pass through several hands.
HANDED_ON, NOBODY = "net", "nobody"


@dataclass(frozen=True, slots=True)
class Words:
    """A notice as it is read."""

    title: str
    text: str


def instant_words(kind: str) -> str:
    """This function will say what an instant of a wait is."""
    if kind.startswith(HANDED_ON):
        return "a request was handed on, because nobody at work had it near its time"
    if kind.startswith(NOBODY):
        return "a request is near its time, and nobody on duty can take it"
    return INSTANTS.get(kind, f"{kind}% of the promised time is used")


def of_request(notice: Notice, chain: Chain, now: datetime) -> Words:
    """This function will say one request's instant to one person."""
    wait = chain.wait
    lines = [notice.why, when_words(wait, now), *late_words(notice)]
    return Words(f"{wait.account.name}: {instant_words(chain.kind)}", "\n".join(line for line in lines if line))


def when_words(wait: Wait, now: datetime) -> str:
    """This function will say since when a request waits and by when it is to be answered."""
    zone = directory.zone_of(wait.account)
    since = f"It came in at {moment_near(wait.started_at, now, zone)}"
    if wait.due_at is None:
        return f"{since}; no time is promised."
    verb = "was" if wait.due_at <= now else "is"
    return f"{since} and {verb} to be answered by {moment_near(wait.due_at, now, zone)}."


def late_words(notice: Notice) -> list[str]:
    """This function will say that a notice is late and why; nothing where it is not."""
    because = notice.late_because.rstrip(".")
    return [f"This comes late: {because}."] if because else []


def of_batch(notice: Notice, chains: Sequence[Chain], now: datetime) -> Words:
    """This function will say in one notice how many requests need a person, and which is due first."""
    counted = Counter(chain.wait.account.name for chain in chains)
    lines = [f"{many} at {name}" for name, many in counted.most_common()]
    number = len({chain.wait_id for chain in chains})
    title = f"{_requests(number)} {'needs' if number == 1 else 'need'} you"
    return Words(title, "\n".join([*lines, *_first_due([chain.wait for chain in chains], now), notice.why]))


def of_shift(waits: Sequence[Wait], now: datetime) -> Words:
    """This function will say what waits when a shift begins."""
    counted = Counter(wait.account.name for wait in waits)
    lines = [f"{number} at {name}" for name, number in counted.most_common()]
    title = f"Your shift begins: {_requests(len(waits))} {'waits' if len(waits) == 1 else 'wait'}"
    return Words(title, "\n".join([*lines, *_first_due(waits, now)]))


def of_drill(notice: Notice) -> Words:
    """This function will ask whether a try arrived."""
    return Words(
        "A try of your alerts: does this reach you?",
        f"{notice.why}\nTap the link to say that it arrived. Nothing else is asked of you.",
    )


def _first_due(waits: Sequence[Wait], now: datetime) -> list[str]:
    due = [(wait.due_at, wait) for wait in waits if wait.due_at is not None]
    if not due:
        return []
    at, wait = min(due, key=lambda pair: pair[0])
    return [f"The first is to be answered by {moment_near(at, now, directory.zone_of(wait.account))}."]


def _requests(number: int) -> str:
    return f"{number} request{'' if number == 1 else 's'}"
