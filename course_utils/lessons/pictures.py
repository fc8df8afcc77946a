"""The README's pictures, drawn by the lessons' own code: python -m course_utils.lessons.pictures."""

import io
from pathlib import Path

from PIL import Image

from course_utils.kit import Explorer
from course_utils.lessons import l01_pca_autoencoder as lesson01
from course_utils.lessons import l02_ppca_posterior as lesson02

FOLDER = Path(__file__).parents[2] / "docs"


def save(explorer: Explorer, name: str, **values) -> None:
    """One frame of an explorer as docs/name.png, in 128 colours because it stays small."""
    picture = Image.fromarray(explorer.pixels(**values)[0][..., :3])
    buffer = io.BytesIO()
    picture.quantize(128).save(buffer, "png", optimize=True)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(buffer.getvalue())


def main() -> None:
    """Draw them all."""
    save(lesson01.explore_plateaus(), "plateaus", start=1e-6, step=260)
    save(lesson02.explore_posterior(), "posterior", sigma2=0.5, along=2.5, across=1.5)


if __name__ == "__main__":
    main()
