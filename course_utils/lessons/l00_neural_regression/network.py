"""2 · A network, line by line: its predictions before training, and in 4 after it."""

import torch
from torch import Tensor, nn

from course_utils.kit import Option, Poll, figure, style
from course_utils.kit.figure import Picture
from course_utils.lessons.l00_neural_regression.drawing import DATA, MODEL, TRUTH


def plot_fit(z: Tensor, x: Tensor, decoder: nn.Module, title: str) -> Picture:
    """A network's predictions over the data, with the sine."""
    fig, ax = style.subplots()
    grid = torch.linspace(-4, 4, 401)[:, None]
    with torch.no_grad():
        fit, error = decoder(grid)[:, 0], (x - decoder(z)).square().mean().item()
    ax.plot(z[:1000], x[:1000], ".", color=DATA.color, markersize=6, alpha=0.4)
    ax.plot(grid, grid.sin(), **TRUTH.line)
    ax.plot(grid, fit, **MODEL.line)
    ax.text(-1.45, -0.72, "$\\sin z$", color=TRUTH.ink, ha="right", va="bottom")
    ax.text(3.9, 1.2, f"$g(z)$, MSE {error:.4f}", color=MODEL.ink, ha="right")
    ax.set(xlim=(-4, 4), ylim=(-1.5, 1.5), xlabel="$z$", ylabel="$x$", title=title)
    miss = (fit - grid[:, 0].sin()).abs()
    return figure(
        fig,
        alt=f"The network's prediction with the data and the sine. Its mean squared error is "
        f"{error:.4f}; it is {miss[150:251].max():.2f} from the sine at most for |z| < 1 and "
        f"{miss.max():.2f} at most for |z| < 4.",
    )


def poll_backprop() -> Poll:
    """What a gradient without error does not decide."""
    return Poll(
        "Backpropagation gives the exact gradient of the loss in every parameter. Does it suffice to "
        "find the best network?",
        [
            Option(
                "yes: follow it, and the loss falls to its minimum",
                False,
                "Every step of a run that explodes may follow the exact gradient; and what it leads "
                "to, if it leads down, is a valley, not always the deepest.",
            ),
            Option(
                "no: it says which way is down, and nothing else",
                True,
                "Not how far to go, nor where to start, nor whether new points are as well served. "
                "Sections 7 to 9 are about these three.",
            ),
            Option(
                "no: backpropagation only approximates the gradient",
                False,
                "It is the chain rule, exact up to rounding.",
            ),
        ],
    )
