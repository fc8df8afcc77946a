"""Check yourself: three questions on lessons 03, 04 and 08."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 03: what turns log p(x, z) and log q(z), at one z drawn from q, into a "
            "sample whose mean is the ELBO?",
            [
                Option("their sum", False, "Two densities of z: which one is to be outweighed?"),
                Option("the first less the second", True, "L = E_q[log p(x, z) − log q(z)]."),
                Option(
                    "the first alone", False, "That lacks the entropy of q: q would end as a spike."
                ),
            ],
        ),
        Poll(
            "From lesson 04: a Bernoulli z is drawn. Which estimate of a gradient in its "
            "probability exists?",
            [
                Option(
                    "the pathwise one", False, "z jumps from 0 to 1: its slope is 0 or nothing."
                ),
                Option("none", False, "The expectation is smooth in the probability."),
                Option(
                    "the score function's",
                    True,
                    "f(z) times the gradient of log q(z): z itself need not move.",
                ),
            ],
        ),
        Poll(
            "From lesson 08: log weights log p(x, z) − log q(z) are equal for all z. What is q?",
            [
                Option(
                    "the posterior",
                    True,
                    "p(x, z) = p(z | x) p(x): the weight is p(x) everywhere.",
                ),
                Option("the prior", False, "Then the weight is the likelihood, which has a shape."),
                Option("uniform", False, "Then the weight has the shape of the joint."),
            ],
        ),
    ][number - 1]
