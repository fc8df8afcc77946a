"""The README's pictures, drawn by the lessons' own code: python -m course_utils.lessons.pictures."""

import io
from pathlib import Path

from PIL import Image

from course_utils import ladder
from course_utils.kit import Explorer, plot_ladder
from course_utils.kit.figure import png
from course_utils.lessons import l01_pca_autoencoder as lesson01
from course_utils.lessons import l05_variational_em as lesson05

FOLDER = Path(__file__).parents[2] / "docs"


def save(data: bytes, name: str) -> None:
    """A PNG as docs/name.png, in 128 colours because it stays small."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).quantize(128).save(buffer, "png", optimize=True)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(buffer.getvalue())


def main() -> None:
    """Draw them all."""
    explorers: dict[str, tuple[Explorer, dict]] = {
        "plateaus": (lesson01.explore_plateaus(), {"start": 1e-6, "step": 260}),
        "seam": (lesson05.explore_ring(), {"degrees": 5}),
    }
    for name, (explorer, values) in explorers.items():
        save(png(explorer.pixels(**values)[0]), name)
    chart = plot_ladder(
        ladder.ARC, ladder.limit(), "test point", title="The ladder", error=ladder.ARC_ERROR
    )
    save(chart.png, "ladder")


if __name__ == "__main__":
    main()
