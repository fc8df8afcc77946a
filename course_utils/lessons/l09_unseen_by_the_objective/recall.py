"""Check yourself: three questions on lessons 02, 06 and 08."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 02: in PPCA W is replaced by W times a rotation R of the latents. The "
            "evidence of an image …",
            [
                Option("stays", True, "p(x) = N(μ, W Wᵀ + σ² I), and W R Rᵀ Wᵀ = W Wᵀ."),
                Option("rises or falls, as R turns", False, "Which place does W have in p(x)?"),
                Option("stays only if R is a reflection", False, "Any R with R Rᵀ = I does it."),
            ],
        ),
        Poll(
            "From lesson 06: in which term of E_q[log p(x | z)] − KL(q(z | x)‖p(z)) does the prior "
            "stand?",
            [
                Option("in both", False, "The first asks how well a code decodes, wherever it is."),
                Option(
                    "in the KL alone", True, "So another prior changes the KL, and nothing else."
                ),
                Option("in the first", False, "There z is drawn from q, not from the prior."),
            ],
        ),
        Poll(
            "From lesson 08: how many samples of the prior does the K-sample bound need, roughly, if "
            "the KL from an image's posterior to the prior is 13 nats?",
            [
                Option("13", False, "Nats are logarithms."),
                Option("a few thousand", False, "e to the 8 are a few thousand."),
                Option("half a million", True, "e to the 13: so that one of them lands near."),
            ],
        ),
    ][number - 1]
