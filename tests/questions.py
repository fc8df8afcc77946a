"""What the tests of questions share."""

from course_utils.kit import Poll


def ill_posed(*polls: Poll) -> list[str]:
    """The questions that have no single right answer, or an option without a reason."""
    return [
        poll.question
        for poll in polls
        if sum(option.right for option in poll.options) != 1
        or not all(option.why for option in poll.options)
    ]
