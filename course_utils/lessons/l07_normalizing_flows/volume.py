"""2, more dimensions: what a stretch does to the volume, and so to the density."""

from course_utils.kit import Option, Poll


def poll_stretch() -> Poll:
    """What a map that stretches twice in each of two dimensions does to the density."""
    return Poll(
        "A map stretches the plane ×2 in each of its two dimensions. The density is multiplied by …",
        [
            Option("2", False, "Stretching makes room: a density can only fall."),
            Option("½", False, "That is one dimension's share. There are two."),
            Option(
                "¼", True, "The area is 4 times as large, the mass the same: |det J| = 2 · 2 = 4."
            ),
            Option("4", False, "That is what the area is multiplied by. Density is mass / area."),
        ],
    )
