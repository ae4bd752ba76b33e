"""Keeps Python's garbage collector from looking again and again through what stays until the process ends."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 10_000  # after so many more the youngest are looked through; Python's own 700 is of smaller times


def settle() -> None:
    """This function will take all that is loaded by now out of the garbage collector's sight; call it before work begins.

    It stays until the process ends. A full collection looked through it each time, and all stood still for some 0.16 s:
    `benchmarks/alerts.py` shows it in the hundredth notice. What is kept open for long, as thousands of streams, takes as long,
    so that it is looked through seldom: what is done with goes without a collection, but for the little that refers to itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 100)
