"""Check yourself: three questions on earlier lessons."""

from course_utils.kit import Option, Poll

QUESTIONS = [
    (
        "From lesson 04: z = μ + σε. What does the pathwise gradient in σ do to the samples?",
        [
            Option("it moves them", True, "ε is held; every z slides with σ."),
            Option("it gives them new weights", False, "That is the score-function estimator."),
            Option("nothing: they are constants", False, "That is the detached, wrong one."),
        ],
    ),
    (
        "From lesson 03: the gap log p(x) − ELBO is …",
        [
            Option("KL(q‖p(z))", False, "That one, to the prior, is inside the ELBO."),
            Option("KL(q‖p(z | x))", True, "To the posterior: 0 only if q is the posterior."),
            Option("KL(p(z | x)‖q)", False, "The expectation is under q, not under p."),
        ],
    ),
    (
        "From lesson 02: in PPCA, which part of the posterior p(z | x) depends on x?",
        [
            Option("its mean alone", True, "G is the same for all x. This ends today."),
            Option("its covariance alone", False, "G contains no x."),
            Option("both", False, "G contains no x. Today, both."),
        ],
    ),
]


def recall(number: int) -> Poll:
    """The retrieval questions, 1 to 3."""
    return Poll(*QUESTIONS[number - 1])
