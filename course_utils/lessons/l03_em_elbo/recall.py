"""Check yourself: three questions from lessons 01 and 02, and one on the KL."""

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
            "KL(q‖p) = E_q[log q − log p] is …",
            [
                Option("symmetric in q and p", False, "Swap them and the expectation changes too."),
                Option("never negative, and 0 only if q = p", True, "We prove it in section 2."),
                Option("negative where q < p", False, "Single points may be; their mean is not."),
            ],
        ),
    ][number - 1]
