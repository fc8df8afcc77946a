def well_posed(poll) -> bool:
    """Whether a question has one right answer, and every option a reason."""
    return sum(option.right for option in poll.options) == 1 and all(o.why for o in poll.options)
