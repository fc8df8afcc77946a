"""What several of lesson 07's tests share."""

from collections.abc import Callable
from functools import lru_cache

import torch
from hypothesis import settings
from pictures import drawn_texts, unreadable

from course_utils import flows
from course_utils.kit import Poll
from course_utils.kit.figure import Picture

few = settings(deadline=None, max_examples=25, derandomize=True)


def ill_posed(*polls: Poll) -> list[str]:
    """The questions that have no single right answer, or an option without a reason."""
    return [
        poll.question
        for poll in polls
        if sum(option.right for option in poll.options) != 1
        or not all(option.why for option in poll.options)
    ]


def shown(draw: Callable[[], Picture]) -> str:
    """What a figure that can be read says of itself."""
    with drawn_texts() as texts:
        picture = draw()
    assert not unreadable(texts)
    return picture.alt


def jacobian_log_det(f, z):
    rows = [torch.autograd.functional.jacobian(lambda v: f(v[None])[0][0], v) for v in z]
    return torch.stack(rows).det().abs().log()


@lru_cache(maxsize=1)
def small_flow():
    torch.manual_seed(0)
    flow = flows.Flow(
        flows.standard_normal(2),
        [flows.SplineCoupling(2, 4, 3.0, flip=f, hidden=(8,)) for f in (False, True, False)],
    )
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return flow
