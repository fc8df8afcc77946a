"""Check yourself: a question from lesson 02, one from lesson 03, and one on the mean of z²."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 02: one latent, ‖w‖² = 2 and σ² = 1. The posterior variance of z is …",
            [
                Option("1/3", True, "σ²/(σ² + ‖w‖²) = 1/(1 + 2), whatever x is."),
                Option("2/3", False, "That is the factor ‖w‖²/(σ² + ‖w‖²) that shrinks the mean."),
                Option("it depends on x", False, "Only the posterior's mean does."),
            ],
        ),
        Poll(
            "From lesson 03: EM climbs the ELBO. The gap between log p(x) and the ELBO of q is …",
            [
                Option(
                    "KL(q ‖ posterior)",
                    True,
                    "Never negative, and 0 where q is the posterior: there the E-step goes.",
                ),
                Option(
                    "KL(posterior ‖ q)", False, "The ELBO averages under q, so the gap does too."
                ),
                Option("KL(q ‖ prior)", False, "That is a term inside the ELBO."),
            ],
        ),
        Poll(
            "z has mean μ and standard deviation s. The mean of z² is …",
            [
                Option("μ²", False, "Only if z never varies."),
                Option("μ² + s²", True, "Variance is the mean of z² minus μ²."),
                Option("μ² + s", False, "s is a standard deviation: its square is the variance."),
            ],
        ),
    ][number - 1]
