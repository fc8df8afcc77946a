"""What several of lesson 02's tests share."""

from functools import cache

from hypothesis import settings

from course_utils import data
from course_utils.kit import Poll

few = settings(deadline=None, max_examples=25, derandomize=True)


@cache
def digits() -> data.Digits:
    return data.digits()


def well_posed(poll: Poll) -> bool:
    """Whether a question has one right answer, and every option a reason."""
    return sum(option.right for option in poll.options) == 1 and all(o.why for o in poll.options)
