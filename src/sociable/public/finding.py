"""Decides which accounts a few words look for, best first."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sociable.directory.models import Account

# Words that point to no account.
_COMMON = frozenset(
    [
        *(
            "a",
            "an",
            "and",
            "are",
            "at",
            "for",
            "from",
            "have",
            "how",
            "i",
            "in",
            "is",
            "it",
            "my",
            "not",
            "of",
            "on",
            "or",
        ),
        *("our", "please", "the", "to", "was", "we", "what", "when", "where", "with", "you", "your"),
    ]
)
_WEIGHT_OF_NAME = 3


def matching(words: str, accounts: Iterable[Account]) -> list[Account]:
    """This function will return the accounts that any of the words point to, those most words point to first; all for no words."""
    given = list(accounts)
    wanted = [word for word in _words(words) if word not in _COMMON] or _words(words)
    if not wanted:
        return given
    scored = [(_score(wanted, account), account) for account in given]
    return [account for score, account in sorted(scored, key=lambda pair: -pair[0]) if score]


def _score(wanted: list[str], account: Account) -> int:
    name = _words(f"{account.name} {account.handle} {account.service.name if account.service else ''}")
    rest = _words(
        f"{account.about} {account.partner.name} {account.service.about if account.service else ''} {account.address}"
    )
    return sum(_WEIGHT_OF_NAME * _any_like(word, name) + _any_like(word, rest) for word in wanted)


def _any_like(word: str, words: list[str]) -> bool:
    """The same word or one that begins alike: "bin" finds "bins" and "libraries" finds "library"."""
    stem = re.sub(r"(ies|es|s|y)$", "", word) if len(word) > 3 else word
    return any(other == word or (len(stem) > 2 and other.startswith(stem)) for other in words)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())
