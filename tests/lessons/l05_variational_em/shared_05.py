"""What several of lesson 05's tests share."""

from hypothesis import settings
from hypothesis import strategies as st

from course_utils.kit import Poll

few = settings(deadline=None, max_examples=20, derandomize=True)
seeds = st.integers(0, 9999)


def ill_posed(*polls: Poll) -> list[str]:
    """The questions that have no single right answer, or an option without a reason."""
    return [
        poll.question
        for poll in polls
        if sum(option.right for option in poll.options) != 1
        or not all(option.why for option in poll.options)
    ]
