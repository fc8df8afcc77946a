"""7 · How long a step? Three step lengths on a parabola."""

import numpy as np

from course_utils.kit import figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l00_neural_regression.drawing import MODEL, TRUTH


def plot_steps(products: tuple[float, ...] = (0.5, 1.5, 2.1), num_steps: int = 5) -> Picture:
    """Descent on a parabola from the same point, for several products of rate and curvature."""
    fig, panels = style.subplots(len(products), height=3.2, sharey=True)
    grid, last = np.linspace(-2, 2, 101), []
    for ax, product in zip(panels, products, strict=True):
        theta = (1 - product) ** np.arange(num_steps + 1)
        ax.plot(grid, grid**2 / 2, **TRUTH.line)
        ax.plot(theta, theta**2 / 2, "o-", color=MODEL.color, linewidth=1.5, markersize=7)
        ax.set(xlim=(-2, 2), ylim=(-0.1, 2), xlabel="$\\theta$", xticks=[-1, 0, 1], yticks=[])
        ax.set_title(f"$\\alpha\\lambda$ = {product:g}")
        last.append(f"{theta[-1]:.2f}")
    panels[0].set_ylabel("loss $\\lambda\\theta^2/2$")
    return figure(
        fig,
        alt=f"Gradient descent on a parabola from 1, {num_steps} steps, for αλ = "
        f"{', '.join(f'{p:g}' for p in products)}: it ends at {', '.join(last)}. The first walks down "
        "one side, the second jumps across and comes nearer, the third jumps across and climbs.",
    )
