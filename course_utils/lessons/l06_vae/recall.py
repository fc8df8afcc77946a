"""Check yourself: three questions, from lessons 04, 05 and 02."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 04: q.sample() stands where q.rsample() is "
            "meant; the KL is in closed form. The encoder of a VAE …",
            [
                Option("raises an error at once", False, "It runs, and the loss may even fall."),
                Option("learns, but more slowly", False, "What is left knows nothing of x."),
                Option(
                    "hears the KL's gradient alone",
                    True,
                    "The sample is a constant: the gradient of log p(x | z) stops there.",
                ),
            ],
        ),
        Poll(
            "From lesson 05: after a perfect E-step with a Gaussian q for each point, the gap is …",
            [
                Option(
                    "KL(q* ‖ posterior), which is the family's",
                    True,
                    "The best q* of a family that lacks the posterior stays below the evidence.",
                ),
                Option(
                    "0, as the E-step was perfect",
                    False,
                    "Only where the posterior is a Gaussian of that family.",
                ),
                Option(
                    "the Monte Carlo error of the bound", False, "More samples do not close it."
                ),
            ],
        ),
        Poll(
            "From lesson 02: at its maximum, with R = I, how long is the i-th column of PPCA's W?",
            [
                Option("√λᵢ", False, "Part of the variance λᵢ is noise."),
                Option("√(λᵢ − σ²)", True, "What the noise does not explain. Section 8 uses it."),
                Option("1", False, "That is PCA's; PPCA's columns have lengths."),
            ],
        ),
    ][number - 1]
