"""Check yourself: three questions on lessons 04 to 06."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 05: the average of p(x | z) over a million samples of the prior …",
            [
                Option(
                    "is biased, but hardly",
                    False,
                    "Its mean is p(x) exactly. It is the logarithm of it that is biased.",
                ),
                Option("is unbiased for log p(x)", False, "The logarithm bends: Jensen."),
                Option(
                    "is unbiased, and may be useless",
                    True,
                    "Its mean is p(x); but where few samples land near the posterior, that mean is "
                    "carried by samples nobody draws.",
                ),
            ],
        ),
        Poll(
            "From lesson 06: the encoder's q is far from the best Gaussian of its family at this "
            "point. What closes that gap?",
            [
                Option(
                    "a search for its own q",
                    True,
                    "It is the amortisation gap: the encoder misses what a search would find.",
                ),
                Option("a richer family of q", False, "The family already holds a better q."),
                Option("more samples in the ELBO", False, "The same mean, with less noise."),
            ],
        ),
        Poll(
            "From lesson 05: the posterior is a Gaussian with correlation 0.9. The factorised q "
            "with the largest ELBO has variances …",
            [
                Option("of 0.19 of the posterior's", True, "1 − 0.9²: KL(q‖p) punishes spilling."),
                Option("equal to the posterior's", False, "It would spill where p is small."),
                Option("larger than the posterior's", False, "Not even KL(p‖q) asks for that."),
            ],
        ),
    ][number - 1]
