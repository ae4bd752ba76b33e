"""Decides what is open time: hours as a body states them, counted exactly, said in words and explained.

The one engine for deadline, warning, report, rota and public page. What a promise is, and what starts or stops one, is
left to domain/promise.
"""

from sociable.domain.errors import DomainError
from sociable.domain.worktime import holidays
from sociable.domain.worktime.calendar import BeyondCalendar, Calendar
from sociable.domain.worktime.explaining import Explanation, Step
from sociable.domain.worktime.hours import StatedHours
from sociable.domain.worktime.notation import HoursNotationError
from sociable.domain.worktime.plan import Version
from sociable.domain.worktime.spans import HoursError
from sociable.domain.worktime.table import NeverCloses, NeverOpen

__all__ = [
    "BeyondCalendar",
    "Calendar",
    "DomainError",
    "Explanation",
    "HoursError",
    "HoursNotationError",
    "NeverCloses",
    "NeverOpen",
    "StatedHours",
    "Step",
    "Version",
    "holidays",
]
