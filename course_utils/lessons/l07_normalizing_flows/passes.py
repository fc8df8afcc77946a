"""3, which maps? Autoregressive: MAF and IAF, pass by pass, and which of them samples in one."""

import ipywidgets as widgets
import numpy as np
from matplotlib.collections import LineCollection

from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction

DIM = 5
LEVELS = {"z": 1.0, "x": 0.0}
EDGE = 0.22  # of a box, from its middle
PRIOR, MODEL = style.ROLES["prior"], style.ROLES["model"]


def predict_passes() -> Prediction:
    """Which of the two autoregressive flows samples in one pass; then watch both."""
    question = "Which of MAF and IAF samples in one pass of its network?"
    options = [
        Option(
            "MAF",
            False,
            "Its scale for x₂ needs x₁, which must be there first: D passes for a sample, one for a "
            "density.",
        ),
        Option(
            "IAF",
            True,
            "Its scales depend on z, all of which is there from the start. The density of a given x "
            "then takes D passes.",
        ),
        Option("both", False, "That is a coupling layer's privilege: it keeps half of z."),
        Option("neither", False, "One of them computes its scales from z."),
    ]
    return predict(question, options, explore_passes())


def needed(layer: str, task: str) -> int:
    """Passes of the network: one if what it reads is given, else one for each dimension."""
    return 1 if (layer == "IAF") == (task == "sample") else DIM


def explore_passes() -> Explorer:
    """Which entries are known after each pass, and what the network read in the last one."""

    def boxes(ax, row: str, role: style.Role):
        """A row of empty boxes, and the dots that fill those that are known."""
        places = np.stack([np.arange(1, DIM + 1), np.full(DIM, LEVELS[row])], 1)
        frame = {"marker": "s", "s": 2300, "linewidths": 2.5, "edgecolors": role.color}
        ax.scatter(*places.T, facecolors="white", **frame)
        for d, (across, up) in enumerate(places, 1):
            ax.text(across, up, f"${row}_{d}$", ha="center", va="center", zorder=5)
        return ax.scatter([], [], facecolors=role.color, alpha=0.35, zorder=4, **frame)

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(0.2, DIM + 0.8), ylim=(-0.45, 2.1))
        ax.axis("off")
        return fig, {
            "read": ax.add_collection(LineCollection([], colors=style.INK, linewidths=2.5)),
            "z": boxes(ax, "z", PRIOR),
            "x": boxes(ax, "x", MODEL),
            "numbers": ax.text(0.3, 1.95, "", va="top"),
        }

    def update(layer: str, task: str, passes: int) -> dict:
        total = needed(layer, task)
        done = min(passes, total)
        given, made = ("z", "x") if task == "sample" else ("x", "z")
        count = DIM if done == total else done  # of the entries made
        reads = "x" if layer == "MAF" else "z"
        heads = range(1, DIM + 1) if total == 1 else [done]
        if not done:
            heads = []
        lines = []
        for d in heads:  # entry d of what is made reads those before it
            for e in range(1, d):
                if reads == made:  # in a bow over the boxes between
                    turn = np.linspace(0, np.pi, 20)
                    up = LEVELS[made] + EDGE + 0.12 * (d - e) * np.sin(turn)
                    lines.append(np.stack([(e + d) / 2 - (d - e) / 2 * np.cos(turn), up], 1))
                else:
                    side = EDGE if reads == "x" else -EDGE
                    ends = [(e, LEVELS[reads] + side), (d, LEVELS[made] - side)]
                    lines.append(np.array(ends, dtype=float))
        known = {given: DIM, made: count}
        names = "its first" if count == 1 else f"{count} of its {DIM}"
        return {
            "read": lines,
            **{
                row: np.stack([np.arange(1, n + 1), np.full(n, LEVELS[row])], 1)
                for row, n in known.items()
            },
            "numbers": f"{layer} reads {reads}, and here {given} is given.\n"
            f"After {done} of {total} passes: {count} of {DIM} entries of {made}",
            "alt": f"{layer}, {task}: the network reads {reads}, given is {given}. After {done} of "
            f"{total} passes {made} has {names} entries.",
        }

    controls = {
        "layer": widgets.Dropdown(options=["MAF", "IAF"], description="layer"),
        "task": widgets.Dropdown(options=["sample", "density"], description="wanted"),
        "passes": widgets.IntSlider(value=0, min=0, max=DIM, description="passes of the network"),
    }
    strip = [{"layer": name, "task": "sample", "passes": 2} for name in ("MAF", "IAF")]
    return Explorer(scene, update, controls, strip)
