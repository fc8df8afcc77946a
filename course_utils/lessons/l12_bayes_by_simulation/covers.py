"""3, the other KL: four posteriors round the ring."""

from functools import cache
from typing import NamedTuple

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from course_utils import data, deep, vem
from course_utils.flows import Affine, Flow, Layer, Spline, standard_normal
from course_utils.kit import Explorer, Option, Poll, predict, style
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import seeded
from course_utils.simulators import npe

TRUTH, Q, BOUND, MODEL = (style.ROLES[name] for name in ("truth", "q", "bound", "model"))
RING = deep.ring().double()
Z = torch.linspace(-5, 5, 1001, dtype=torch.float64)
MARKS = ("-··", "- -", "-·-")  # line styles, in words
STEP = (Z[1] - Z[0]).item()


class Ring(NamedTuple):
    """Flows of z given x, on the ring: one that can only be Gaussian, and one with a spline."""

    gaussian: npe.Posterior
    spline: npe.Posterior


@cache
def learn_ring() -> Ring:
    """Both are trained on 20 000 points that the ring's model made."""
    made = data.ring(20_000, seed=1)
    x, z = made.x.float(), made.z.float()
    fitted = []
    for bends in (False, True):
        with seeded(), torch.enable_grad():
            layers: list[Layer] = [Spline(1, 8, 5.0, 2)] if bends else []
            layers.append(Affine(1, 2))
            posterior = npe.Posterior(nn.Identity(), Flow(standard_normal(1), layers))
            npe.fit(posterior, z, x, 500, 256, lr=1e-2, progress=False)
        fitted.append(posterior)
    return Ring(*fitted)


def at(degrees: float) -> Tensor:
    """The noise-free point of the ring at this angle from the seam, (1, 2)."""
    angle = torch.tensor([degrees]).double() * torch.pi / 180
    return torch.stack([angle.cos(), angle.sin()], 1)


@cache
def log_densities(degrees: float) -> dict[str, Tensor]:
    """log p(z | x) on Z, and log q of three q, for x at this angle."""
    x = at(degrees)
    log_joint = deep.log_joint(x, Z[:, None], RING)[0]
    mode = deep.mode(x, RING)
    q, _ = vem.best_q(x, RING, vem.gaussian(torch.cat([mode, mode * 0 - 5], 1), 1), num_steps=60)
    found = {
        "exact": log_joint - log_joint.logsumexp(0) - torch.tensor(STEP).log(),
        "ELBO Gaussian": q.log_prob(Z[:, None, None])[:, 0].detach(),
    }
    with torch.no_grad():
        learned = learn_ring()
        for name, posterior in (("Gaussian", learned.gaussian), ("spline", learned.spline)):
            log_q = posterior(x.float()).log_prob(Z[:, None, None].float())[:, 0]
            found[f"NPE {name}"] = log_q.double()
    return found


def kl(log_p: Tensor, log_q: Tensor) -> float:
    """KL(p || q) by quadrature on Z, in nats."""
    return (log_p.exp() * (log_p - log_q).clamp(max=1e6)).sum().item() * STEP


def moments(log_p: Tensor) -> tuple[float, float]:
    """Mean and standard deviation by quadrature on Z."""
    mass = log_p.exp() * STEP
    mean = (mass * Z).sum()
    return mean.item(), (mass * (Z - mean).square()).sum().sqrt().item()


def predict_seam() -> Prediction:
    """Ask what a Gaussian makes of two modes when it is trained on pairs; then go round."""
    question = (
        "Near the seam of the ring a point x has two z, near −2.4 and 2.4. A q that can only be "
        "Gaussian is trained on simulated pairs (z, x). At the seam it …"
    )
    options = [
        Option("picks one of the two", False, "Then half of the z there would cost it dearly."),
        Option("sits on the higher one", False, "So would the ELBO's q. Which KL is this?"),
        Option(
            "has both under one wide hill",
            True,
            "Every z that occurs must be likely under q: the best Gaussian has p's mean and variance.",
        ),
    ]
    return predict(question, options, explore_seam())


def explore_seam() -> Explorer:
    """The posterior and three q, with both KLs of each."""
    drawn = {"exact": TRUTH, "ELBO Gaussian": BOUND, "NPE Gaussian": Q, "NPE spline": MODEL}

    def scene():
        fig, (left, right) = style.subplots(2, width_ratios=[1.25, 1])
        left.set(
            xlim=(-4, 4), ylim=(0, 2.1), xlabel="z", ylabel="density", title="One x, four densities"
        )
        right.set(
            xlim=(0, 1), ylim=(-0.4, 3.7), xticks=[], yticks=[], title="Nats from the exact one"
        )
        right.spines[["left", "bottom"]].set_visible(False)
        right.text(0.62, 3.1, "KL(p‖q)", ha="right")
        right.text(1.0, 3.1, "KL(q‖p)", ha="right")
        lines = {name: left.plot([], [], **role.line)[0] for name, role in drawn.items()}
        texts = {}
        for row, (name, role) in enumerate(list(drawn.items())[1:]):
            right.text(0.0, 2.45 - row, f"{MARKS[row]} {name}", color=role.ink)
            texts[f"{name} forward"] = right.text(0.62, 2 - row, "", color=role.ink, ha="right")
            texts[f"{name} backward"] = right.text(1.0, 2 - row, "", color=role.ink, ha="right")
        left.text(-3.9, 1.93, "— exact", color=TRUTH.ink)
        return fig, {f"curve {name}": line for name, line in lines.items()} | texts

    def update(degrees: int) -> dict:
        found = log_densities(degrees)
        frame: dict = {
            f"curve {name}": (Z, log_q.exp().clamp(max=2.05)) for name, log_q in found.items()
        }
        said = []
        for name in list(drawn)[1:]:
            there, back = kl(found["exact"], found[name]), kl(found[name], found["exact"])
            frame[f"{name} forward"] = f"{there:.2f}"
            frame[f"{name} backward"] = f"{back:.2f}"
            said.append(f"{name}: KL(p‖q) {there:.2f}, KL(q‖p) {back:.2f}")
        mean, spread = moments(found["exact"])
        frame["alt"] = (
            f"At {degrees} degrees from the seam the posterior has mean {mean:.2f} and standard "
            f"deviation {spread:.2f}. In nats: {'; '.join(said)}."
        )
        return frame

    control = widgets.IntSlider(
        value=0, min=-40, max=40, step=4, description="x, degrees from the seam"
    )
    return Explorer(scene, update, {"degrees": control}, [{"degrees": d} for d in (0, 12, 40)])


def poll_factorised() -> Poll:
    """Ask for the variances of a factorised q."""
    return Poll(
        "A Gaussian posterior has variances 1 and correlation 0.9. A q with independent dimensions is "
        "trained on simulated pairs. Its variances are …",
        [
            Option("1", True, "Each dimension's own density is matched: a variance is a moment."),
            Option("0.19", False, "1 − 0.9²: lesson 05's answer, for KL(q‖p)."),
            Option("above 1", False, "To cover the corners? The best fit has the moments of p."),
        ],
    )
