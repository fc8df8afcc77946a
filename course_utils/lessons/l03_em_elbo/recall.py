"""Check yourself: three questions from lessons 00, 01 and 02."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 02: x moves straight away from the plane of W. What changes?",
            [
                Option(
                    "the evidence p(x)", True, "The model is surprised, but not less sure of z."
                ),
                Option("the posterior's width", False, "G contains no x."),
                Option("the posterior's mean", False, "It sees only Wᵀ(x − μ)."),
            ],
        ),
        Poll(
            "From lesson 01: gradient descent on a linear autoencoder waits where …",
            [
                Option("there is a bad local minimum", False, "There is none."),
                Option(
                    "the learning rate is too small", False, "The plateaus' heights do not know it."
                ),
                Option(
                    "S maps the plane into itself, but it is not the best plane", True, "A saddle."
                ),
            ],
        ),
        Poll(
            "From lesson 00: the logarithm is concave. So for a random Y > 0 …",
            [
                Option(
                    "E[log Y] is at least log E[Y]",
                    False,
                    "Try Y = 1 or e², half and half: E[log Y] = 1, but log E[Y] = 1.43.",
                ),
                Option(
                    "E[log Y] is at most log E[Y]",
                    True,
                    "Jensen's inequality: a chord of the logarithm lies below its curve.",
                ),
                Option(
                    "E[log Y] is log E[Y]",
                    False,
                    "So it is for straight lines; and for the logarithm only if Y does not vary.",
                ),
            ],
        ),
    ][number - 1]
