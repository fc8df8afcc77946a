"""6, a flow as posterior: the ring and its seam, both sides of it, and exercise 07.7."""

from collections.abc import Callable, Mapping, Sequence
from math import log, pi

import ipywidgets as widgets
import torch
from torch import Tensor
from torch.distributions import Distribution

from course_utils import data, deep
from course_utils.kit import Exercise, Explorer, Mistake, Option, figure, predict, style
from course_utils.kit.figure import Picture
from course_utils.kit.poll import Prediction
from course_utils.lessons.draws import normal

TRUTH, Q, DATA = (style.ROLES[name] for name in ("truth", "q", "data"))


def kl(log_q: Tensor, log_p: Tensor, nodes: Tensor) -> Tensor:
    """KL(q || p) in nats by the trapezoid rule, for log densities (..., G) at the nodes (G,)."""
    return torch.trapezoid(log_q.exp() * (log_q - log_p), nodes)


def plot_seam(best: Distribution | None = None) -> Picture:
    """Lesson 05's ring: which z makes which point, and what the point at the seam leaves open.

    best: the best Gaussian q there, drawn beside the posterior.
    """
    model = deep.ring()
    x = data.ring(600, seed=4).x
    z = torch.linspace(-3, 3, 601, dtype=torch.float64)
    log_joint = deep.log_joint(
        torch.tensor([[1.0, 0.0]]).double(), z[:, None], deep.in_double(model)
    )
    posterior = log_joint[0].exp() / torch.trapezoid(log_joint[0].exp(), z)
    fig, (left, right) = style.subplots(2, width_ratios=[1, 1.1])
    left.plot(*x.T, color=style.PALE, linestyle="none", marker="o", markersize=4)
    places = torch.tensor([-1.5, -0.7, 0.0, 0.7, 1.5], dtype=torch.float64)
    for place, (a, b) in zip(places.tolist(), model(places[:, None]).mean.tolist(), strict=True):
        left.plot(a, b, **DATA.dots)
        left.text(0.66 * a, 0.66 * b, f"{place:g}".replace("-", "−"), ha="center", va="center")
    left.plot([0.75, 1.4], [0, 0], color=style.INK, linewidth=4)
    left.text(1.46, 0, "seam", va="center")
    left.text(0, 0, "z =", ha="center", va="center")
    left.set(xlim=(-1.4, 2.1), ylim=(-1.4, 1.4), aspect="equal", title="z goes once round")
    left.set(xlabel="$x_1$", ylabel="$x_2$")
    right.plot(z, posterior, **TRUTH.line)
    top, says = posterior.max().item(), ""
    if best is not None:
        density = best.log_prob(z[:, None, None]).exp()[:, 0]
        right.plot(z, density, color=style.GUIDE, linestyle=(0, (1, 1)), linewidth=3)
        top, middle = max(top, density.max().item()), best.mean.item()
        right.text(-3, 1.3 * top, "— posterior", color=TRUTH.ink, va="top")
        right.text(-3, 1.16 * top, "···· best Gaussian", color=style.INK, va="top")
        says = f" The best Gaussian covers the peak at {middle:.1f} alone.".replace("-", "−")
    right.set(xlabel="z", ylabel="p(z | x)", title="At the seam: which z?", ylim=(0, 1.35 * top))
    return figure(
        fig,
        alt="Left, the ring: z, marked from −1.5 to 1.5, goes once round it as it runs over all "
        "numbers, and both ends of the latent line meet at the seam, the point (1, 0). Right, the "
        f"exact posterior of z for that point has two equal peaks, {posterior.max():.2f} high, at "
        f"z = ±{z[posterior.argmax()].abs():.1f}.{says}",
    )


