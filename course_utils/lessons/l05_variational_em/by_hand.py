"""4, now you: fit q by hand."""

from math import log

import ipywidgets as widgets
import torch

# The lesson uses torch.optim itself, which loads this at its first use. Interrupted there it would
# stay half loaded, and every later optimiser fail, so it is loaded here.
import torch._dynamo
from torch.distributions import Normal

from course_utils import vem
from course_utils.kit import Explorer, Option, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.l05_variational_em.colors import BOUND, TRUTH, Q
from course_utils.lessons.l05_variational_em.truth import (
    RING,
    Z,
    ring_points,
    ring_posterior,
    ring_table,
)

LOWEST = -400  # nats: below any q that the sliders can make


def predict_by_hand() -> Prediction:
    """Ask whether luck can lift the ELBO over the evidence, then try."""
    question = "You choose mean and width of q freely. With the luckiest choice the ELBO gets …"
    options = [
        Option(
            "above the evidence, if q sits on the peak",
            False,
            "A q on the peak pays with log q: narrow densities are high.",
        ),
        Option(
            "to the evidence, for every x of the ring",
            False,
            "Only where the posterior is nearly a Gaussian itself. Near the seam none is.",
        ),
        Option(
            "nearly to the evidence, for some x",
            True,
            "ELBO = evidence − KL(q‖posterior): as near as a Gaussian can come to that posterior, "
            "which is very near far from the seam.",
        ),
        Option(
            "clearly short of the evidence, for every x",
            False,
            "Where the posterior is nearly a Gaussian, the KL is nearly 0. Try 180 degrees.",
        ),
    ]
    return predict(question, options, explore_by_hand())


def explore_by_hand() -> Explorer:
    """One data point, your q, and the line its ELBO cannot cross."""
    means, table = torch.linspace(-3.5, 3.5, 141, dtype=torch.float64), ring_table()

    def scene():
        fig, (left, right) = style.subplots(2)
        left.set(xlim=(-4, 4), ylim=(0, 2.6), yticks=[], xlabel="latent z")
        left.set(ylabel="density, rescaled", title="Your q (dashed)")
        right.set_yscale("symlog", linthresh=1, linscale=1.5)  # even a q far off is in sight
        right.set(xlim=(-3.5, 3.5), ylim=(LOWEST, 0.9), xlabel="mean of q", ylabel="nats")
        right.set_yticks([0, -1, -10, -100], ["0", "−1", "−10", "−100"])
        right.minorticks_off()
        right.set_title("ELBO of your width")
        right.axhline(table.evidence[0], **TRUTH.line)
        right.text(-3.4, -0.3, "evidence −0.453", color=TRUTH.ink)
        return fig, {
            "posterior": left.plot([], [], **TRUTH.line)[0],
            "q": left.plot([], [], **Q.line)[0],
            "slice": right.plot([], [], **BOUND.line)[0],
            "here": right.plot([], [], "D", color=BOUND.color, markersize=12)[0],
            "numbers": left.text(-3.9, 2.3, ""),
        }

    def update(mean: float, scale: float, degrees: int) -> dict:
        posterior = ring_posterior(degrees)
        q = Normal(torch.tensor([[mean]]).double(), torch.tensor([[scale]]).double())
        x = ring_points(torch.tensor([degrees]))
        row = torch.stack([means, torch.full_like(means, 2 * log(scale))], 1)
        row = torch.cat([row, torch.tensor([[mean, 2 * log(scale)]]).double()])
        elbo = vem.exact_elbo(x.expand(len(row), 2), vem.gaussian(row, 1), RING, 60)
        here, best = elbo[-1].item(), table.elbo[degrees].item()
        gap = table.evidence[degrees].item() - here
        height = q.log_prob(Z[:, None]).exp()[:, 0] / posterior.max()
        return {
            "posterior": (Z, posterior / posterior.max()),
            "q": (Z, height.clamp(max=10)),
            "slice": (means, elbo[:-1]),
            "here": ([mean], [here]),
            "numbers": f"ELBO {here:.3f}, gap {gap:.3f}".replace("-", "−"),
            "alt": f"x at {degrees} degrees. Your q has mean {mean:.2f} and scale {scale:.3f}: ELBO "
            f"{here:.3f}, {gap:.3f} nats below the evidence {table.evidence[degrees]:.3f}. The best "
            f"Gaussian reaches {best:.3f}.",
        }

    controls = {
        "mean": widgets.FloatSlider(value=-2.6, min=-3, max=3, step=0.05, description="mean of q"),
        "scale": widgets.FloatLogSlider(
            value=10**-0.3, min=-1.6, max=0.3, step=0.05, description="scale of q"
        ),
        "degrees": widgets.IntSlider(
            value=5, min=0, max=180, step=5, description="angle of x (degrees)"
        ),
    }
    strip = [
        {"mean": -2.15, "scale": 0.25, "degrees": 5},
        {"mean": 2.3, "scale": 0.25, "degrees": 5},
        {"mean": 0.0, "scale": 0.04, "degrees": 180},
    ]
    return Explorer(scene, update, controls, strip)
