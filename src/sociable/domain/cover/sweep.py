"""Decides how many of several things hold at each instant, by walking once over all their beginnings and ends in order.

What is counted, and what it means, is left to who asks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]


class Stretch(NamedTuple):
    """Stretches in which nothing changes.

    Shape:  ascending by key and start; levels has a row for each stretch and a column for each thing counted
    """

    key: Column
    starts: Column
    ends: Column
    levels: NDArray[np.int32]


class Spans(NamedTuple):
    """Spans of which a key has several, and what each adds to a thing counted."""

    key: Column
    starts: Column
    ends: Column
    adds: Column | int = 1


def stretches(*counted: Spans, edges: tuple[Column, Column] | None = None) -> Stretch:
    """This function will say for each key, from one change to the next, the level of each thing counted.

    Shape:  edges are keys and instants at which a stretch ends though nothing changes
    """
    keys, instants, changes = _events(counted, edges)
    order = in_order(keys, instants)
    keys, instants = keys[order], instants[order]
    levels = np.cumsum(changes[order], axis=0, dtype=np.int32)
    if not len(keys):
        return Stretch(keys, instants, instants, levels)
    settled = np.append((keys[1:] != keys[:-1]) | (instants[1:] != instants[:-1]), True)
    keys, instants, levels = keys[settled], instants[settled], levels[settled]
    goes_on = keys[1:] == keys[:-1]
    return Stretch(keys[:-1][goes_on], instants[:-1][goes_on], instants[1:][goes_on], levels[:-1][goes_on])


def in_order(keys: Column, instants: Column) -> NDArray[np.intp]:
    """This function will put rows in order of key and instant: as one number where both fit into one, which is far quicker."""
    if not len(keys):
        return np.empty(0, np.intp)
    first, width = int(instants.min()), int(instants.max()) - int(instants.min()) + 1
    if keys.min() < 0 or (int(keys.max()) + 1) * width >= 2**63:
        return np.lexsort((instants, keys))
    return np.argsort(keys * width + (instants - first))


def _events(
    counted: tuple[Spans, ...], edges: tuple[Column, Column] | None
) -> tuple[Column, Column, NDArray[np.int32]]:
    edge_keys, edge_instants = edges if edges is not None else (np.empty(0, np.int64), np.empty(0, np.int64))
    keys = np.concatenate([edge_keys, *(part for spans in counted for part in (spans.key, spans.key))])
    instants = np.concatenate([edge_instants, *(part for spans in counted for part in (spans.starts, spans.ends))])
    changes = np.zeros((len(keys), len(counted)), dtype=np.int32)
    at = len(edge_keys)
    for number, spans in enumerate(counted):
        many = len(spans.key)
        changes[at : at + many, number] = spans.adds
        changes[at + many : at + 2 * many, number] = -np.asarray(spans.adds)
        at += 2 * many
    return keys, instants, changes


def runs(key: Column, starts: Column, ends: Column, alike: Column) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """This function will find the longest runs of stretches that touch and are alike: the first and the last of each.

    Shape:  ascending by key and start, apart
    """
    if not len(key):
        nothing = np.empty(0, np.intp)
        return nothing, nothing
    breaks = (key[1:] != key[:-1]) | (starts[1:] != ends[:-1]) | (alike[1:] != alike[:-1])
    begins = np.flatnonzero(np.append(True, breaks))
    return begins, np.append(begins[1:], len(key)) - 1


def repeated(counts: Column) -> tuple[NDArray[np.intp], Column]:
    """This function will repeat each row so often: the number of the row, and the how manieth of it each is."""
    rows = np.repeat(np.arange(len(counts)), counts)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
