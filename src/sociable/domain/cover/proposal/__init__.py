"""Proposes rotas that fill the holes fairly, says why, and what would change if somebody were away or learned something.

Who may publish one is left to the room of cover.
"""

from sociable.domain.cover.proposal.changing import if_away, if_promised, if_ready
from sociable.domain.cover.proposal.clashes import Clash, what_clashes
from sociable.domain.cover.proposal.columns import Sheet
from sociable.domain.cover.proposal.counting import Amount, Comparison, Hole, amount
from sociable.domain.cover.proposal.learning import Lesson, who_should_learn_next
from sociable.domain.cover.proposal.problem import (
    Account,
    Away,
    Need,
    Pattern,
    Person,
    Problem,
    ProblemError,
    Ready,
    Shift,
    Span,
    Weights,
    Wish,
)
from sociable.domain.cover.proposal.proposing import Assigned, NoneInTime, Proposal, Step, propose
from sociable.domain.cover.proposal.solving import Progress
from sociable.domain.cover.proposal.wishing import Wished

__all__ = [
    "Account", "Amount", "Assigned", "Away", "Clash", "Comparison", "Hole", "Lesson", "Need", "NoneInTime", "Pattern",
    "Person", "Problem", "ProblemError", "Progress", "Proposal", "Ready", "Sheet", "Shift", "Span", "Step", "Weights",
    "Wish", "Wished", "amount", "if_away", "if_promised", "if_ready", "propose", "what_clashes", "who_should_learn_next",
]  # fmt: skip
