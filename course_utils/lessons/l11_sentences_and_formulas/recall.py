"""Check yourself: three questions on lessons 00, 06 and 09."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 00: a model's mean log-likelihood on many new points is above the entropy "
            "limit of the data. So …",
            [
                Option(
                    "something is counted wrong, or it is chance",
                    True,
                    "On average nothing scores higher than the density that made the points.",
                ),
                Option(
                    "the model is better than the truth", False, "At what? The truth made them."
                ),
                Option("it has learned the points by heart", False, "These points are new to it."),
            ],
        ),
        Poll(
            "From lesson 06: KL annealing raises the weight of the KL from 0 to 1. In the first steps "
            "the encoder is rewarded for …",
            [
                Option("staying near the prior", False, "That is what the KL does, at weight 1."),
                Option(
                    "codes that help the decoder, whatever they cost",
                    True,
                    "At weight 0 only E_q[log p(x | z)] counts.",
                ),
                Option("wide q", False, "Wide q blur what the decoder gets."),
            ],
        ),
        Poll(
            "From lesson 09: two models have the same ELBO, exact posteriors both, and rates of 0 and "
            "6 nats. Their evidence …",
            [
                Option("is higher at rate 0", False, "The rate was paid back by the distortion."),
                Option("is higher at rate 6", False, "The rate had to be paid."),
                Option("is the same", True, "With exact posteriors the ELBO is the evidence."),
            ],
        ),
    ][number - 1]
