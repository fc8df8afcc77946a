"""3, which maps? Autoregressive: MAF and IAF, and which of them samples in one pass."""

from course_utils.kit import Option, Poll


def poll_maf_or_iaf() -> Poll:
    """Which of the two autoregressive flows samples in one pass."""
    return Poll(
        "Which of MAF and IAF samples in one pass of its network?",
        [
            Option(
                "MAF",
                False,
                "Its scale for x₂ needs x₁, which must be there first: D passes for a sample, one "
                "for a density.",
            ),
            Option(
                "IAF",
                True,
                "Its scales depend on z, all of which is there from the start. The density of a "
                "given x then takes D passes.",
            ),
            Option("both", False, "That is a coupling layer's privilege: it keeps half of z."),
            Option("neither", False, "One of them computes its scales from z."),
        ],
    )
