"""The README's pictures, drawn by the lessons' own code: python -m course_utils.lessons.pictures."""

import io
import itertools
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils import ladder
from course_utils.kit import Explorer, figure, plot_ladder
from course_utils.kit.figure import png
from course_utils.kit.style import GUIDE, INK, ROLES, subplots
from course_utils.lessons import l01_pca_autoencoder as lesson01
from course_utils.lessons import l05_variational_em as lesson05

FOLDER = Path(__file__).parents[2] / "docs"


def save(data: bytes, name: str) -> None:
    """A PNG as docs/name.png, in 128 colours because it stays small."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).quantize(128).save(buffer, "png", optimize=True)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(buffer.getvalue())


def film(explorer: Explorer, name: str, stops: list[int], step: int) -> None:
    """Its first slider moved from stop to stop, as docs/name.webp: what a reader sees who does it."""
    [control] = explorer.controls.values()
    low, high = control.min, control.max
    places = [
        place
        for a, b in itertools.pairwise(stops)
        for place in range(a, b, step if b > a else -step)
    ]
    frames = []
    for place in places:
        fig, ax = subplots(height=0.5)
        ax.set(xlim=(-0.85, 1.15), ylim=(-1, 1))
        ax.axis("off")
        ax.plot([0, 1], [0, 0], color=GUIDE, linewidth=4, solid_capstyle="round")
        knob = (place - low) / (high - low)
        ax.plot([knob], [0], "o", color=ROLES["truth"].color, markersize=16)
        ax.text(-0.85, 0, control.description, color=INK, va="center_baseline")
        ax.text(1.04, 0, f"{place}", color=INK, va="center_baseline")
        slider = Image.open(io.BytesIO(figure(fig, alt="a slider").png))
        pixels = explorer.pixels(**dict.fromkeys(explorer.controls, place))[0]
        frames.append(Image.fromarray(np.concatenate([np.asarray(slider), pixels[..., :3]])))
    first, *rest = frames
    path = FOLDER / f"{name}.webp"
    first.save(path, save_all=True, append_images=rest, duration=90, quality=70, minimize_size=True)


def main() -> None:
    """Draw them all."""
    explorers: dict[str, tuple[Explorer, dict]] = {
        "plateaus": (lesson01.explore_plateaus(), {"start": 1e-6, "step": 260}),
    }
    for name, (explorer, values) in explorers.items():
        save(png(explorer.pixels(**values)[0]), name)
    film(lesson05.explore_ring(), "seam", [60, 0, 60], step=2)
    chart = plot_ladder(
        ladder.ARC, ladder.limit(), "test point", title="The ladder", error=ladder.ARC_ERROR
    )
    save(chart.png, "ladder")


if __name__ == "__main__":
    main()
