"""Cuts a text too long for one message into numbered parts, at the best border there is; leaves the sending to others.

A part ends at a paragraph, else at a sentence, else between words, and only within a word where nothing else fits; never
inside an address, a mention, or what people see as one character.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sociable.domain.errors import DomainError
from sociable.domain.text import patterns
from sociable.domain.text.counting import Limit, compiled, fits, small

WORTH = 0.5  # a better border is taken where it leaves a part at least so full
_ATOM = rf"{patterns.WHOLE}|\X"
_PARAGRAPH, _SENTENCE, _WORD, _INSIDE = range(4)
_SPACES = " \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_ENDS_SENTENCE = (".", "!", "?", "…", "。", "！", "？")
_CLOSES = "\"'”’)]»"


class CannotSplit(DomainError):
    """Something in the text is longer than a whole part and must not be cut."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a text may be cut: `at` in characters, and how good a place it is, the best being the lowest."""

    at: int
    grade: int


def split(text: str, limits: Sequence[Limit], numbered: str = "{part}/{of}") -> list[str]:
    """This function will cut a text into parts that fit, each ending with its number; one that fits whole has none.

    Shape:  in order; all words of the text and nothing but them and the numbers
    Errors: CannotSplit where an address or mention alone does not fit
    """
    text = text.strip(_SPACES)
    if fits(text, limits):
        return [text]
    for digits in range(1, len(str(len(text))) + 1):
        of = int("9" * digits)
        bodies = _bodies(text, limits, numbered, of)
        if len(bodies) <= of:
            return [_with_number(body, numbered, part, len(bodies)) for part, body in enumerate(bodies, 1)]
    raise CannotSplit("This is too long to go out in parts. Send it another way.")


def _with_number(body: str, numbered: str, part: int, of: int) -> str:
    return f"{body} {numbered.format(part=part, of=of)}"


def _bodies(text: str, limits: Sequence[Limit], numbered: str, of: int) -> list[str]:
    """The parts without their numbers, with room for the longest number there can be."""
    bodies: list[str] = []
    cuts, start = _cuts(text), 0
    while start < len(text):
        room = _Room(text, start, limits, numbered, of)
        end = room.best(cuts)
        bodies.append(text[start:end].strip(_SPACES))
        start = end
    return [body for body in bodies if body]


class _Room:
    """One part to be filled from `start` on."""

    def __init__(self, text: str, start: int, limits: Sequence[Limit], numbered: str, of: int) -> None:
        self.text, self.start, self.limits, self.numbered, self.of = text, start, limits, numbered, of

    def best(self, cuts: Sequence[_Cut]) -> int:
        """Where the part ends: the last border of the best grade that leaves it full enough."""
        first = bisect_right(cuts, self.start, key=lambda cut: cut.at)
        last = self._last_that_fits(cuts, first)
        full_from = self.start + (cuts[last].at - self.start) * WORTH
        for grade in (_PARAGRAPH, _SENTENCE, _WORD):
            for cut in reversed(cuts[first : last + 1]):
                if cut.at >= full_from and cut.grade <= grade and self._holds(cut.at):
                    return cut.at
        words = [cut.at for cut in cuts[first : last + 1] if cut.grade < _INSIDE and self._holds(cut.at)]
        return words[-1] if words else cuts[last].at

    def _last_that_fits(self, cuts: Sequence[_Cut], first: int) -> int:
        """By halving, and then back step by step: a longer text may count for less where it completes an address."""
        low, high = first, min(len(cuts), first + max(limit.most for limit in self.limits)) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._holds(cuts[middle].at) else (low, middle - 1)
        while low > first and not self._holds(cuts[low].at):
            low -= 1
        if not self._holds(cuts[low].at):
            raise CannotSplit(
                f"“{self.text[self.start : cuts[low].at].strip(_SPACES)[:60]}” is too long for one part and must not be cut. "
                "Shorten it, or send your answer another way."
            )
        return low

    def _holds(self, end: int) -> bool:
        body = self.text[self.start : end].strip(_SPACES)
        return fits(_with_number(body, self.numbered, self.of, self.of), self.limits)


def _cuts(text: str) -> list[_Cut]:
    """Every place where a text may be cut, ending with its end."""
    borders = [found.end() for found in compiled(_ATOM).finditer(small(text))]
    return [_Cut(at, _grade(text, at)) for at in borders[:-1]] + [_Cut(len(text), _PARAGRAPH)]


def _grade(text: str, at: int) -> int:
    """How good a place is: only where the next part begins with a word, so that spaces stay with what they follow."""
    if text[at] in _SPACES or text[at - 1] not in _SPACES:
        return _INSIDE
    before = text[max(0, at - 200) : at]
    spaces = before[len(before.rstrip(_SPACES)) :]
    if spaces.count("\n") > 1:
        return _PARAGRAPH
    ends_sentence = before.rstrip(_SPACES).rstrip(_CLOSES).endswith(_ENDS_SENTENCE)
    return _SENTENCE if "\n" in spaces or ends_sentence else _WORD
