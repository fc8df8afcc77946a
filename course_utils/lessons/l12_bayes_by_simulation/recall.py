"""Check yourself: three questions on lessons 05, 07 and 08."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 05: the ELBO's best Gaussian q for a posterior with two far modes …",
            [
                Option(
                    "sits on one of them",
                    True,
                    "KL(q‖p) punishes q for mass where p has none, so not for a mode it leaves out.",
                ),
                Option(
                    "covers both",
                    False,
                    "Between the modes p is almost 0 and −log p large: q pays for mass there.",
                ),
                Option(
                    "has the posterior's mean and variance", False, "Of another KL that is true."
                ),
            ],
        ),
        Poll(
            "From lesson 07: what does it take to compute log q(z) of a flow at a z that is given?",
            [
                Option("nothing but the base's density", False, "And how much was it stretched?"),
                Option("samples of the base", False, "A flow's density is exact, without samples."),
                Option(
                    "the inverse, and a log-determinant",
                    True,
                    "Back to the base, and the change of volume on the way.",
                ),
            ],
        ),
        Poll(
            "From lesson 08: the sleep phase trains the encoder q(z | x) on pairs (z, x) that …",
            [
                Option("q draws for the data's x", False, "That is how the ELBO is trained."),
                Option(
                    "the model draws: z of the prior, then x",
                    True,
                    "A dream has a known z, so the encoder is fitted to it by likelihood.",
                ),
                Option("are labelled by hand", False, "The model itself knows the z of its dream."),
            ],
        ),
    ][number - 1]
