"""Check yourself: three questions on lessons 04 to 06."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 05: at the ring's seam the posterior has two equal, distant modes. The "
            "Gaussian q with the largest ELBO …",
            [
                Option(
                    "covers both",
                    False,
                    "It would put mass on the valley between them, where the posterior has none: "
                    "KL(q‖p) makes that dear.",
                ),
                Option(
                    "sits at the valley",
                    False,
                    "There log p(x, z) is lowest, and E_q[log p(x, z)] with it.",
                ),
                Option("keeps one of them", True, "That costs about log 2 = 0.69 nats."),
            ],
        ),
        Poll(
            "From lesson 06: a richer family for q, with the same encoder network, is meant to "
            "shrink …",
            [
                Option(
                    "the approximation gap",
                    True,
                    "It is what even the best member of the family lacks.",
                ),
                Option(
                    "the amortisation gap",
                    False,
                    "That one lies between the encoder's q and the family's best. A richer family "
                    "can even widen it.",
                ),
                Option("the evidence", False, "q is not in it."),
            ],
        ),
        Poll(
            "From lesson 04: h has a jump. Which gradient of E_q[h] is still right?",
            [
                Option(
                    "the score function's",
                    True,
                    "It reweights samples by h and never differentiates it.",
                ),
                Option(
                    "the pathwise one",
                    False,
                    "A moved sample sees the slope h′, never the jump. (Of a step h′ is 0 at every "
                    "sample.)",
                ),
                Option("neither", False, "One of them never differentiates h."),
            ],
        ),
    ][number - 1]