def predict_seam(
    nodes: Tensor, log_posterior: Tensor, log_gaussian: Tensor, runs: Mapping[str, Tensor]
) -> Prediction:
    """Ask which gradient of the ELBO finds both modes, then watch."""
    question = (
        "A spline flow can have both modes. From N(0, 1) it climbs the annealed ELBO at the seam for 160 "
        "steps, five times over. Which gradient of lesson 04 ends each time with about half its mass on "
        "either mode?"
    )
    options = [
        Option(
            "the score function's",
            True,
            "It compares samples on both sides: where q has too little mass, samples get weight.",
        ),
        Option(
            "the pathwise one",
            False,
            "A sample knows the slope where it stands, and nothing of the hill behind the valley. "
            "How much mass ends on either side is chance.",
        ),
        Option("both", False, "One of the two never compares the two sides. Watch its five runs."),
        Option(
            "neither",
            False,
            "So it is without annealing. Let in slowly, the likelihood leaves time to compare sides, "
            "for a gradient that can.",
        ),
    ]
    return predict(question, options, explore_seam(nodes, log_posterior, log_gaussian, runs))


def explore_seam(
    nodes: Tensor, log_posterior: Tensor, log_gaussian: Tensor, runs: Mapping[str, Tensor]
) -> Explorer:
    """Training at the seam, watched: the flow, the true posterior, the best Gaussian.

    log_posterior, log_gaussian: log densities (G,) at the nodes (G,). runs: {gradient: log q
    (R, T, G) of R runs at T times, evenly spaced over the training}.
    """
    least = kl(log_gaussian, log_posterior, nodes).item()
    gaps = {name: kl(log_q, log_posterior, nodes).tolist() for name, log_q in runs.items()}
    num_runs, most = next(iter(runs.values())).shape[0], next(iter(runs.values())).shape[1] - 1
    top = 1.45 * max(log_posterior.exp().max().item(), log_gaussian.exp().max().item())

    def scene():
        fig, ax = style.subplots()
        ax.set(xlim=(-4.5, 4.5), ylim=(0, top), xlabel="latent z", ylabel="density")
        ax.set_title("A posterior with two modes, and what q makes of it")
        ax.plot(nodes, log_posterior.exp(), **TRUTH.line)
        ax.plot(nodes, log_gaussian.exp(), color=style.GUIDE, linestyle=(0, (1, 1)), linewidth=3)
        ax.text(-1.4, 0.94 * top, "— true posterior", color=TRUTH.ink, va="top")
        ax.text(-1.4, 0.84 * top, f"···· best Gaussian, KL {least:.3f}", color=style.INK, va="top")
        return fig, {
            "flow": ax.plot([], [], **Q.line)[0],
            "numbers": ax.text(-1.4, 0.74 * top, "", color=Q.ink, va="top"),
        }

    def update(gradient: str, run: int, time: int) -> dict:
        density, gap = runs[gradient][run - 1, time].exp(), gaps[gradient][run - 1][time]
        right = torch.trapezoid(density * (nodes > 0), nodes).item()
        return {
            "flow": (nodes, density),
            "numbers": f"- - flow of run {run}, KL {gap:.3f}",
            "alt": f"{gradient}, run {run}, after {time / most:.0%} of the training: the flow has "
            f"{right:.0%} of its mass at z > 0 and KL {gap:.3f} nats to the posterior, which has two equal "
            f"modes; the best Gaussian has KL {least:.3f}.",
        }

    controls = {
        "gradient": widgets.Dropdown(options=list(runs), description="gradient"),
        "run": widgets.IntSlider(value=1, min=1, max=num_runs, description="run"),
        "time": widgets.IntSlider(value=0, min=0, max=most, description="time in training"),
    }
    strip = [{"gradient": name, "run": k, "time": most} for name in runs for k in (1, num_runs)]
    return Explorer(scene, update, controls, strip)


def flow_bound(
    log_joint: Callable, log_base: Callable, layers: Sequence[Callable], z: Tensor
) -> Tensor:
    """One estimate of the ELBO per sample z (S, H) of the base, (S,); a layer gives x and log|det|."""
    bound = -log_base(z)
    for layer in layers:
        z, log_det = layer(z)
        bound = bound + log_det
    return bound + log_joint(z)


