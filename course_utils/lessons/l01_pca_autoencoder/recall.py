"""Check yourself: three questions on lesson 00 and on matrices."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "A perfect network, x = sin z + 0.1 ε, endless data. Its mean squared error is …",
            [
                Option("0", False, "The noise ε cannot be predicted from z, whatever the network."),
                Option(
                    "0.01", True, "What is left is the variance of 0.1 ε, which is 0.1² = 0.01."
                ),
                Option("0.1", False, "0.1 is the standard deviation; squared error is a variance."),
            ],
        ),
        Poll(
            "W has orthonormal columns, D = 3 and H = 2. Which product is the identity?",
            [
                Option("WᵀW", True, "It is 2 × 2 and holds the inner products of the columns."),
                Option("WWᵀ", False, "It is 3 × 3 of rank 2: the projector on the columns' plane."),
                Option("Both", False, "A 3 × 3 matrix of rank 2 cannot be the identity."),
            ],
        ),
        Poll(
            "A, B, C are matrices whose product ABC is square. Tr[ABC] always equals …",
            [
                Option(
                    "Tr[ACB]", False, "Swapping neighbours is not allowed; its shape may not fit."
                ),
                Option("Tr[A] Tr[B] Tr[C]", False, "Already for A = B = C = I in 2-D: 2 is not 8."),
                Option(
                    "Tr[CAB]", True, "The trace is circular: the last factor may go to the front."
                ),
            ],
        ),
    ][number - 1]
