"""Check yourself: three questions on lessons 00 and 01."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "From lesson 00: minimising squared error is maximum likelihood if the noise is …",
            [
                Option(
                    "of mean zero, whatever its distribution",
                    False,
                    "The mean is then still estimated well, but "
                    "the likelihood is another function.",
                ),
                Option(
                    "Gaussian with the same variance everywhere",
                    True,
                    "Then −log p is the squared error over 2σ², plus a constant.",
                ),
                Option(
                    "so small that it may be left out",
                    False,
                    "Without noise the likelihood is not even a density.",
                ),
            ],
        ),
        Poll(
            "From lesson 01: the smallest loss of a linear autoencoder with H units is …",
            [
                Option("the sum of the H largest eigenvalues of S", False, "That is what is kept."),
                Option(
                    "zero, after enough training",
                    False,
                    "Only if the data lie in a plane of H dimensions.",
                ),
                Option("the sum of the D − H smallest eigenvalues of S", True, "What is left out."),
            ],
        ),
        Poll(
            "From lesson 01: encoder and decoder are trained without constraint. Their loss determines …",
            [
                Option(
                    "the plane, but not the axes in it",
                    True,
                    "The decoder undoes any invertible mixing of the code.",
                ),
                Option(
                    "the plane and the axes", False, "It sees only the product of the two matrices."
                ),
                Option(
                    "the axes, but not the plane",
                    False,
                    "Any other plane has a larger loss, unless eigenvalues H and H + 1 tie.",
                ),
            ],
        ),
    ][number - 1]
