"""1 · A table that knows no new points: what a new data point costs."""

from course_utils.kit import Option, Poll


def poll_new_point() -> Poll:
    """What a new data point costs."""
    return Poll(
        "Lesson 05's model is trained: θ, and one λₙ for each of N points. A new x arrives. Its q is …",
        [
            Option("the λₙ of the nearest point", False, "A guess; nobody has optimised it for x."),
            Option(
                "not there: it takes an optimisation of its own",
                True,
                "Hundreds of gradient steps for one new point. That is what we want to get rid of.",
            ),
            Option(
                "already in θ", False, "θ fixes the posterior; the best q still has to be found."
            ),
        ],
    )