def _bound(
    sign: float = 1.0,
    entropy: float = -1.0,
    base_at: str = "z",
    joint_at: str = "x",
    order: int = 1,
    dets: slice = slice(None),
    finish: Callable = lambda bound: bound,
) -> Callable:
    """flow_bound with one thing done differently."""

    def answer(
        log_joint: Callable, log_base: Callable, layers: Sequence[Callable], z: Tensor
    ) -> Tensor:
        x, log_dets = z, []
        for layer in layers[::order]:
            x, log_det = layer(x)
            log_dets.append(log_det)
        places = {"z": z, "x": x}
        volume = torch.stack(log_dets[dets]).sum(0) if log_dets[dets] else torch.zeros(len(z))
        bound = log_joint(places[joint_at]) + entropy * log_base(places[base_at]) + sign * volume
        return finish(bound)

    return answer


def _stretch(z: Tensor) -> tuple[Tensor, Tensor]:
    return z.sinh(), z.cosh().log().sum(-1)


def _scale(z: Tensor) -> tuple[Tensor, Tensor]:
    return 3 * z + 1, torch.full((len(z),), log(9.0), dtype=z.dtype)


def _log_normal(z: Tensor) -> Tensor:
    return -z.square().sum(-1) / 2 - z.shape[-1] * log(2 * pi) / 2


def _log_joint(z: Tensor) -> Tensor:
    return z.sin().sum(-1) - z.square().sum(-1) / 5


Exercise(
    "07.7",
    flow_bound,
    cases=[
        (_log_joint, _log_normal, [_scale, _stretch], normal(6, 2) / 2),
        (_log_joint, _log_normal, [_stretch, _stretch, _scale], normal(4, 2, seed=3) / 2),
    ],
    mistakes=[
        Mistake(
            _bound(sign=-1.0),
            "The sign of the log-determinants. log q(z_K) has them with a minus, and the bound has "
            "− log q: where a layer stretches, q is thinner, and its entropy grows.",
        ),
        Mistake(
            _bound(sign=0.0),
            "The volumes are missing: the density of the last z is not that of the first.",
        ),
        Mistake(
            _bound(base_at="x"),
            "log q(z_0) is the base's density <i>at the base's sample</i>; you took it at the end of "
            "the chain.",
        ),
        Mistake(
            _bound(joint_at="z"),
            "The model must see the flow's sample, z_K, not the base's.",
        ),
        Mistake(
            _bound(entropy=0.0, sign=0.0),
            "That is E_q[log p(x, z)] alone. Without − log q nothing keeps q from shrinking to a point.",
        ),
        Mistake(
            _bound(entropy=0.0),
            "− log q(z_0) is missing. For fixed layers its mean is a constant, the base's entropy; "
            "without it this is no bound.",
        ),
        Mistake(
            _bound(entropy=1.0), "The sign of log q(z_0): the bound is log p(x, z) − log q(z)."
        ),
        Mistake(
            _bound(order=-1),
            "The layers in reverse order: that is the order of the <i>inverse</i>.",
        ),
        Mistake(
            _bound(dets=slice(-1, None)),
            "Only the last layer's log-determinant is in it. They add, layer by layer.",
        ),
        Mistake(
            _bound(finish=torch.mean),
            "Return one value per sample; the mean is taken later, in sight.",
        ),
    ],
    nudge="The bound is E_q[log p(x, z) − log q(z)] at z = z_K. Write log q(z_K) by change of "
    "variables, then average over z_0 in place of z_K.",
    formula="$$\\log p(x, z_K) - \\log q(z_0) + \\sum_{k=1}^K\\log|\\det J_{T_k}(z_{k-1})|$$ Start from "
    "− log q(z_0); each layer gives the next z and its share; after the last comes log p(x, z_K).",
)
