"""What several of lesson 07's tests share."""

from functools import lru_cache

import torch
from hypothesis import settings

from course_utils import flows

few = settings(deadline=None, max_examples=25, derandomize=True)


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
