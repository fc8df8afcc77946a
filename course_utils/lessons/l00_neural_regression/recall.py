"""Check yourself: three questions from before the course."""

from course_utils.kit import Option, Poll


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return [
        Poll(
            "L = (x − v·u)² with u = relu(w z), and w z > 0. What is dL/dw?",
            [
                Option(
                    "2 (x − v u) · v · z",
                    False,
                    "The bracket holds −v u, so its derivative has a minus sign.",
                ),
                Option(
                    "−2 (x − v u) · v · z",
                    True,
                    "The chain rule, outside in: the square, then −v u, then w z.",
                ),
                Option(
                    "−2 (x − v u) · v",
                    False,
                    "This is the derivative as if u were w; u changes with w at rate z.",
                ),
            ],
        ),
        Poll(
            "ε has mean 0 and variance 1 and is independent of d. What is E[(0.1 ε + d)²]?",
            [
                Option(
                    "0.1 + E[d²]", False, "A factor comes out of a square squared: 0.1² = 0.01."
                ),
                Option(
                    "0.01 + 0.2 E[d] + E[d²]",
                    False,
                    "The cross term is 0.2 E[ε d] = 0.2 E[ε] E[d], and E[ε] = 0.",
                ),
                Option(
                    "0.01 + E[d²]",
                    True,
                    "0.1² E[ε²] + 0.2 E[ε] E[d] + E[d²], and E[ε] = 0.",
                ),
            ],
        ),
        Poll(
            "A model gives each of N independent points the density p(xₙ). Their log-likelihood is …",
            [
                Option(
                    "the sum of the log p(xₙ)",
                    True,
                    "Densities of independent points multiply, so their logarithms add.",
                ),
                Option(
                    "the logarithm of the sum of the p(xₙ)",
                    False,
                    "Adding densities is for “this or that”; all N points happened.",
                ),
                Option(
                    "the product of the log p(xₙ)",
                    False,
                    "The densities multiply; their logarithms add.",
                ),
            ],
        ),
    ][number - 1]
