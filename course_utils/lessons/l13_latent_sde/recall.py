"""Check yourself: three questions on lessons 03, 04 and 08."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 03: log p(x) less the ELBO of q is …",
            [
                Option("KL(posterior ‖ q)", False, "The mean is taken under q, not the posterior."),
                Option("KL(q ‖ posterior)", True, "So a bound is tight where q is the posterior."),
                Option("KL(q ‖ prior)", False, "That is a part of the ELBO itself."),
            ],
        ),
        Poll(
            "From lesson 04: z = μ + s ε. What lets the gradient of an expectation pass through z?",
            [
                Option(
                    "the noise ε does not depend on μ and s",
                    True,
                    "Draw ε once, and z is an ordinary function of μ and s.",
                ),
                Option("the density of z is known", False, "That is what the score needs."),
                Option("many samples", False, "One is enough for an unbiased gradient."),
            ],
        ),
        Poll(
            "From lesson 08: w = p(x, z) / q(z) with z drawn from q. Whatever q is (where p is, q must "
            "be), one mean is always the same:",
            [
                Option("that of log w", False, "That one is the ELBO, and depends on q."),
                Option("that of 1 / w", False, "It may be infinite."),
                Option(
                    "that of w", True, "It is p(x). If log w does not vary, the bound is tight."
                ),
            ],
        ),
    ][number - 1]
