"""Search for a good formula by its code, and without one, each method with so many evaluations.

Source: Gomez-Bombarelli et al., "Automatic chemical design using a data-driven continuous
representation of molecules", ACS Central Science 4, 2018; Jones, Schonlau & Welch, "Efficient global
optimization of expensive black-box functions", Journal of Global Optimization 13, 1998 (expected
improvement).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from torch import Tensor

from course_utils import validate
from course_utils.sequences import formulas
from course_utils.sequences.grammar import Words
from course_utils.sequences.language_model import Recurrent
from course_utils.sequences.tokens import Vocabulary

__all__ = ["Search", "ascended", "improvement", "in_turn", "writes"]

FIRST, ROUND = 20, 5  # evaluations of the prior's codes before a model is fitted; and a round's


@dataclass
class Search:
    """What has been evaluated. A string that is no formula, or was asked before, costs nothing."""

    budget: int
    tried: dict[Words, float] = field(default_factory=dict)

    def ask(self, words: Words) -> float:
        """The score of a string."""
        score = formulas.score(words)
        if score > formulas.LOWEST or formulas.GRAMMAR.accepts(words):
            if len(self.tried) < self.budget:
                self.tried.setdefault(words, score)
        return score

    @property
    def done(self) -> bool:
        return len(self.tried) >= self.budget
