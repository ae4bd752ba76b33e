"""Decides from a response's own headers how much of the allowed calls is spent, and how long a pause is asked for.

Leaves pausing to whoever calls.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sociable.channels.graph.reading import loaded

NEARLY_SPENT_PERCENT = 90
SPENT_PERCENT = 100
METERS = ("call_count", "total_time", "total_cputime")


@dataclass(frozen=True)
class Usage:
    """How much is spent, in percent of what is allowed, and until access is regained where the network says so."""

    percent: float = 0
    regained_in: timedelta | None = None

    @property
    def nearly_spent(self) -> bool:
        """Whether what can wait should wait."""
        return self.percent >= NEARLY_SPENT_PERCENT

    @property
    def spent(self) -> bool:
        """Whether a further call would be refused."""
        return self.percent >= SPENT_PERCENT or self.regained_in is not None


def usage(headers: Mapping[str, str]) -> Usage:
    """Return what the headers of one response say; headers that cannot be read say nothing.

    Source: Graph API rate limits: X-App-Usage, X-Business-Use-Case-Usage (minutes to regain access), Retry-After (seconds)
    """
    meters = [*_meters(headers.get("x-app-usage")), *_meters(headers.get("x-business-use-case-usage"))]
    percents = [_number(meter.get(name)) for meter in meters for name in METERS]
    minutes = max((_number(meter.get("estimated_time_to_regain_access")) for meter in meters), default=0)
    seconds = max(minutes * 60, _number(headers.get("retry-after")))
    return Usage(max(percents, default=0), timedelta(seconds=seconds) if seconds else None)


def _meters(header: str | None) -> Iterator[Mapping[str, Any]]:
    """One header is a meter itself; the other has a list of meters for each business."""
    told = loaded(header.encode()) if header else None
    if not isinstance(told, dict):
        return
    yield told
    for value in told.values():
        yield from _objects(value if isinstance(value, list) else ())


def _objects(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    return (value for value in values if isinstance(value, dict))


def _number(value: Any) -> float:
    try:
        return min(max(float(value), 0.0), 86_400.0)
    except (TypeError, ValueError):
        return 0.0
