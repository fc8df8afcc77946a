"""What several of lesson 01's tests share."""

from functools import cache

import torch
from hypothesis import settings
from hypothesis import strategies as st

from course_utils import data
from course_utils.kit import Poll

few = settings(deadline=None, max_examples=25, derandomize=True)


@cache
def digits() -> data.Digits:
    return data.digits()


@st.composite
def tables(draw):
    """x (N, D) away from the origin, and a latent_dim."""
    torch.manual_seed(draw(st.integers(0, 2**32 - 1)))
    data_dim = draw(st.integers(2, 6))
    mix = torch.randn(data_dim, data_dim, dtype=torch.float64)
    x = torch.randn(20, data_dim, dtype=torch.float64) @ mix + 3
    return x, draw(st.integers(1, data_dim))


def well_posed(poll: Poll) -> bool:
    """Whether a question has one right answer, and every option a reason."""
    return sum(option.right for option in poll.options) == 1 and all(o.why for o in poll.options)
